//! What is agreed between these, here, for this, on this date? And may one region ask the other directly?

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::acting::answer::BindingArrangement;
use crate::domain::acting::binding::{in_areas, in_calamities};
use crate::domain::acting::question::ancestors;
use crate::domain::acting::rules::Calamities;
use crate::domain::acting::territory::View;
use crate::domain::area::{Area, AreaKind};
use crate::domain::arrangement::Arrangement;
use crate::domain::calamity_type::CalamityType;
use crate::domain::catalogue::SAFETY_REGION;
use crate::domain::field::words;
use crate::domain::name::Id;
use crate::domain::organisation::Organisation;
use crate::domain::snapshot::Snapshot;
use crate::domain::validity::Reading;

use super::views;

words! {
    /// Whether one safety region may ask another for assistance without the minister (Wvr 51(5)).
    pub enum DirectRequest {
        /// They are adjacent, and an arrangement in force of both says so.
        Permitted = "PERMITTED",
        /// They are adjacent, but no such arrangement of both is known: ask through the minister.
        NotEstablished = "NOT_ESTABLISHED",
        /// They are not adjacent: only through the minister.
        NotAdjacent = "NOT_ADJACENT",
    }
}

/// What to ask; an empty list restricts nothing.
#[derive(Debug, Clone)]
pub struct ArrangementsQuestion {
    /// Between whom: all of these are parties.
    pub organisations: Vec<Id<Organisation>>,
    /// Where.
    pub places: Vec<Arc<Area>>,
    /// For what.
    pub calamity_types: Vec<Arc<CalamityType>>,
    /// When.
    pub effective_time: Timestamp,
}

/// The arrangements, and for exactly two safety regions whether one may ask the other directly.
pub fn find(snapshot: &Snapshot, question: &ArrangementsQuestion) -> (Vec<BindingArrangement>, Option<DirectRequest>) {
    let views = views(snapshot, question.effective_time);
    let wanted: BTreeSet<Id<Organisation>> = question.organisations.iter().cloned().collect();
    let calamities = Calamities(question.calamity_types.iter().map(|asked| ancestors(snapshot, asked)).collect());
    let areas: BTreeSet<Id<Area>> = views.iter().flat_map(|view| view.territory(&question.places).areas()).collect();
    let found: Vec<BindingArrangement> = snapshot
        .all::<Arrangement>()
        .filter_map(|arrangement| {
            let view = views.iter().find(|view| arrangement.validity.holds(view.at, view.reading))?;
            let all = arrangement.parties.iter().map(|party| party.organisation.clone()).collect();
            let binds = view.parties(arrangement, &all);
            let for_this = arrangement.scope.as_ref().is_none_or(|scope| {
                (question.places.is_empty() || in_areas(scope, &areas)) && in_calamities(scope, &calamities)
            });
            let here = question.places.is_empty()
                || arrangement.scope.as_ref().is_some_and(|scope| !scope.areas.is_empty())
                || binds.iter().any(|party| view.covers_any(party, &areas));
            (wanted.is_subset(&binds) && for_this && here).then(|| BindingArrangement {
                arrangement: arrangement.clone(),
                announced: view.reading == Reading::Announced,
                binds,
            })
        })
        .collect();
    let direct = match question.organisations.as_slice() {
        [one, other] if one != other => views.first().and_then(|view| view.direct_request(one, other, &found)),
        _ => None,
    };
    (found, direct)
}

impl View<'_> {
    fn covers_any(&self, organisation: &Id<Organisation>, areas: &BTreeSet<Id<Area>>) -> bool {
        self.snapshot
            .coverages_of(organisation.name())
            .iter()
            .any(|coverage| coverage.validity.holds(self.at, self.reading) && areas.contains(&coverage.area))
    }

    fn direct_request(
        &self,
        one: &Id<Organisation>,
        other: &Id<Organisation>,
        between: &[BindingArrangement],
    ) -> Option<DirectRequest> {
        let (one, other) = (self.region_of(one)?, self.region_of(other)?);
        let touching =
            self.municipalities_of(&one).iter().flat_map(|area| self.neighbours(area)).collect::<BTreeSet<_>>();
        if self.municipalities_of(&other).is_disjoint(&touching) && !self.neighbours(&one).contains(&other) {
            return Some(DirectRequest::NotAdjacent);
        }
        let agreed = between.iter().any(|found| {
            !found.announced
                && found.arrangement.invocation.as_ref().is_some_and(|invocation| invocation.direct_request)
        });
        Some(if agreed { DirectRequest::Permitted } else { DirectRequest::NotEstablished })
    }

    /// The territory of a safety region, if the organisation is one.
    fn region_of(&self, organisation: &Id<Organisation>) -> Option<Id<Area>> {
        self.snapshot
            .coverages_of(organisation.name())
            .iter()
            .find(|coverage| {
                coverage.capability.name().as_str() == SAFETY_REGION && coverage.validity.holds(self.at, self.reading)
            })
            .map(|coverage| coverage.area.clone())
    }

    fn municipalities_of(&self, region: &Id<Area>) -> BTreeSet<Id<Area>> {
        let inside = self.descend(region);
        self.of_kind(&inside, AreaKind::Municipality).map(|area| area.name.clone()).collect()
    }
}
