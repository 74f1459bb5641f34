//! The question: who acts here, by what right, and how do I reach them? Answered step by step, as a pure function of
//! one snapshot and the question.
//!
//! | Step | Where |
//! |---|---|
//! | 1 words to areas and types | [`question`] |
//! | 2 the parts and their chains | [`territory`] |
//! | 3 the rules that apply | [`rules`] |
//! | 4 from a rule to who acts | [`cover`] |
//! | 5, 6 precedence and authority | [`rules`], [`entries`] |
//! | 7 contacts | [`reach`] |
//! | 8 arrangements | [`binding`] |
//! | 9 gaps | [`gaps`] |
//! | 10 order, the alarm list and the first act | [`entries`], [`alarm`] |
//! | what the calamity itself takes away | [`outage`] |
//! | what the organisation that asks answers itself | [`asker`] |
//!
//! **Invariants.** Everything is read twice: once as confirmed, once as if all that is announced were confirmed. What
//! only the second reading gives is marked `announced`; where both agree, nothing is said.
//!
//! # Why two whole readings (2026-11)
//! An announced merger changes borders, mayors and covers together. Deciding fact by fact which ones to follow would
//! mix the two worlds; answering in each of them and uniting the answers cannot. Two announced facts that have nothing
//! to do with each other are read together too: each is named in a gap of its own, to be confirmed by itself.

pub mod question;
pub mod territory;
pub mod rules;
pub mod cover;
pub mod reach;
pub mod entries;
pub mod alarm;
pub mod asker;
pub mod outage;
pub mod binding;
pub mod handover;
pub mod gaps;
pub mod answer;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::area::{Area, AreaKind};
use super::calamity_type::{CalamityLevel, CalamityType};
use super::catalogue::{Capability, SAFETY_REGION};
use super::error::Error;
use super::grip::Grip;
use super::name::{Id, Name};
use super::organisation::Organisation;
use super::place::PlaceMatch;
use super::snapshot::Snapshot;
use super::validity::Reading;

pub use answer::{Answer, DISCIPLINES};
pub use question::Question;

use answer::{
    Alarmed, AskedCalamity, BindingArrangement, Entry, FirstCall, Gap, Group, Handover, LastResort, Reach, Resolution,
    ResolvedArea, Severity,
};
use asker::Asker;
use binding::Occasion;
use entries::Read;
use gaps::Finder;
use outage::Outage;
use question::{Asked, AskedType};
use rules::{Calamities, Circumstances};
use territory::{Elsewhere, Part, View};

/// Answers a question.
///
/// # Errors
/// [`Error::Unresolved`] naming every word without one meaning, [`Error::Invalid`] naming every other fault, or both.
pub fn answer(snapshot: &Snapshot, question: &Question) -> Result<Answer, Error> {
    let asked = question::resolve(snapshot, question)?;
    Ok(Answering { snapshot, at: question.effective_time, asked: &asked }.answer(question))
}

/// Where a place is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// What lies around it.
    pub resolution: Resolution,
    /// Whether any of it is ours.
    pub ours: bool,
    /// Whose it is, where it is not ours.
    pub handovers: Vec<Handover>,
}

/// Where a place is, and whose.
pub fn place(snapshot: &Snapshot, matched: &PlaceMatch, at: Timestamp) -> Placed {
    let asked = Asked {
        places: vec![matched.clone()],
        calamity_types: Vec::new(),
        routine: Vec::new(),
        calamities: Calamities::default(),
        stated: Vec::new(),
        circumstances: Circumstances::default(),
        asking: None,
    };
    let readings = Answering { snapshot, at, asked: &asked }.whereabouts();
    Placed {
        resolution: resolution(snapshot, at, &asked, &readings),
        ours: readings.iter().any(|read| !read.territory.parts.is_empty()),
        handovers: handover::handovers(&readings),
    }
}

/// One question being answered.
#[derive(Debug, Clone, Copy)]
struct Answering<'s> {
    snapshot: &'s Snapshot,
    at: Timestamp,
    asked: &'s Asked,
}

/// What some readings give. Two readings that give the same need no confirmation.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    resolution: Resolution,
    acting: Vec<Entry>,
    last_resorts: Vec<LastResort>,
    arrangements: Vec<BindingArrangement>,
    handovers: Vec<Handover>,
}

impl<'s> Answering<'s> {
    fn answer(&self, question: &Question) -> Answer {
        let readings = self.read(question.grip);
        let (found, depends) = self.united(&readings, question.grip);
        let gaps = self.gaps(&readings, &found, question.grip, depends);
        let mut acting = found.acting;
        if let Some(other) = question.compare_grip {
            let mut before = entries::entries(self.snapshot, &self.read(other), other);
            self.outage().mark_entries(&mut before);
            acting = entries::compare(acting, before);
        }
        let call_now = alarm::call_now(&acting);
        Answer {
            expire_time: self.expire_time(&acting, &found.last_resorts, &found.handovers),
            resolution: found.resolution,
            calamity_types: self.asked.calamity_types.iter().map(|asked| self.asked_calamity(asked)).collect(),
            circumstances: self.asked.stated.clone(),
            routine: self.asked.routine.clone(),
            grip: question.grip,
            first_call: self.first_call(&call_now, &found.last_resorts),
            call_now,
            acting,
            last_resorts: found.last_resorts,
            arrangements: found.arrangements,
            handovers: found.handovers,
            gaps,
            exercise: question.exercise,
            revision: self.snapshot.revision(),
            effective_time: self.at,
        }
    }

    /// Where the event is in each reading, the confirmed one first; nobody acts yet. Where nothing is disputed at the time,
    /// there is one reading.
    fn whereabouts(&self) -> Vec<Read<'s>> {
        let areas: Vec<Arc<Area>> = self.asked.places.iter().map(|place| place.area.clone()).collect();
        let is_disputed = self.snapshot.disputed(self.at).next().is_some();
        let readings: &[Reading] =
            if is_disputed { &[Reading::Confirmed, Reading::Announced] } else { &[Reading::Confirmed] };
        let read = |reading: &Reading| {
            let view = View { snapshot: self.snapshot, at: self.at, reading: *reading };
            Read { view, territory: view.territory(&areas), outcomes: Vec::new() }
        };
        readings.iter().map(read).collect()
    }

    /// Each reading at a level, the confirmed one first.
    fn read(&self, grip: Grip) -> Vec<Read<'s>> {
        let outcomes = |read: Read<'s>| {
            let outcome = |part| read.view.outcome(part, &self.asked.calamities, &self.asked.circumstances, grip);
            let outcomes = read.territory.parts.iter().map(outcome).collect();
            Read { outcomes, ..read }
        };
        self.whereabouts().into_iter().map(outcomes).collect()
    }

    /// What the readings give together, and how bad it is if each by itself gives another answer: it is red if they
    /// differ in who decides, who leads or the first act.
    fn united(&self, readings: &[Read<'_>], grip: Grip) -> (Found, Option<Severity>) {
        let each: Vec<Found> = readings.iter().map(|read| self.found(std::slice::from_ref(read), grip)).collect();
        let mut each = each.into_iter();
        let (Some(confirmed), announced) = (each.next(), each.next()) else {
            return (self.found(readings, grip), None);
        };
        let Some(announced) = announced.filter(|announced| *announced != confirmed) else { return (confirmed, None) };
        let [one, other] = [&confirmed, &announced].map(|found| {
            let command = found.acting.iter().filter(|entry| matches!(entry.group, Group::Authority | Group::Lead));
            let command: BTreeSet<_> = command.map(|entry| (entry.group, entry.organisation.name.clone())).collect();
            let call = self.first_call(&alarm::call_now(&found.acting), &found.last_resorts);
            (command, call.map(|call| (call.channel.channel.kind, call.channel.channel.value)))
        });
        let severity = if one == other { Severity::Amber } else { Severity::Red };
        (self.found(readings, grip), Some(severity))
    }

    fn found(&self, readings: &[Read<'_>], grip: Grip) -> Found {
        let mut found = Found {
            resolution: resolution(self.snapshot, self.at, self.asked, readings),
            acting: entries::entries(self.snapshot, readings, grip),
            last_resorts: last_resorts(readings, self.asker()),
            arrangements: self.binding(readings, grip),
            handovers: handover::handovers(readings),
        };
        let outage = self.outage();
        outage.mark_entries(&mut found.acting);
        outage.mark_last_resorts(&mut found.last_resorts);
        outage.mark_handovers(&mut found.handovers);
        found
    }

    fn asker(&self) -> Asker<'s> {
        Asker { snapshot: self.snapshot, at: self.at, organisation: self.asked.asking.as_ref() }
    }

    fn first_call(&self, call_now: &[Alarmed], last_resorts: &[LastResort]) -> Option<FirstCall> {
        alarm::first_call(call_now, last_resorts, self.asker())
    }

    /// What the asked calamities take away.
    fn outage(&self) -> Outage {
        Outage::of(self.snapshot, &self.asked.calamities)
    }

    /// An asked type, and the types below it that rules of their own name.
    fn asked_calamity(&self, wanted: &AskedType) -> AskedCalamity {
        let asked = &wanted.calamity_type;
        let narrower = if asked.level == CalamityLevel::IncidentType {
            Vec::new()
        } else {
            self.snapshot
                .all::<CalamityType>()
                .filter(|below| below.name != asked.name && self.snapshot.rules().any_names(&below.name))
                .filter(|below| question::ancestors(self.snapshot, below).contains_key(&asked.name))
                .cloned()
                .collect()
        };
        let AskedType { words, calamity_type, unread } = wanted.clone();
        AskedCalamity { words, calamity_type, unread, narrower }
    }

    fn binding(&self, readings: &[Read<'_>], grip: Grip) -> Vec<BindingArrangement> {
        binding::binding(readings.iter().map(|read| {
            let acting = read.outcomes.iter().flat_map(|outcome| &outcome.acting);
            let regions = regions(std::slice::from_ref(read));
            let organisations = acting
                .map(|acting| acting.cover.organisation.name.clone())
                .chain(regions.into_iter().filter_map(|name| Id::try_from_name(name).ok()))
                .collect();
            let calamities = &self.asked.calamities;
            (read.view, Occasion { organisations, areas: read.territory.areas(), calamities, grip })
        }))
    }

    fn gaps(&self, readings: &[Read<'_>], found: &Found, grip: Grip, depends: Option<Severity>) -> Vec<Gap> {
        let finder = Finder { snapshot: self.snapshot, at: self.at };
        let mut gaps = finder.of_question(grip, &regions(readings));
        gaps.extend(finder.of_words(self.asked));
        let call_now = alarm::call_now(&found.acting);
        if readings.iter().any(|read| !read.territory.parts.is_empty()) {
            gaps.extend(finder.of_command(&found.acting, &call_now, &found.last_resorts, self.asked));
        }
        gaps.extend(finder.of_channels(
            &found.acting,
            &found.last_resorts,
            self.first_call(&call_now, &found.last_resorts).as_ref(),
        ));
        gaps.extend(finder.of_outage(&self.outage(), &call_now, &found.last_resorts));
        gaps.extend(found.arrangements.iter().filter_map(|binding| finder.of_arrangement(binding)));
        let outcomes = readings.iter().flat_map(|read| &read.outcomes);
        gaps.extend(outcomes.flat_map(|outcome| finder.of_outcome(outcome)));
        if let Some(severity) = depends {
            gaps.extend(finder.of_announcements(&considered(self.snapshot, readings, found), severity));
        }
        gaps::ordered(gaps)
    }

    fn expire_time(&self, acting: &[Entry], last_resorts: &[LastResort], handovers: &[Handover]) -> Option<Timestamp> {
        let reaches = acting
            .iter()
            .flat_map(Entry::reaches)
            .chain(last_resorts.iter().flat_map(|last| &last.contacts))
            .chain(handovers.iter().flat_map(Handover::reaches));
        let view = View { snapshot: self.snapshot, at: self.at, reading: Reading::Confirmed };
        view.next_hours_boundary(reaches).into_iter().chain(self.snapshot.expire_time(self.at)).min()
    }
}

fn resolution(snapshot: &Snapshot, at: Timestamp, asked: &Asked, readings: &[Read<'_>]) -> Resolution {
    let mut areas: BTreeMap<Id<Area>, ResolvedArea> = BTreeMap::new();
    for (index, Read { view, territory, .. }) in readings.iter().enumerate() {
        let chains = territory.parts.iter().flat_map(|part| part.chain.keys());
        let elsewhere = territory.elsewhere.iter().flat_map(|elsewhere| elsewhere.chain.keys());
        for area in chains.chain(elsewhere).filter_map(|area| snapshot.get(area)) {
            if area.validity.holds(at, view.reading) || area.kind < AreaKind::Municipality {
                let announced = index > 0;
                areas.entry(area.name.clone()).or_insert_with(|| ResolvedArea { area: area.clone(), announced });
            }
        }
    }
    let of = |wanted: fn(AreaKind) -> bool| -> Vec<ResolvedArea> {
        areas.values().filter(|resolved| wanted(resolved.area.kind)).cloned().collect()
    };
    Resolution {
        matched: asked.places.clone(),
        areas: of(|kind| kind < AreaKind::Municipality),
        municipalities: of(|kind| kind == AreaKind::Municipality),
        safety_regions: of(|kind| kind == AreaKind::SafetyRegion),
        provinces: of(|kind| kind == AreaKind::Province),
    }
}

/// The safety regions concerned, as organisations.
fn regions(readings: &[Read<'_>]) -> BTreeSet<Name> {
    let mut regions = BTreeSet::new();
    let Ok(capability) = Id::<Capability>::parse(SAFETY_REGION) else { return regions };
    for read in readings {
        for part in &read.territory.parts {
            let covers = read.view.covers(capability.name(), part);
            regions.extend(covers.into_iter().map(|cover| cover.organisation.name.name().clone()));
        }
    }
    regions
}

/// Whom to call when nobody else answers: whoever covers a capability that is a last resort, in order. What the first
/// reading does not give is marked and comes after what it gives. What the organisation that asks covers
/// itself is no last resort.
fn last_resorts(readings: &[Read<'_>], asker: Asker<'_>) -> Vec<LastResort> {
    let mut found: Vec<LastResort> = Vec::new();
    for (index, Read { view, territory, .. }) in readings.iter().enumerate() {
        let beyond: Vec<Part> = territory.elsewhere.iter().map(Elsewhere::part).collect();
        let parts: Vec<&Part> = territory.parts.iter().chain(&beyond).collect();
        let resorts = view.snapshot.all::<Capability>().filter(|capability| capability.last_resort_rank > 0);
        for capability in resorts.filter(|capability| !asker.covers(&capability.name)) {
            let covers = parts.iter().flat_map(|part| view.covers(capability.name.name(), part));
            let organisations: BTreeMap<Id<Organisation>, Arc<Organisation>> =
                covers.map(|cover| (cover.organisation.name.clone(), cover.organisation)).collect();
            for organisation in organisations.into_values() {
                let mut contacts = view.reach(&organisation, None, &parts);
                if !asker.leave_out_own(&mut contacts) {
                    continue;
                }
                let same = |known: &&mut LastResort| {
                    known.capability.last_resort_rank == capability.last_resort_rank
                        && known.organisation.name == organisation.name
                };
                match found.iter_mut().find(same) {
                    Some(known) if index > 0 => reach::add_reading(&mut known.contacts, contacts),
                    Some(_) => {}
                    None => found.push(LastResort {
                        capability: capability.clone(),
                        organisation,
                        announced: index > 0,
                        contacts,
                    }),
                }
            }
        }
    }
    found.sort_by_cached_key(|last| (last.capability.last_resort_rank, last.announced, last.organisation.name.clone()));
    found
}

/// The records whose facts an answer rests on.
fn considered(snapshot: &Snapshot, readings: &[Read<'_>], found: &Found) -> BTreeSet<Name> {
    let areas: BTreeSet<&Id<Area>> = readings
        .iter()
        .flat_map(|read| {
            let ours = read.territory.parts.iter().flat_map(|part| part.chain.keys());
            ours.chain(read.territory.elsewhere.iter().flat_map(|elsewhere| elsewhere.chain.keys()))
        })
        .collect();
    let organisations: BTreeSet<&Id<Organisation>> = found
        .acting
        .iter()
        .map(|entry| &entry.organisation.name)
        .chain(found.last_resorts.iter().map(|last| &last.organisation.name))
        .collect();
    let covers = organisations
        .iter()
        .flat_map(|organisation| snapshot.coverages_of(organisation.name()))
        .filter(|coverage| areas.contains(&coverage.area))
        .map(|coverage| coverage.name.name().clone());
    let rules = found
        .acting
        .iter()
        .flat_map(|entry| &entry.roles)
        .flat_map(|role| &role.rules)
        .map(|rule| rule.name.name().clone());
    let reaches = found
        .acting
        .iter()
        .flat_map(Entry::reaches)
        .chain(found.last_resorts.iter().flat_map(|last| &last.contacts))
        .chain(found.handovers.iter().flat_map(Handover::reaches))
        .flat_map(Reach::records);
    covers
        .chain(rules)
        .chain(reaches)
        .chain(organisations.iter().map(|organisation| organisation.name().clone()))
        .chain(areas.iter().map(|area| area.name().clone()))
        .chain(found.arrangements.iter().map(|binding| binding.arrangement.name.name().clone()))
        .collect()
}
