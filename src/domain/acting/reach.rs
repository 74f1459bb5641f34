//! Step 7 of the question: how an organisation is reached for the functions it must send.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::area::AreaKind;
use crate::domain::catalogue::CrisisFunction;
use crate::domain::contact::{Channel, Contact, Purpose};
use crate::domain::hours;
use crate::domain::name::{Id, Name};
use crate::domain::organisation::{EXECUTES_FOR, Organisation};

use super::answer::{Reach, ReachChannel};
use super::territory::{Narrowness, Part, View};

impl View<'_> {
    /// The contacts of an organisation for a function (`None`: its general desk) in these parts: its own, and where
    /// it has none, those of the organisations that execute for it. Narrower scope first, then the fitter, then
    /// by name.
    pub fn reach(
        &self,
        organisation: &Arc<Organisation>,
        function: Option<&Id<CrisisFunction>>,
        parts: &[&Part],
    ) -> Vec<Reach> {
        let own = self.own_contacts(organisation, function, parts);
        if !own.is_empty() {
            return own;
        }
        self.related_to(&organisation.name, EXECUTES_FOR)
            .iter()
            .flat_map(|executor| self.own_contacts(executor, function, parts))
            .collect()
    }

    /// The contacts for a function and, where none of them has a number, the general desk as well.
    pub fn reach_somehow(
        &self,
        organisation: &Arc<Organisation>,
        function: Option<&Id<CrisisFunction>>,
        parts: &[&Part],
    ) -> Vec<Reach> {
        let mut asked = self.reach(organisation, function, parts);
        if function.is_some() && !asked.iter().any(Reach::is_known) {
            asked.extend(self.reach(organisation, None, parts));
        }
        asked
    }

    fn own_contacts(
        &self,
        organisation: &Arc<Organisation>,
        function: Option<&Id<CrisisFunction>>,
        parts: &[&Part],
    ) -> Vec<Reach> {
        let mut found: Vec<(Narrowness, Fitness, Reach)> = self
            .snapshot
            .contacts_of(organisation.name.name())
            .iter()
            .filter(|contact| contact.function.as_ref() == function && is_operational(contact))
            .filter(|contact| contact.validity.holds(self.at, self.reading))
            .filter_map(|contact| Some((scope(contact, parts)?, contact)))
            .map(|(narrowness, contact)| {
                let reach = self.reach_of(contact, organisation);
                (narrowness, fitness(&reach), reach)
            })
            .collect();
        found.sort_by(|a, b| (a.0, a.1, &a.2.contact.name).cmp(&(b.0, b.1, &b.2.contact.name)));
        found.into_iter().map(|(_, _, reach)| reach).collect()
    }

    /// A contact as it can be reached at the time.
    pub fn reach_of(&self, contact: &Arc<Contact>, organisation: &Arc<Organisation>) -> Reach {
        let channels = contact
            .channels
            .iter()
            .filter(|channel| channel.validity.holds(self.at, self.reading))
            .map(|channel| ReachChannel {
                reachable: !channel.placeholder && hours::is_open(channel, self.at),
                channel: channel.clone(),
                taken_down: Vec::new(),
                may_be_down: Vec::new(),
                announced: false,
            })
            .collect();
        let filled_by = contact.filled_by.as_ref().and_then(|filler| self.organisation(filler));
        Reach { contact: contact.clone(), organisation: organisation.clone(), filled_by, channels, announced: false }
    }

    /// The next instant at which a channel of these contacts opens or closes.
    pub fn next_hours_boundary<'r>(&self, reaches: impl IntoIterator<Item = &'r Reach>) -> Option<jiff::Timestamp> {
        reaches
            .into_iter()
            .flat_map(|reach| &reach.contact.channels)
            .filter_map(|channel| hours::next_boundary(channel, self.at))
            .min()
    }
}

impl Reach {
    /// Whether any channel is answered at the time, whatever becomes of what is announced.
    pub fn is_reachable(&self) -> bool {
        !self.announced && self.channels.iter().any(|channel| channel.reachable && !channel.announced)
    }

    /// Whether any channel has a value, answered or not.
    pub fn is_known(&self) -> bool {
        self.channels.iter().any(|one| !one.announced && !one.channel.placeholder)
    }

    /// The records that it rests on.
    pub fn records(&self) -> impl Iterator<Item = Name> {
        let fillers = self.filled_by.iter().map(|filler| filler.name.name().clone());
        [self.contact.name.name().clone(), self.organisation.name.name().clone()].into_iter().chain(fillers)
    }
}

/// Adds how the same is reached in another reading: what only that one gives is marked and comes last.
pub fn add_reading(known: &mut Vec<Reach>, other: Vec<Reach>) {
    for reach in other {
        let same = |one: &&mut Reach| one.contact.name == reach.contact.name && one.filled_by == reach.filled_by;
        match known.iter_mut().find(same) {
            Some(one) => {
                let new = |there: &ReachChannel| !one.channels.iter().any(|here| here.channel == there.channel);
                let more: Vec<_> = reach.channels.into_iter().filter(new).collect();
                one.channels.extend(more.into_iter().map(|channel| ReachChannel { announced: true, ..channel }));
            }
            None => known.push(Reach { announced: true, ..reach }),
        }
    }
}

/// Contacts for the press, for contracts or for the public are not called in a calamity.
fn is_operational(contact: &Contact) -> bool {
    contact.purpose() != Purpose::Other
}

/// How fit a contact is among equally narrow ones: reachable before not, verified before unverified, the desk on duty
/// before a line and that before a general number, known hours before unknown.
pub type Fitness = (bool, bool, Purpose, bool);

/// How fit a contact is; the smaller is tried first.
pub fn fitness(reach: &Reach) -> Fitness {
    let usable: Vec<&Channel> = reach.channels.iter().filter(|one| one.reachable).map(|one| &one.channel).collect();
    let verified = usable.iter().any(|channel| channel.verified_date.is_some());
    let known = usable.iter().any(|channel| channel.has_known_hours());
    (!reach.is_reachable(), !verified, reach.contact.purpose(), !known)
}

/// How narrowly a contact serves these parts; `None` if it serves other areas only.
fn scope(contact: &Contact, parts: &[&Part]) -> Option<Narrowness> {
    if contact.areas.is_empty() {
        return Some((AreaKind::Country, usize::MAX));
    }
    let areas: BTreeSet<_> = contact.areas.iter().collect();
    parts
        .iter()
        .flat_map(|part| {
            let in_chain = areas.iter().filter_map(|area| part.chain.get(*area)).copied();
            let inside =
                areas.iter().filter(|area| part.inside.contains(*area)).map(|_| (AreaKind::Municipality, usize::MAX));
            in_chain.chain(inside)
        })
        .min()
}
