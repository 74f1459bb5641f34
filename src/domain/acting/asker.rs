//! The organisation that asks: it is not told to call itself.
//!
//! A dispatch centre that asks is sent neither to the dispatch centre nor to a number that the dispatch centre answers,
//! such as 112, whosever that number is said to be.

use jiff::Timestamp;

use crate::domain::catalogue::{Capability, DISPATCH_CENTRE};
use crate::domain::contact::{Channel, Dependence};
use crate::domain::name::Id;
use crate::domain::organisation::{Coverage, Organisation};
use crate::domain::snapshot::Snapshot;

use super::answer::Reach;

/// The organisation that asks, if that is said.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'s> {
    /// The directory.
    pub snapshot: &'s Snapshot,
    /// The instant asked about.
    pub at: Timestamp,
    /// The organisation.
    pub organisation: Option<&'s Id<Organisation>>,
}

impl Asker<'_> {
    /// Whether the asker covers a capability anywhere, in whichever reading: a dispatch centre that is to be followed by
    /// another is still one.
    pub fn covers(&self, capability: &Id<Capability>) -> bool {
        self.has_coverage(|coverage| coverage.capability == *capability)
    }

    /// Whether the asker itself would answer a channel of an organisation.
    pub fn answers(&self, organisation: &Id<Organisation>, channel: &Channel) -> bool {
        let is_dispatched = channel.depends_on.contains(&Dependence::DispatchCentre);
        self.organisation == Some(organisation)
            || is_dispatched && self.has_coverage(|one| one.capability.name().as_str() == DISPATCH_CENTRE)
    }

    /// Leaves out the channels that the asker itself would answer. Whether anybody can still be meant by these contacts:
    /// not if nothing else was known of them.
    pub fn leave_out_own(&self, contacts: &mut Vec<Reach>) -> bool {
        let was_known = contacts.iter().any(|reach| !reach.channels.is_empty());
        for reach in contacts.iter_mut() {
            let who = &reach.organisation.name;
            reach.channels.retain(|one| !self.answers(who, &one.channel));
        }
        if was_known {
            contacts.retain(|reach| !reach.channels.is_empty());
        }
        !(was_known && contacts.is_empty())
    }

    fn has_coverage(&self, wanted: impl Fn(&Coverage) -> bool) -> bool {
        let coverages = self.organisation.map_or(&[][..], |asker| self.snapshot.coverages_of(asker.name()));
        coverages.iter().any(|coverage| wanted(coverage) && coverage.validity.may_hold(self.at))
    }
}
