//! Where, and for what, does this organisation act?

mod alike;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::acting::cover::Cover;
use crate::domain::acting::question::ancestors;
use crate::domain::acting::rules::{Calamities, Chain, Outcome, narrowest};
use crate::domain::acting::territory::{Part, View};
use crate::domain::area::{Area, AreaKind};
use crate::domain::assignment::{Actor, Assignment, Phase};
use crate::domain::calamity_type::CalamityType;
use crate::domain::catalogue::Capability;
use crate::domain::grip::Grip;
use crate::domain::name::{Id, Name};
use crate::domain::organisation::{Coverage, Organisation};
use crate::domain::snapshot::Snapshot;
use crate::domain::validity::Reading;

use alike::Alike;

use super::differing_views;

/// Where an organisation acts, as what, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActingArea {
    /// Where; `None`: everywhere in ours.
    pub area: Option<Arc<Area>>,
    /// By which coverage, if by one.
    pub coverage: Option<Arc<Coverage>>,
    /// What it is there, if by a coverage.
    pub capability: Option<Arc<Capability>>,
    /// By which rule; `None`: it covers the area, but no rule calls on that.
    pub rule: Option<Arc<Assignment>>,
    /// Whether only if an announced fact is confirmed.
    pub announced: bool,
}

/// What tells one [`ActingArea`] from another: its area, rule and coverage.
type Key = (Option<Name>, Option<Name>, Option<Name>);

/// What to ask.
#[derive(Debug, Clone)]
pub struct AreasQuestion {
    /// Who.
    pub organisation: Arc<Organisation>,
    /// For which calamities; none: for any.
    pub calamity_types: Vec<Arc<CalamityType>>,
    /// At which level; `None`: at any.
    pub grip: Option<Grip>,
    /// When.
    pub effective_time: Timestamp,
}

/// Where, and for what, an organisation acts; by area and rule.
pub fn find(snapshot: &Snapshot, question: &AreasQuestion) -> Vec<ActingArea> {
    let calamities = Calamities(question.calamity_types.iter().map(|asked| ancestors(snapshot, asked)).collect());
    let mut found: BTreeMap<Key, ActingArea> = BTreeMap::new();
    for view in differing_views(snapshot, question.effective_time) {
        for acting in (Inverse { view, question, calamities: &calamities }).acting_areas() {
            let key = (
                acting.area.as_ref().map(|area| area.name.name().clone()),
                acting.rule.as_ref().map(|rule| rule.name.name().clone()),
                acting.coverage.as_ref().map(|coverage| coverage.name.name().clone()),
            );
            found.entry(key).or_insert(acting);
        }
    }
    found.into_values().collect()
}

/// The inverse in one reading: every rule by which the organisation might act is tried in places of ours, one of those
/// that are alike to all rules, with the steps of the question itself.
struct Inverse<'a> {
    view: View<'a>,
    question: &'a AreasQuestion,
    calamities: &'a Calamities,
}

/// Who covers what in one part, found once for all rules.
type Covers = BTreeMap<(Id<Capability>, bool), Vec<Cover>>;

/// What the organisation covers, and beside which areas that lies.
struct Reach<'a> {
    coverages: Vec<&'a Arc<Coverage>>,
    /// Per coverage for which a rule asks from the adjacent areas, the areas that it is adjacent to.
    beside: BTreeMap<&'a Id<Coverage>, BTreeSet<Id<Area>>>,
}

/// A rule with where it makes the organisation act.
struct Tried<'a> {
    rule: &'a Arc<Assignment>,
    found: Vec<ActingArea>,
}

impl Tried<'_> {
    /// Whether a part may say anything that is not known yet.
    fn may_add(&self, reach: &Reach<'_>, part: &Part) -> bool {
        let (rule, actor) = (self.rule, &self.rule.actor);
        if actor.organisation.is_some() {
            let is_known = |area: &Id<Area>| {
                self.found.iter().any(|acting| acting.area.as_ref().is_some_and(|known| known.name == *area))
            };
            let mut here = rule.areas.iter().filter(|area| part.chain.contains_key(*area));
            return if rule.areas.is_empty() { self.found.is_empty() } else { here.any(|area| !is_known(area)) };
        }
        reach.coverages.iter().any(|coverage| {
            let is_here = if actor.capability.as_ref() == Some(&coverage.capability) {
                part.chain.contains_key(&coverage.area) || part.inside.contains(&coverage.area)
            } else if actor.adjacent_capability.as_ref() == Some(&coverage.capability) {
                let beside = reach.beside.get(&coverage.name);
                beside.is_some_and(|beside| part.chain.keys().any(|area| beside.contains(area)))
            } else {
                false
            };
            is_here && !self.knows(coverage, part)
        })
    }

    /// Whether it is known that the organisation acts by a coverage; from the adjacent areas, for this part.
    fn knows(&self, coverage: &Coverage, part: &Part) -> bool {
        let adjacent = self.rule.actor.adjacent_capability.is_some();
        self.found.iter().any(|acting| {
            acting.coverage.as_ref().is_some_and(|known| known.name == coverage.name)
                && acting.area.as_ref().is_none_or(|area| !adjacent || part.chain.contains_key(&area.name))
        })
    }
}

impl Inverse<'_> {
    fn acting_areas(&self) -> Vec<ActingArea> {
        let (who, snapshot) = (&self.question.organisation.name, self.view.snapshot);
        let coverages: Vec<&Arc<Coverage>> =
            snapshot.coverages_of(who.name()).iter().filter(|coverage| self.view.coverer(coverage).is_some()).collect();
        let asked = |rule: &&Arc<Assignment>| {
            rule.validity.holds(self.view.at, self.view.reading)
                && self.is_asked(rule)
                && self.may_be(&rule.actor, &coverages)
        };
        let rules = snapshot.all::<Assignment>().filter(asked);
        let mut rules: Vec<Tried<'_>> = rules.map(|rule| Tried { rule, found: Vec::new() }).collect();
        let beside = coverages.iter().filter(|coverage| {
            rules.iter().any(|tried| tried.rule.actor.adjacent_capability.as_ref() == Some(&coverage.capability))
        });
        let beside = beside.map(|coverage| (&coverage.name, self.beside(&coverage.area))).collect();
        let reach = Reach { coverages, beside };
        for alike in if rules.is_empty() { Vec::new() } else { Alike::places(&self.view) } {
            for part in self.view.territory(std::slice::from_ref(&alike.one)).parts {
                let by_neighbour = self.try_rules(&mut rules, &reach, &part);
                // From the adjacent areas each place is named by itself.
                for other in alike.others.iter().filter(|_| by_neighbour) {
                    for part in self.view.territory(std::slice::from_ref(other)).parts {
                        self.try_rules(&mut rules, &reach, &part);
                    }
                }
            }
        }
        let mut found: Vec<ActingArea> = rules.into_iter().flat_map(|tried| tried.found).collect();
        if self.question.calamity_types.is_empty() && self.question.grip.is_none() {
            for coverage in reach.coverages {
                if !found.iter().any(|acting| acting.coverage.as_ref() == Some(coverage)) {
                    found.push(self.by_coverage(None, snapshot.get(&coverage.area).cloned(), coverage));
                }
            }
        }
        found
    }

    /// The areas beside which an area, or something in it, lies.
    fn beside(&self, area: &Id<Area>) -> BTreeSet<Id<Area>> {
        let within = self.view.descend(area);
        std::iter::once(area).chain(&within).flat_map(|inner| self.view.neighbours(inner)).collect()
    }

    /// Adds where these rules make the organisation act in a part; whether any did from the adjacent areas.
    fn try_rules(&self, rules: &mut [Tried<'_>], reach: &Reach<'_>, part: &Part) -> bool {
        let mut covers = Covers::new();
        let mut by_neighbour = false;
        for tried in rules.iter_mut().filter(|tried| narrowest(tried.rule, part).is_some()) {
            if !tried.may_add(reach, part) {
                continue;
            }
            let Some(cover) = self.cover(tried.rule, part, &mut covers) else { continue };
            if !self.is_displaced(tried.rule, part, &mut covers) {
                by_neighbour |= tried.rule.actor.adjacent_capability.is_some();
                self.add(tried, part, &cover);
            }
        }
        by_neighbour
    }

    /// The organisation as a rule's actor in a part.
    fn cover(&self, rule: &Arc<Assignment>, part: &Part, covers: &mut Covers) -> Option<Cover> {
        let who = &self.question.organisation.name;
        let is_it = |cover: &&Cover| cover.organisation.name == *who;
        match self.covers(rule, part, covers) {
            Some(all) => all.iter().find(is_it).cloned(),
            None => self.view.actors(rule, part, &mut Outcome::default()).iter().find(is_it).cloned(),
        }
    }

    /// Whoever covers the capability that a rule asks for, in a part or beside it.
    fn covers<'c>(&self, rule: &Assignment, part: &Part, covers: &'c mut Covers) -> Option<&'c Vec<Cover>> {
        let actor = &rule.actor;
        let (capability, is_adjacent) = match (&actor.organisation, &actor.capability, &actor.adjacent_capability) {
            (None, Some(capability), _) => (capability, false),
            (None, None, Some(capability)) => (capability, true),
            (Some(_), _, _) | (None, None, None) => return None,
        };
        let found = || {
            if is_adjacent {
                self.view.adjacent_covers(capability, part)
            } else {
                self.view.covers(capability.name(), part)
            }
        };
        Some(covers.entry((capability.clone(), is_adjacent)).or_insert_with(found))
    }

    /// Whether the organisation may be a rule's actor somewhere.
    fn may_be(&self, actor: &Actor, coverages: &[&Arc<Coverage>]) -> bool {
        let (who, view) = (&self.question.organisation.name, &self.view);
        let covers = |wanted: &Id<Capability>| coverages.iter().any(|coverage| coverage.capability == *wanted);
        let is = |named: &Id<Organisation>| match view.organisation(named) {
            Some(_) => named == who,
            None => view.successors(named).iter().any(|one| one.name == *who),
        };
        actor.organisation.as_ref().is_some_and(is)
            || actor.capability.as_ref().is_some_and(covers)
            || actor.adjacent_capability.as_ref().is_some_and(covers)
    }

    /// Adds where a rule makes the organisation act: the areas of the rule that names it, the areas it covers, or,
    /// where it is asked from the adjacent areas, the widest place of ours beside which it is.
    fn add(&self, tried: &mut Tried<'_>, part: &Part, cover: &Cover) {
        let (snapshot, rule) = (self.view.snapshot, tried.rule);
        if rule.actor.organisation.is_some() {
            let here = rule.areas.iter().filter(|area| part.chain.contains_key(*area));
            let areas: Vec<Option<Arc<Area>>> = here.map(|area| snapshot.get(area).cloned()).collect();
            let areas = if rule.areas.is_empty() { vec![None] } else { areas };
            tried.found.extend(areas.into_iter().map(|area| ActingArea {
                area,
                coverage: None,
                capability: None,
                rule: Some(rule.clone()),
                announced: self.view.reading == Reading::Announced,
            }));
            return;
        }
        for coverage in &cover.coverages {
            let adjacent = rule.actor.adjacent_capability.is_some();
            if !tried.knows(coverage, part) {
                // Asked for as more than one municipality, it is beside this one.
                let place = if part.asked.kind < AreaKind::Municipality { &part.asked.name } else { &part.label };
                let area = if adjacent { place } else { &coverage.area };
                tried.found.push(self.by_coverage(Some(rule.clone()), snapshot.get(area).cloned(), coverage));
            }
        }
    }

    fn by_coverage(
        &self,
        rule: Option<Arc<Assignment>>,
        area: Option<Arc<Area>>,
        coverage: &Arc<Coverage>,
    ) -> ActingArea {
        ActingArea {
            area,
            coverage: Some(coverage.clone()),
            capability: self.view.snapshot.get(&coverage.capability).cloned(),
            rule,
            announced: self.view.reading == Reading::Announced,
        }
    }

    /// Whether another rule displaces this one in a part whenever it applies there: at every level and for every
    /// calamity asked about, whatever the circumstances.
    fn is_displaced(&self, rule: &Arc<Assignment>, part: &Part, covers: &mut Covers) -> bool {
        let snapshot = self.view.snapshot;
        let others =
            snapshot.referrers(rule.name.name()).iter().filter_map(|name| Id::try_from_name(name.clone()).ok());
        others.filter_map(|id: Id<Assignment>| snapshot.get(&id)).any(|by| {
            by.replaces.contains(&rule.name)
                && by.conditions.is_empty()
                && by.validity.holds(self.view.at, self.view.reading)
                && narrowest(by, part).is_some()
                && self.is_for_all_of(by, rule)
                && match self.covers(by, part, covers) {
                    Some(all) => !all.is_empty(),
                    None => !self.view.actors(by, part, &mut Outcome::default()).is_empty(),
                }
        })
    }

    /// Whether a rule is for every asked level and calamity that another is for.
    fn is_for_all_of(&self, by: &Assignment, rule: &Assignment) -> bool {
        let phase = match by.phase {
            Phase::Preparation => rule.phase == Phase::Preparation || self.question.grip == Some(Grip::None),
            Phase::Response => true,
            Phase::Aftercare => false,
        };
        let levels = match self.question.grip {
            Some(grip) => holds_at(by, grip),
            None => {
                by.from_grip <= rule.from_grip
                    && by.to_grip.is_none_or(|last| rule.to_grip.is_some_and(|other| other <= last))
            }
        };
        let is_for = |rule: &Assignment, chain: &Chain| {
            rule.calamity_types.is_empty() || rule.calamity_types.iter().any(|named| chain.contains_key(named))
        };
        let calamities = if by.calamity_types.is_empty() {
            true
        } else if self.calamities.0.is_empty() {
            let snapshot = self.view.snapshot;
            let chains = rule.calamity_types.iter().filter_map(|named| snapshot.get(named));
            !rule.calamity_types.is_empty() && chains.map(|named| ancestors(snapshot, named)).all(|c| is_for(by, &c))
        } else {
            self.calamities.0.iter().filter(|chain| is_for(rule, chain)).all(|chain| is_for(by, chain))
        };
        phase && levels && calamities
    }

    fn is_asked(&self, rule: &Assignment) -> bool {
        let for_this = self.question.calamity_types.is_empty()
            || rule.calamity_types.is_empty()
            || self.calamities.concern(&rule.calamity_types);
        let in_phase = match (rule.phase, self.question.grip) {
            (Phase::Preparation, Some(grip)) => grip == Grip::None,
            (Phase::Preparation, None) | (Phase::Response, _) => true,
            (Phase::Aftercare, _) => false,
        };
        for_this && in_phase && self.question.grip.is_none_or(|grip| holds_at(rule, grip))
    }
}

fn holds_at(rule: &Assignment, grip: Grip) -> bool {
    rule.from_grip <= grip && rule.to_grip.is_none_or(|last| grip <= last)
}
