//! Where an event is not ours: whose it is, and what our organisations still are there.

use std::sync::Arc;

use crate::domain::area::AreaKind;
use crate::domain::catalogue::{DISPATCH_CENTRE, SAFETY_REGION};
use crate::domain::name::Id;
use crate::domain::organisation::{Coverage, Organisation};

use super::answer::{Handover, StillKnown};
use super::entries::Read;
use super::reach::add_reading;
use super::territory::{Elsewhere, View};

/// The handovers of what is not ours, over all readings. What the first reading does not give is marked and comes last.
pub fn handovers(readings: &[Read<'_>]) -> Vec<Handover> {
    let mut handovers: Vec<Handover> = Vec::new();
    for (index, read) in readings.iter().enumerate() {
        for elsewhere in &read.territory.elsewhere {
            let handover = read.view.handover(elsewhere);
            let same = |known: &&mut Handover| {
                known.area.name == handover.area.name && known.organisation == handover.organisation
            };
            match handovers.iter_mut().find(same) {
                Some(known) => known.add_reading(handover),
                None => handovers.push(Handover { announced: index > 0, ..handover }),
            }
        }
    }
    handovers
}

impl Handover {
    fn add_reading(&mut self, other: Handover) {
        add_reading(&mut self.contacts, other.contacts);
        add_reading(&mut self.dispatch_contacts, other.dispatch_contacts);
        for known in other.still_known {
            if !self.still_known.iter().any(|one| one.coverage.name == known.coverage.name) {
                self.still_known.push(StillKnown { announced: true, ..known });
            }
        }
    }
}

impl View<'_> {
    /// The handover of an asked area that is not ours.
    pub fn handover(&self, elsewhere: &Elsewhere) -> Handover {
        let here: Vec<(Arc<Organisation>, Arc<Coverage>)> = elsewhere
            .chain
            .keys()
            .flat_map(|area| self.snapshot.referrers(area.name()))
            .filter_map(|name| Id::<Coverage>::try_from_name(name.clone()).ok())
            .filter_map(|id| self.snapshot.get(&id))
            .filter_map(|coverage| Some((self.coverer(coverage)?, coverage.clone())))
            .collect();
        let organisation = here
            .iter()
            .find(|(_, coverage)| coverage.capability.name().as_str() == SAFETY_REGION)
            .map(|(organisation, _)| organisation.clone());
        let contacts = organisation.iter().flat_map(|region| self.reach(region, None, &[])).collect();
        let (mut dispatch_contacts, mut serves_us_too, mut still_known) = (Vec::new(), false, Vec::new());
        for (other, coverage) in here {
            let (Some(capability), Some(area)) =
                (self.snapshot.get(&coverage.capability), self.snapshot.get(&coverage.area))
            else {
                continue;
            };
            if coverage.capability.name().as_str() == DISPATCH_CENTRE {
                dispatch_contacts.extend(self.reach(&other, None, &[]));
                serves_us_too |= self.serves_ours(&other);
            }
            // What covers a province or the whole country is no particular tie with us.
            let is_theirs = organisation.as_ref().is_some_and(|region| region.name == other.name);
            if !is_theirs && area.kind <= AreaKind::SafetyRegion && self.serves_ours(&other) {
                let (area, capability) = (area.clone(), capability.clone());
                let announced = false;
                still_known.push(StillKnown { organisation: other, coverage, area, capability, announced });
            }
        }
        let area = elsewhere.asked.clone();
        let announced = false;
        Handover { organisation, area, contacts, dispatch_contacts, serves_us_too, still_known, announced }
    }

    fn serves_ours(&self, organisation: &Organisation) -> bool {
        self.snapshot
            .coverages_of(organisation.name.name())
            .iter()
            .any(|coverage| coverage.validity.holds(self.at, self.reading) && self.is_ours(&coverage.area))
    }
}
