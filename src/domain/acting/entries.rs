//! Steps 5 and 10 of the question: one entry per organisation, its roles united over parts and readings, in order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::area::Area;
use crate::domain::assignment::{Activation, Assignment, Role};
use crate::domain::catalogue::Condition;
use crate::domain::grip::Grip;
use crate::domain::name::Id;
use crate::domain::organisation::Organisation;
use crate::domain::record::Resource;
use crate::domain::snapshot::Snapshot;
use crate::domain::source::{Confidence, Source};

use super::answer::{CalledFunction, DISCIPLINES, Entry, EntryChange, Group, Reach, RoleEntry};
use super::reach::add_reading;
use super::rules::{Acting, Lost, Outcome};
use super::territory::{Part, Territory, View};

/// What makes two roles of one organisation one role entry: all but the parts served. Whether it is announced comes
/// last: the parts that only the announced reading gives are an entry of their own.
type RoleKey = (Role, BTreeSet<Id<Condition>>, bool, bool, Vec<Id<Assignment>>, bool);

/// A role of an organisation, gathered over parts and readings.
#[derive(Debug)]
struct Gathered<'a> {
    acting: &'a Acting,
    serves: BTreeSet<Id<Area>>,
    coverages: Vec<Id<crate::domain::organisation::Coverage>>,
    /// The parts served in each reading that says so, the first of which settles everything but the contacts.
    readings: Vec<(View<'a>, Vec<&'a Part>)>,
    overridden: Vec<Lost>,
    announced: bool,
}

/// One reading of the question: its parts and who acts in each.
#[derive(Debug)]
pub struct Read<'s> {
    /// The instant and reading.
    pub view: View<'s>,
    /// Where the event is.
    pub territory: Territory,
    /// The outcome of each part of ours, in the order of the territory.
    pub outcomes: Vec<Outcome>,
}

impl Read<'_> {
    /// Each part of ours with who acts in it.
    pub fn parts(&self) -> impl Iterator<Item = (&Part, &Outcome)> {
        self.territory.parts.iter().zip(&self.outcomes)
    }
}

/// The entries of the answer at a level, ordered and ranked. What the first reading does not give is announced.
pub fn entries(snapshot: &Snapshot, readings: &[Read<'_>], grip: Grip) -> Vec<Entry> {
    let mut gathered: BTreeMap<Id<Organisation>, BTreeMap<RoleKey, Gathered<'_>>> = BTreeMap::new();
    for (index, read) in readings.iter().enumerate() {
        for (part, outcome) in read.parts() {
            for acting in &outcome.acting {
                let roles = gathered.entry(acting.cover.organisation.name.clone()).or_default();
                let mut serves = served(acting, part);
                if index > 0
                    && let Some(confirmed) = roles.get_mut(&key(acting, false))
                {
                    let all = serves.len();
                    serves.retain(|area| !confirmed.serves.contains(area));
                    if serves.len() < all {
                        confirmed.add_part(acting, part, read.view);
                    }
                    if serves.is_empty() {
                        continue;
                    }
                }
                let role = roles.entry(key(acting, index > 0)).or_insert_with(|| Gathered {
                    acting,
                    serves: BTreeSet::new(),
                    coverages: Vec::new(),
                    readings: Vec::new(),
                    overridden: Vec::new(),
                    announced: index > 0,
                });
                role.add(acting, serves);
                role.add_part(acting, part, read.view);
            }
        }
    }
    let mut entries: Vec<Entry> = gathered.into_values().filter_map(|roles| entry(snapshot, roles, grip)).collect();
    rank(&mut entries);
    entries
}

fn key(acting: &Acting, announced: bool) -> RoleKey {
    let rules = acting.rules.iter().map(|rule| rule.name.clone()).collect();
    (acting.role, acting.conditional.clone(), acting.cover.partial, acting.cover.shared, rules, announced)
}

/// What an actor serves of a part.
fn served(acting: &Acting, part: &Part) -> BTreeSet<Id<Area>> {
    if acting.cover.only_in.is_empty() { BTreeSet::from([part.label.clone()]) } else { acting.cover.only_in.clone() }
}

impl<'a> Gathered<'a> {
    fn add(&mut self, acting: &Acting, serves: BTreeSet<Id<Area>>) {
        self.serves.extend(serves);
        for coverage in &acting.cover.coverages {
            if !self.coverages.contains(&coverage.name) {
                self.coverages.push(coverage.name.clone());
            }
        }
    }

    fn add_part(&mut self, acting: &Acting, part: &'a Part, view: View<'a>) {
        for lost in &acting.overridden {
            if !self.overridden.contains(lost) {
                self.overridden.push(lost.clone());
            }
        }
        match self.readings.iter_mut().find(|(known, _)| known.reading == view.reading) {
            Some((_, parts)) => parts.push(part),
            None => self.readings.push((view, vec![part])),
        }
    }

    fn role_entry(self, snapshot: &Snapshot, grip: Grip) -> RoleEntry {
        let acting = self.acting;
        let coverages = all(snapshot, &self.coverages);
        let rules = &acting.rules;
        let mut processes = Vec::new();
        for process in rules.iter().flat_map(|rule| &rule.processes) {
            if !processes.contains(process) {
                processes.push(process.clone());
            }
        }
        let rule_sources = rules.iter().flat_map(|rule| {
            let legal = rule.legal_basis.as_ref().and_then(|basis| basis.source.as_ref());
            [rule.source.as_ref()].into_iter().chain(legal.map(Some))
        });
        let confidence = rule_sources
            .chain(coverages.iter().map(|coverage| coverage.source.as_ref()))
            .map(confidence)
            .max()
            .unwrap_or(Confidence::Unsourced);
        RoleEntry {
            role: acting.role,
            from_grip: rules.iter().map(|rule| rule.from_grip).min().unwrap_or(Grip::None),
            serves: all(snapshot, &self.serves),
            shared: acting.cover.shared,
            partial: acting.cover.partial,
            conditional: all(snapshot, &acting.conditional),
            announced: self.announced,
            activation: rules.iter().min_by_key(|rule| activation(rule)).and_then(|rule| rule.activation.clone()),
            processes: all(snapshot, &processes),
            functions: self.functions(snapshot, grip),
            rules: rules.clone(),
            coverages,
            confidence,
            overridden: self.overridden,
        }
    }

    /// The functions that the rules call and that enter at this level, each once with its strictest limit; without any,
    /// the general desk.
    fn functions(&self, snapshot: &Snapshot, grip: Grip) -> Vec<CalledFunction> {
        let organisation = &self.acting.cover.organisation;
        let mut called: Vec<CalledFunction> = Vec::new();
        for call in self.acting.rules.iter().flat_map(|rule| &rule.functions) {
            let Some(function) = snapshot.get(&call.function).filter(|function| function.from_grip <= grip) else {
                continue;
            };
            let limit = if call.arrival_limit_minutes == 0 {
                function.arrival_limit_minutes
            } else {
                call.arrival_limit_minutes
            };
            let known =
                called.iter_mut().find(|known| known.function.as_ref().is_some_and(|f| f.name == function.name));
            match known {
                Some(known) if known.arrival_limit_minutes == 0 => known.arrival_limit_minutes = limit,
                Some(known) if limit != 0 => known.arrival_limit_minutes = known.arrival_limit_minutes.min(limit),
                Some(_) => {}
                None => called.push(CalledFunction {
                    function: Some(function.clone()),
                    arrival_limit_minutes: limit,
                    contacts: self
                        .contacts(|view, parts| view.reach_somehow(organisation, Some(&call.function), parts)),
                }),
            }
        }
        if called.is_empty() {
            let contacts = self.contacts(|view, parts| view.reach(organisation, None, parts));
            called.push(CalledFunction { function: None, arrival_limit_minutes: 0, contacts });
        }
        called
    }

    /// How it is reached, over all readings that say it acts.
    fn contacts(&self, reach: impl Fn(&View<'_>, &[&Part]) -> Vec<Reach>) -> Vec<Reach> {
        let mut contacts = Vec::new();
        for (index, (view, parts)) in self.readings.iter().enumerate() {
            let reached = reach(view, parts);
            if index == 0 {
                contacts = reached;
            } else {
                add_reading(&mut contacts, reached);
            }
        }
        contacts
    }
}

/// How a rule's actor comes into action: of equally specific rules the one that needs nobody counts.
fn activation(rule: &Assignment) -> Activation {
    rule.activation.as_ref().map_or(Activation::OwnDuty, |activation| activation.kind)
}

/// A fact without a source of its own or of its record is trusted least.
fn confidence(source: Option<&Source>) -> Confidence {
    source.map_or(Confidence::Unsourced, |source| source.confidence)
}

/// The records of these names; all exist, as every reference in a snapshot does.
pub(super) fn all<'i, R: Resource>(snapshot: &Snapshot, ids: impl IntoIterator<Item = &'i Id<R>>) -> Vec<Arc<R>> {
    ids.into_iter().filter_map(|id| snapshot.get(id).cloned()).collect()
}

fn entry(snapshot: &Snapshot, roles: BTreeMap<RoleKey, Gathered<'_>>, grip: Grip) -> Option<Entry> {
    let organisation = roles.values().next()?.acting.cover.organisation.clone();
    let mut roles: Vec<RoleEntry> = roles.into_values().map(|role| role.role_entry(snapshot, grip)).collect();
    roles.sort_by_key(|role| (group(role), role.announced, !role.conditional.is_empty(), role.role, role.from_grip));
    let group = roles.iter().map(group).min()?;
    Some(Entry { organisation, group, rank: 0, change: None, roles })
}

fn group(role: &RoleEntry) -> Group {
    match role.role {
        Role::FunctionalAuthority | Role::GeneralAuthority => Group::Authority,
        Role::OperationalLead => Group::Lead,
        Role::Support => match role.activation.as_ref().map(|activation| activation.kind) {
            Some(Activation::Automatic) => Group::CallNow,
            Some(Activation::OwnDuty | Activation::OnRequest) | None => Group::Support,
        },
        Role::Informed => Group::Inform,
    }
}

/// Step 10. Within a group: what holds before what is announced and that before what may hold, the highest command first among leaders, the general
/// authority before those of sector law, then by discipline and name.
pub(super) fn rank(entries: &mut [Entry]) {
    entries.sort_by_cached_key(|entry| {
        let best: Vec<&RoleEntry> = entry.roles.iter().filter(|role| group(role) == entry.group).collect();
        let doubt = best.iter().map(|role| doubt(role)).min();
        let command = match entry.group {
            Group::Lead => best.iter().map(|role| highest_level(role)).max().unwrap_or(Grip::None),
            Group::Authority | Group::CallNow | Group::Support | Group::Inform => Grip::None,
        };
        let role = best.iter().map(|role| (role.role != Role::GeneralAuthority, role.role)).min();
        let discipline =
            DISCIPLINES.iter().position(|known| *known == entry.organisation.discipline).unwrap_or(DISCIPLINES.len());
        (entry.group, doubt, Reverse(command), role, discipline, entry.organisation.name.clone())
    });
    for (rank, entry) in (1..).zip(entries) {
        entry.rank = rank;
    }
}

/// How sure a role is: it holds, it holds once something announced is confirmed, or only under a circumstance.
fn doubt(role: &RoleEntry) -> u8 {
    if role.conditional.is_empty() { u8::from(role.announced) } else { 2 }
}

fn highest_level(role: &RoleEntry) -> Grip {
    role.rules.iter().map(|rule| rule.from_grip).max().unwrap_or(Grip::None)
}

/// Marks each entry against those of another level, and adds those that only the other level has.
pub fn compare(entries: Vec<Entry>, other: Vec<Entry>) -> Vec<Entry> {
    let mut other: BTreeMap<Id<Organisation>, Entry> =
        other.into_iter().map(|entry| (entry.organisation.name.clone(), entry)).collect();
    let mut marked: Vec<Entry> = entries
        .into_iter()
        .map(|entry| {
            let change = match other.remove(&entry.organisation.name) {
                None => EntryChange::Added,
                Some(before) if before.roles == entry.roles => EntryChange::Stays,
                Some(_) => EntryChange::Changed,
            };
            Entry { change: Some(change), ..entry }
        })
        .collect();
    marked.extend(other.into_values().map(|entry| Entry { change: Some(EntryChange::Ends), ..entry }));
    rank(&mut marked);
    marked
}
