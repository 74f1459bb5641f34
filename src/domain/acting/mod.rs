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
//! | 10 order | [`entries`] |
//!
//! **Invariants.** Everything is read twice: once as confirmed, once as if what is announced were confirmed. What only
//! the second reading gives is marked `announced`; where both agree, nothing is said.
//!
//! # Why two whole readings (2026-11)
//! An announced merger changes borders, mayors and covers together. Deciding fact by fact which ones to follow would
//! mix the two worlds; answering in each of them and uniting the answers cannot.

pub mod question;
pub mod territory;
pub mod rules;
pub mod cover;
pub mod reach;
pub mod entries;
pub mod binding;
pub mod handover;
pub mod gaps;
pub mod answer;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::area::{Area, AreaKind};
use super::assignment::Assignment;
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

use answer::{AskedCalamity, BindingArrangement, Entry, Gap, Handover, LastResort, Resolution, ResolvedArea};
use binding::Occasion;
use entries::Read;
use gaps::Finder;
use question::Asked;
use rules::{Calamities, Circumstances};
use territory::{Elsewhere, Part, Territory, View};

/// Answers a question.
///
/// # Errors
/// [`Error::Unresolved`] naming every word without one meaning, or [`Error::Invalid`] naming every other fault.
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
        places: vec![(matched.words.clone(), matched.area.clone())],
        calamity_types: Vec::new(),
        calamities: Calamities::default(),
        circumstances: Circumstances::default(),
    };
    let answering = Answering { snapshot, at, asked: &asked };
    let (views, territories) = answering.territories();
    Placed {
        resolution: answering.resolution(&territories),
        ours: territories.iter().any(|territory| !territory.parts.is_empty()),
        handovers: handovers(&views, &territories),
    }
}

/// One question being answered.
#[derive(Debug, Clone, Copy)]
struct Answering<'s> {
    snapshot: &'s Snapshot,
    at: Timestamp,
    asked: &'s Asked,
}

impl<'s> Answering<'s> {
    fn answer(&self, question: &Question) -> Answer {
        let (views, territories) = self.territories();
        let readings = self.read(&views, &territories, question.grip);
        let mut acting = entries::entries(self.snapshot, &readings, question.grip);
        let regions = regions(&readings);
        let binds = self.binding(&readings, &territories, question.grip);
        let last_resorts = last_resorts(&views, &territories);
        let gaps = self.gaps(&readings, &territories, &acting, &last_resorts, &binds, &regions, question.grip);
        if let Some(other) = question.compare_grip {
            let before = entries::entries(self.snapshot, &self.read(&views, &territories, other), other);
            acting = entries::compare(acting, before);
        }
        let handovers = handovers(&views, &territories);
        Answer {
            expire_time: self.expire_time(&acting, &last_resorts, &handovers),
            resolution: self.resolution(&territories),
            calamity_types: self
                .asked
                .calamity_types
                .iter()
                .map(|(words, asked)| self.asked_calamity(words, asked))
                .collect(),
            grip: question.grip,
            acting,
            last_resorts,
            arrangements: binds,
            handovers,
            gaps,
            exercise: question.exercise,
            revision: self.snapshot.revision(),
            effective_time: self.at,
        }
    }

    /// Both readings, the confirmed one first, and where the event is in each.
    fn territories(&self) -> ([View<'s>; 2], [Territory; 2]) {
        let areas: Vec<Arc<Area>> = self.asked.places.iter().map(|(_, area)| area.clone()).collect();
        let views = [Reading::Confirmed, Reading::Announced].map(|reading| self.view(reading));
        (views, views.map(|view| view.territory(&areas)))
    }

    fn view(&self, reading: Reading) -> View<'s> {
        View { snapshot: self.snapshot, at: self.at, reading }
    }

    fn read(&self, views: &[View<'s>; 2], territories: &[Territory; 2], grip: Grip) -> [Read<'s>; 2] {
        let read = |view: &View<'s>, territory: &Territory| {
            let outcome = |part: &Part| view.outcome(part, &self.asked.calamities, &self.asked.circumstances, grip);
            Read { view: *view, outcomes: territory.parts.iter().map(|part| (part.clone(), outcome(part))).collect() }
        };
        let ([confirmed, announced], [ours, perhaps_ours]) = (views, territories);
        [read(confirmed, ours), read(announced, perhaps_ours)]
    }

    fn resolution(&self, territories: &[Territory; 2]) -> Resolution {
        let mut areas: BTreeMap<Id<Area>, ResolvedArea> = BTreeMap::new();
        let views = [Reading::Confirmed, Reading::Announced].map(|reading| self.view(reading));
        for (view, territory) in views.iter().zip(territories) {
            let chains = territory.parts.iter().flat_map(|part| part.chain.keys());
            let elsewhere = territory.elsewhere.iter().flat_map(|elsewhere| elsewhere.chain.keys());
            for area in chains.chain(elsewhere).filter_map(|area| self.snapshot.get(area)) {
                if area.validity.holds(self.at, view.reading) || area.kind < AreaKind::Municipality {
                    let announced = view.reading == Reading::Announced;
                    areas.entry(area.name.clone()).or_insert_with(|| ResolvedArea { area: area.clone(), announced });
                }
            }
        }
        let of = |wanted: fn(AreaKind) -> bool| -> Vec<ResolvedArea> {
            areas.values().filter(|resolved| wanted(resolved.area.kind)).cloned().collect()
        };
        Resolution {
            matched: self.asked.places.clone(),
            areas: of(|kind| kind < AreaKind::Municipality),
            municipalities: of(|kind| kind == AreaKind::Municipality),
            safety_regions: of(|kind| kind == AreaKind::SafetyRegion),
            provinces: of(|kind| kind == AreaKind::Province),
        }
    }

    /// An asked type, and the types below it that rules of their own name.
    fn asked_calamity(&self, words: &str, asked: &Arc<CalamityType>) -> AskedCalamity {
        let named: BTreeSet<&Id<CalamityType>> =
            self.snapshot.all::<Assignment>().flat_map(|rule| &rule.calamity_types).collect();
        let narrower = if asked.level == CalamityLevel::IncidentType {
            Vec::new()
        } else {
            self.snapshot
                .all::<CalamityType>()
                .filter(|below| below.name != asked.name && named.contains(&below.name))
                .filter(|below| question::ancestors(self.snapshot, below).contains_key(&asked.name))
                .cloned()
                .collect()
        };
        AskedCalamity { words: words.to_owned(), calamity_type: asked.clone(), narrower }
    }

    fn binding(&self, readings: &[Read<'s>; 2], territories: &[Territory; 2], grip: Grip) -> Vec<BindingArrangement> {
        binding::binding(readings.iter().zip(territories).map(|(read, territory)| {
            let acting = read.outcomes.iter().flat_map(|(_, outcome)| &outcome.acting);
            let regions = regions(std::slice::from_ref(read));
            let organisations = acting
                .map(|acting| acting.cover.organisation.name.clone())
                .chain(regions.into_iter().filter_map(|name| Id::try_from_name(name).ok()))
                .collect();
            let calamities = &self.asked.calamities;
            (read.view, Occasion { organisations, areas: territory.areas(), calamities, grip })
        }))
    }

    #[expect(clippy::too_many_arguments, reason = "gaps are about everything that was found")]
    fn gaps(
        &self,
        readings: &[Read<'_>],
        territories: &[Territory; 2],
        acting: &[Entry],
        last_resorts: &[LastResort],
        binds: &[BindingArrangement],
        regions: &BTreeSet<Name>,
        grip: Grip,
    ) -> Vec<Gap> {
        let finder = Finder { snapshot: self.snapshot, at: self.at };
        let mut gaps = finder.of_question(grip, regions);
        gaps.extend(acting.iter().flat_map(|entry| finder.of_entry(entry)));
        gaps.extend(
            last_resorts.iter().flat_map(|last| finder.of_reach(&last.organisation.name, true, &last.contacts)),
        );
        gaps.extend(binds.iter().filter_map(|binding| finder.of_arrangement(binding)));
        let outcomes = readings.iter().flat_map(|read| &read.outcomes);
        gaps.extend(outcomes.flat_map(|(_, outcome)| finder.of_outcome(outcome)));
        gaps.extend(finder.of_announcements(&self.considered(territories, acting, last_resorts, binds)));
        gaps::ordered(gaps)
    }

    /// The records whose facts an answer rests on.
    fn considered(
        &self,
        territories: &[Territory; 2],
        acting: &[Entry],
        last_resorts: &[LastResort],
        binds: &[BindingArrangement],
    ) -> BTreeSet<Name> {
        let areas: BTreeSet<Id<Area>> = territories
            .iter()
            .flat_map(|territory| territory.parts.iter().flat_map(|part| part.chain.keys()))
            .chain(
                territories
                    .iter()
                    .flat_map(|territory| territory.elsewhere.iter().flat_map(|elsewhere| elsewhere.chain.keys())),
            )
            .cloned()
            .collect();
        let organisations: BTreeSet<&Id<Organisation>> = acting
            .iter()
            .map(|entry| &entry.organisation.name)
            .chain(last_resorts.iter().map(|last| &last.organisation.name))
            .collect();
        let covers = organisations
            .iter()
            .flat_map(|organisation| self.snapshot.coverages_of(organisation.name()))
            .filter(|coverage| areas.contains(&coverage.area))
            .map(|coverage| coverage.name.name().clone());
        let rules = acting
            .iter()
            .flat_map(|entry| &entry.roles)
            .flat_map(|role| &role.rules)
            .map(|rule| rule.name.name().clone());
        covers
            .chain(rules)
            .chain(organisations.iter().map(|organisation| organisation.name().clone()))
            .chain(areas.iter().map(|area| area.name().clone()))
            .chain(binds.iter().map(|binding| binding.arrangement.name.name().clone()))
            .collect()
    }

    fn expire_time(&self, acting: &[Entry], last_resorts: &[LastResort], handovers: &[Handover]) -> Option<Timestamp> {
        let functions = acting.iter().flat_map(|entry| &entry.roles).flat_map(|role| &role.functions);
        let reaches = functions
            .flat_map(|function| &function.contacts)
            .chain(last_resorts.iter().flat_map(|last| &last.contacts))
            .chain(handovers.iter().flat_map(Handover::reaches));
        let hours = self.view(Reading::Confirmed).next_hours_boundary(reaches);
        hours.into_iter().chain(self.snapshot.expire_time(self.at)).min()
    }
}

/// The safety regions concerned, as organisations.
fn regions(readings: &[Read<'_>]) -> BTreeSet<Name> {
    let mut regions = BTreeSet::new();
    let Ok(capability) = Id::<Capability>::parse(SAFETY_REGION) else { return regions };
    for read in readings {
        for (part, _) in &read.outcomes {
            let covers = read.view.covers(capability.name(), part);
            regions.extend(covers.into_iter().map(|cover| cover.organisation.name.name().clone()));
        }
    }
    regions
}

/// Whom to call when nobody else answers: whoever covers a capability that is a last resort, in order.
fn last_resorts(views: &[View<'_>; 2], territories: &[Territory; 2]) -> Vec<LastResort> {
    let mut found: BTreeMap<(u32, bool, Name), LastResort> = BTreeMap::new();
    let mut known: BTreeSet<(u32, Name)> = BTreeSet::new();
    for (view, territory) in views.iter().zip(territories) {
        let announced = view.reading == Reading::Announced;
        let beyond: Vec<Part> = territory.elsewhere.iter().map(Elsewhere::part).collect();
        let parts: Vec<&Part> = territory.parts.iter().chain(&beyond).collect();
        for capability in view.snapshot.all::<Capability>().filter(|capability| capability.last_resort_rank > 0) {
            let rank = capability.last_resort_rank;
            for cover in parts.iter().flat_map(|part| view.covers(capability.name.name(), part)) {
                let organisation = cover.organisation;
                if known.insert((rank, organisation.name.name().clone())) {
                    let contacts = view.reach(&organisation, None, &parts);
                    let key = (rank, announced, organisation.name.name().clone());
                    found.insert(key, LastResort { capability: capability.clone(), organisation, announced, contacts });
                }
            }
        }
    }
    found.into_values().collect()
}

/// The handovers of what is not ours. What only the announced reading gives comes after.
fn handovers(views: &[View<'_>; 2], territories: &[Territory; 2]) -> Vec<Handover> {
    let mut handovers: Vec<Handover> = Vec::new();
    for (view, territory) in views.iter().zip(territories) {
        for elsewhere in &territory.elsewhere {
            let handover = view.handover(elsewhere);
            let same = |known: &Handover| known.area == handover.area && known.organisation == handover.organisation;
            if !handovers.iter().any(same) {
                handovers.push(handover);
            }
        }
    }
    handovers
}
