//! The alarm list: who must be alarmed now, and the first act.
//!
//! Who leads is alarmed, and whose rule says that it is alarmed by procedure: `AUTOMATIC` activation. Below a declared
//! level these are the rules of the type; from GRIP 1 on, those of the large-scale alarm as well (Besluit
//! veiligheidsregio's 2.1.1 and 2.2.3). What hangs on an unstated circumstance, is only announced or is merely told is
//! not alarmed.
//!
//! **Invariants.** The list is whole: an entry that stands under authority or lead is on it by reference.

use crate::domain::assignment::{Activation, AlarmMeans, Role};
use crate::domain::catalogue::DISPATCH_CENTRE;
use crate::domain::contact::{ChannelKind, Purpose};

use super::answer::{Alarmed, Entry, EntryChange, FirstCall, Group, LastResort, Reach, RoleEntry};
use super::asker::Asker;

/// The alarm list of an answer, in the order to alarm: who leads, then who supports, then who decides.
pub fn call_now(entries: &[Entry]) -> Vec<Alarmed> {
    let mut list: Vec<(u8, Alarmed)> = entries
        .iter()
        .filter(|entry| entry.change != Some(EntryChange::Ends))
        .filter_map(|entry| {
            let roles: Vec<&RoleEntry> = entry.roles.iter().filter(|role| is_alarmed(role)).collect();
            let best = roles.iter().map(|role| place(role)).min()?;
            Some((best, alarmed(entry, &roles)))
        })
        .collect();
    list.sort_by_key(|(place, alarmed)| (*place, alarmed.rank));
    list.into_iter().map(|(_, alarmed)| alarmed).collect()
}

/// The first act: the first channel that reaches who leads or is alarmed. Who only decides comes last. A party without
/// a number that the dispatch centre alarms over its system is reached by calling the dispatch centre. The organisation
/// that asks is not called.
pub fn first_call(call_now: &[Alarmed], last_resorts: &[LastResort], asker: Asker<'_>) -> Option<FirstCall> {
    let dispatch = || {
        let centres = last_resorts.iter().filter(|last| last.capability.name.name().as_str() == DISPATCH_CENTRE);
        centres.filter(|last| !last.announced).flat_map(|last| &last.contacts).find_map(first_channel)
    };
    call_now.iter().find_map(|alarmed| {
        let by_system = alarmed.activation.as_ref().is_some_and(|rule| rule.means == AlarmMeans::DispatchSystem);
        let own = alarmed.call.clone().filter(|call| !asker.answers(&call.organisation.name, &call.channel.channel));
        own.or_else(|| if by_system { dispatch() } else { None })
    })
}

/// Whether a role is alarmed.
pub fn is_alarmed(role: &RoleEntry) -> bool {
    let by_procedure = role.activation.as_ref().is_some_and(|rule| rule.kind == Activation::Automatic);
    let holds = role.conditional.is_empty() && !role.announced;
    holds && role.role != Role::Informed && (role.role == Role::OperationalLead || by_procedure)
}

/// Where a role stands on the list.
fn place(role: &RoleEntry) -> u8 {
    match role.role {
        Role::OperationalLead => 0,
        Role::Support | Role::Informed => 1,
        Role::FunctionalAuthority | Role::GeneralAuthority => 2,
    }
}

fn alarmed(entry: &Entry, roles: &[&RoleEntry]) -> Alarmed {
    let by_procedure =
        |role: &&&RoleEntry| role.activation.as_ref().is_some_and(|rule| rule.kind == Activation::Automatic);
    let settling = roles.iter().find(by_procedure).or_else(|| roles.first());
    Alarmed {
        organisation: entry.organisation.clone(),
        rank: entry.rank,
        from_grip: roles.iter().map(|role| role.from_grip).min().unwrap_or(crate::domain::grip::Grip::None),
        activation: settling.and_then(|role| role.activation.clone()),
        call: roles.iter().flat_map(|role| &role.functions).flat_map(|one| &one.contacts).find_map(first_channel),
        note: settling.and_then(|role| role.rules.iter().find_map(|rule| rule.note.clone())),
    }
}

/// The first channel of a contact that is answered now and can be called: a letter-box or a page is no call, and a
/// general number is no duty desk.
fn first_channel(reach: &Reach) -> Option<FirstCall> {
    if reach.announced || reach.contact.purpose() == Purpose::General {
        return None;
    }
    let callable = |kind: ChannelKind| match kind {
        ChannelKind::Telephone
        | ChannelKind::AlarmGroup
        | ChannelKind::Talkgroup
        | ChannelKind::MarineVhf
        | ChannelKind::Platform => true,
        ChannelKind::Email | ChannelKind::WebPage => false,
    };
    let channel =
        reach.channels.iter().find(|one| one.reachable && !one.announced && callable(one.channel.kind))?.clone();
    Some(FirstCall { organisation: reach.organisation.clone(), contact: reach.contact.clone(), channel })
}

/// Whether an entry leads or is alarmed.
pub fn is_urgent(entry: &Entry) -> bool {
    matches!(entry.group, Group::Lead) || entry.roles.iter().any(is_alarmed)
}
