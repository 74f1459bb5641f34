//! What the calamity itself takes away: channels that hang on it stand last and count as not reachable.
//!
//! **Invariants.** Nothing is hidden: a channel that is taken away is still there, with why.

use std::collections::BTreeSet;

use crate::domain::calamity_type::{CalamityType, Certainty};
use crate::domain::contact::Dependence;
use crate::domain::snapshot::Snapshot;

use super::answer::{Entry, Handover, LastResort, Reach};
use super::rules::Calamities;

/// What the asked calamities take away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outage {
    /// For sure.
    sure: BTreeSet<Dependence>,
    /// Perhaps.
    possible: BTreeSet<Dependence>,
}

impl Outage {
    /// What these calamities and the types that they belong to take away.
    pub fn of(snapshot: &Snapshot, calamities: &Calamities) -> Self {
        let mut outage = Outage::default();
        let types =
            calamities.0.iter().flat_map(|chain| chain.keys()).filter_map(|id| snapshot.get::<CalamityType>(id));
        for taken in types.flat_map(|one| &one.takes_down) {
            match taken.certainty {
                Certainty::Sure => outage.sure.insert(taken.dependence),
                Certainty::Possible => outage.possible.insert(taken.dependence),
            };
        }
        outage.possible = outage.possible.difference(&outage.sure).copied().collect();
        outage
    }

    /// Whether anything is taken away for sure.
    pub fn is_sure(&self) -> bool {
        !self.sure.is_empty()
    }

    /// What is taken away for sure.
    pub fn sure(&self) -> impl Iterator<Item = Dependence> {
        self.sure.iter().copied()
    }

    /// What is perhaps taken away.
    pub fn possible(&self) -> impl Iterator<Item = Dependence> {
        self.possible.iter().copied()
    }

    /// Marks the channels of these entries.
    pub fn mark_entries(&self, entries: &mut [Entry]) {
        let functions = entries.iter_mut().flat_map(|entry| &mut entry.roles).flat_map(|role| &mut role.functions);
        functions.for_each(|function| self.mark(&mut function.contacts));
    }

    /// Marks the channels of these last resorts: what can still be reached comes first.
    pub fn mark_last_resorts(&self, last_resorts: &mut [LastResort]) {
        last_resorts.iter_mut().for_each(|last| self.mark(&mut last.contacts));
        if self.is_sure() {
            last_resorts.sort_by_key(|last| !last.contacts.iter().any(Reach::is_reachable));
        }
    }

    /// Marks the channels of these handovers.
    pub fn mark_handovers(&self, handovers: &mut [Handover]) {
        for handover in handovers {
            self.mark(&mut handover.contacts);
            self.mark(&mut handover.dispatch_contacts);
        }
    }

    /// Marks the channels of contacts; what is taken away for sure comes last, in the order it had.
    fn mark(&self, reaches: &mut [Reach]) {
        if self.sure.is_empty() && self.possible.is_empty() {
            return;
        }
        for reach in reaches.iter_mut() {
            for one in &mut reach.channels {
                let hit = |taken: &BTreeSet<Dependence>| -> Vec<Dependence> {
                    one.channel.depends_on.iter().copied().filter(|on| taken.contains(on)).collect()
                };
                (one.taken_down, one.may_be_down) = (hit(&self.sure), hit(&self.possible));
                one.reachable &= one.taken_down.is_empty();
            }
            reach.channels.sort_by_key(|one| !one.taken_down.is_empty());
        }
        reaches.sort_by_key(|reach| reach.is_known() && !reach.is_reachable());
    }
}
