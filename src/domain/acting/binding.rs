//! Step 8 of the question: the arrangements that bind an entry or a region concerned.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::area::Area;
use crate::domain::arrangement::{Arrangement, Scope};
use crate::domain::assignment::Phase;
use crate::domain::grip::Grip;
use crate::domain::name::Id;
use crate::domain::organisation::Organisation;

use super::answer::BindingArrangement;
use super::rules::Calamities;
use super::territory::View;

/// What an arrangement is asked about, in one reading.
#[derive(Debug)]
pub struct Occasion<'a> {
    /// The organisations that act, and the regions concerned.
    pub organisations: BTreeSet<Id<Organisation>>,
    /// Every area of the chains.
    pub areas: BTreeSet<Id<Area>>,
    /// What happens.
    pub calamities: &'a Calamities,
    /// At what level.
    pub grip: Grip,
}

/// The arrangements that bind on an occasion, over all readings; those that may be invoked first. What the first
/// reading does not give is announced.
pub fn binding<'a>(readings: impl IntoIterator<Item = (View<'a>, Occasion<'a>)>) -> Vec<BindingArrangement> {
    let mut found: BTreeMap<Id<Arrangement>, BindingArrangement> = BTreeMap::new();
    for (index, (view, occasion)) in readings.into_iter().enumerate() {
        for arrangement in view.snapshot.all::<Arrangement>() {
            let binds = view.parties(arrangement, &occasion.organisations);
            if binds.is_empty() || !view.is_for(arrangement, &occasion) {
                continue;
            }
            found.entry(arrangement.name.clone()).or_insert_with(|| BindingArrangement {
                arrangement: arrangement.clone(),
                announced: index > 0,
                binds,
            });
        }
    }
    let mut found: Vec<BindingArrangement> = found.into_values().collect();
    found.sort_by_key(|binding| (binding.announced, binding.arrangement.invocation.is_none()));
    found
}

impl View<'_> {
    /// The parties in force among these organisations.
    pub fn parties(&self, arrangement: &Arrangement, among: &BTreeSet<Id<Organisation>>) -> BTreeSet<Id<Organisation>> {
        arrangement
            .parties
            .iter()
            .filter(|party| among.contains(&party.organisation) && party.validity.holds(self.at, self.reading))
            .map(|party| party.organisation.clone())
            .collect()
    }

    fn is_for(&self, arrangement: &Arrangement, occasion: &Occasion<'_>) -> bool {
        arrangement.validity.holds(self.at, self.reading)
            && arrangement.scope.as_ref().is_none_or(|scope| {
                in_areas(scope, &occasion.areas)
                    && in_calamities(scope, occasion.calamities)
                    && in_phase(scope, occasion.grip)
            })
    }
}

/// Whether a scope holds in any of these areas.
pub fn in_areas(scope: &Scope, areas: &BTreeSet<Id<Area>>) -> bool {
    scope.areas.is_empty() || scope.areas.iter().any(|area| areas.contains(area))
}

/// Whether a scope holds for any of these calamities; nothing asked is anything.
pub fn in_calamities(scope: &Scope, calamities: &Calamities) -> bool {
    scope.calamity_types.is_empty() || calamities.0.is_empty() || calamities.concern(&scope.calamity_types)
}

/// An arrangement for outside a crisis that names no phase is for outside a crisis only.
fn in_phase(scope: &Scope, grip: Grip) -> bool {
    if scope.phases.is_empty() {
        return !scope.outside_crisis;
    }
    scope.phases.iter().any(|phase| match phase {
        Phase::Preparation => grip == Grip::None,
        Phase::Response => true,
        Phase::Aftercare => false,
    })
}
