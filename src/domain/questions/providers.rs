//! Who has this capability at or nearest to this place, whatever the region, and by which arrangement may it be called?
//!
//! The failure this question answers: thatched-roof specialists just across a regional border were not alarmed while
//! others came from thirty minutes away (NH Nieuws, March 2025).

use std::collections::BTreeSet;
use std::slice;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::acting::answer::{BindingArrangement, Reach};
use crate::domain::acting::territory::{Elsewhere, Part, Territory, View};
use crate::domain::area::{Area, AreaKind};
use crate::domain::arrangement::Arrangement;
use crate::domain::assignment::Assignment;
use crate::domain::catalogue::{Capability, CrisisFunction};
use crate::domain::field::words;
use crate::domain::name::Id;
use crate::domain::organisation::{Coverage, Organisation};
use crate::domain::snapshot::Snapshot;
use crate::domain::validity::Reading;

use super::views;

words! {
    /// How near a provider is, nearest first. Without geometry, distance is counted in borders.
    pub enum Nearness {
        /// It covers the place, or something in it.
        Here = "HERE",
        /// It covers a place or municipality next to it.
        Adjacent = "ADJACENT",
        /// It covers something in the same safety region.
        SameRegion = "SAME_REGION",
        /// It covers something in an adjacent safety region.
        AdjacentRegion = "ADJACENT_REGION",
        /// It covers something further away.
        Elsewhere = "ELSEWHERE",
    }
}

/// A provider of a capability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// How near.
    pub nearness: Nearness,
    /// Who.
    pub organisation: Arc<Organisation>,
    /// By which coverage.
    pub coverage: Arc<Coverage>,
    /// The area it covers.
    pub area: Arc<Area>,
    /// Whether that area is ours.
    pub ours: bool,
    /// Whether only if an announced fact is confirmed.
    pub announced: bool,
    /// The arrangements in force of the provider under which this capability may be called.
    pub arrangements: Vec<BindingArrangement>,
    /// How to reach it.
    pub contacts: Vec<Reach>,
}

/// What to ask.
#[derive(Debug, Clone)]
pub struct ProvidersQuestion {
    /// What is needed.
    pub capability: Arc<Capability>,
    /// Where.
    pub places: Vec<Arc<Area>>,
    /// When.
    pub effective_time: Timestamp,
}

/// The providers, nearest first.
pub fn find(snapshot: &Snapshot, question: &ProvidersQuestion) -> Vec<Provider> {
    let mut found: Vec<Provider> = Vec::new();
    for view in views(snapshot, question.effective_time) {
        let territory = view.territory(&question.places);
        let rings = view.rings(&territory);
        let functions = view.called_as(&question.capability);
        for coverage in snapshot.covers(question.capability.name.name()) {
            let (Some(organisation), Some(area)) = (view.coverer(coverage), snapshot.get(&coverage.area)) else {
                continue;
            };
            if found.iter().any(|known| known.coverage.name == coverage.name) {
                continue;
            }
            found.push(Provider {
                nearness: view.nearness(&rings, &coverage.area),
                ours: view.is_ours(&coverage.area),
                announced: view.reading == Reading::Announced,
                arrangements: view.callable(&organisation, &question.capability),
                contacts: view.reach_provider(
                    &organisation,
                    &functions,
                    &[&territory, &view.territory(slice::from_ref(area))],
                ),
                organisation,
                coverage: coverage.clone(),
                area: area.clone(),
            });
        }
    }
    found.sort_by(|a, b| (a.nearness, a.announced, &a.coverage.name).cmp(&(b.nearness, b.announced, &b.coverage.name)));
    found
}

/// The areas around a place, in rings.
#[derive(Debug)]
struct Rings {
    here: BTreeSet<Id<Area>>,
    adjacent: BTreeSet<Id<Area>>,
    regions: BTreeSet<Id<Area>>,
    adjacent_regions: BTreeSet<Id<Area>>,
}

impl View<'_> {
    fn rings(&self, territory: &Territory) -> Rings {
        let here = territory.areas();
        let local: BTreeSet<Id<Area>> = here.iter().filter(|area| self.is_below_region(area)).cloned().collect();
        let adjacent: BTreeSet<Id<Area>> =
            local.iter().flat_map(|area| self.neighbours(area)).filter(|area| self.is_below_region(area)).collect();
        let regions: BTreeSet<Id<Area>> =
            self.of_kind(&here, AreaKind::SafetyRegion).map(|area| area.name.clone()).collect();
        let adjacent_regions = regions
            .iter()
            .flat_map(|region| self.descend(region))
            .flat_map(|inside| self.neighbours(&inside))
            .flat_map(|beyond| self.regions_of(&beyond))
            .filter(|region| !regions.contains(region))
            .collect();
        Rings { here, adjacent, regions, adjacent_regions }
    }

    fn nearness(&self, rings: &Rings, covered: &Id<Area>) -> Nearness {
        let above = self.ascend(covered);
        let regions = self.regions_of(covered);
        if rings.here.contains(covered) {
            Nearness::Here
        } else if above.keys().any(|area| rings.adjacent.contains(area)) {
            Nearness::Adjacent
        } else if regions.iter().any(|region| rings.regions.contains(region)) {
            Nearness::SameRegion
        } else if regions.iter().any(|region| rings.adjacent_regions.contains(region)) {
            Nearness::AdjacentRegion
        } else {
            Nearness::Elsewhere
        }
    }

    fn regions_of(&self, area: &Id<Area>) -> BTreeSet<Id<Area>> {
        let above = self.ascend(area);
        self.of_kind(above.keys(), AreaKind::SafetyRegion).map(|region| region.name.clone()).collect()
    }

    fn is_below_region(&self, area: &Id<Area>) -> bool {
        self.snapshot.get(area).is_some_and(|area| area.kind < AreaKind::SafetyRegion)
    }

    /// The functions that rules call of whoever has a specialist capability. Of any other one they call so many that
    /// only the general desk helps.
    fn called_as(&self, capability: &Capability) -> BTreeSet<Id<CrisisFunction>> {
        let rules = self.snapshot.all::<Assignment>().filter(|rule| rule.validity.holds(self.at, self.reading));
        rules
            .filter(|rule| capability.specialist && rule.actor.capability.as_ref() == Some(&capability.name))
            .flat_map(|rule| rule.functions.iter().map(|call| call.function.clone()))
            .collect()
    }

    /// How a provider is reached: for its functions first, then its general desk. A contact that is for some areas
    /// counts for those asked about and for those that it covers.
    fn reach_provider(
        &self,
        organisation: &Arc<Organisation>,
        functions: &BTreeSet<Id<CrisisFunction>>,
        territories: &[&Territory],
    ) -> Vec<Reach> {
        let beyond: Vec<Part> =
            territories.iter().flat_map(|territory| &territory.elsewhere).map(Elsewhere::part).collect();
        let parts: Vec<&Part> = territories.iter().flat_map(|territory| &territory.parts).chain(&beyond).collect();
        let asked = functions.iter().map(Some).chain([None]);
        asked.flat_map(|function| self.reach(organisation, function, &parts)).collect()
    }

    /// The arrangements in force to which an organisation is party and that name a capability.
    fn callable(&self, organisation: &Organisation, capability: &Capability) -> Vec<BindingArrangement> {
        let among = BTreeSet::from([organisation.name.clone()]);
        self.snapshot
            .all::<Arrangement>()
            .filter(|arrangement| arrangement.validity.holds(self.at, self.reading))
            .filter(|arrangement| {
                arrangement.scope.as_ref().is_some_and(|scope| scope.capabilities.contains(&capability.name))
            })
            .map(|arrangement| BindingArrangement {
                binds: self.parties(arrangement, &among),
                announced: self.reading == Reading::Announced,
                arrangement: arrangement.clone(),
            })
            .filter(|binding| !binding.binds.is_empty())
            .collect()
    }
}
