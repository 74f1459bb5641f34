//! How each who acts is reached, and what is said of what is only announced, straight from the specification.

use std::collections::{BTreeMap, BTreeSet};

use crisisgids::domain::acting::answer::{GapKind, Reach, RoleEntry, Severity};
use crisisgids::domain::assignment::Role;
use crisisgids::domain::catalogue::CrisisFunction;
use crisisgids::domain::name::Id;
use crisisgids::domain::organisation::Organisation;
use crisisgids::domain::validity::Reading;
use proptest::prelude::*;

use super::directories::directory;
use super::oracle::{Acts, Told, told};
use super::rules::question;
use super::world::{Part, World};
use super::{answer, readings};

/// A contact with whose people fill it.
type Filled = (String, Option<String>);

/// Contacts, each with its channels in force as they stand in the record.
type Reached = BTreeMap<Filled, Vec<String>>;

/// The same, with what is only announced marked.
type Marked = BTreeSet<(Filled, bool, Vec<(String, bool)>)>;

fn own(world: &World<'_>, who: &Id<Organisation>, function: Option<&Id<CrisisFunction>>, parts: &[&Part]) -> Reached {
    let serves = |areas: &[Id<_>]| {
        areas.is_empty()
            || areas
                .iter()
                .any(|area| parts.iter().any(|part| part.chain.contains_key(area) || part.inside.contains(area)))
    };
    let contacts = world.directory.contacts.iter().filter(|contact| {
        contact.name.name().parent().as_ref() == Some(who.name())
            && contact.function.as_ref() == function
            && world.holds(&contact.validity)
            && serves(&contact.areas)
    });
    let each = contacts.map(|contact| {
        let filled_by = contact.filled_by.as_ref().filter(|filler| world.exists(filler)).map(ToString::to_string);
        let channels = contact.channels.iter().filter(|channel| world.holds(&channel.validity));
        ((contact.name.to_string(), filled_by), channels.map(|channel| format!("{channel:?}")).collect())
    });
    each.collect()
}

fn desk(world: &World<'_>, who: &Id<Organisation>, function: Option<&Id<CrisisFunction>>, parts: &[&Part]) -> Reached {
    let own_desk = own(world, who, function, parts);
    if !own_desk.is_empty() {
        return own_desk;
    }
    let all = world.directory.organisations.iter();
    let executors = all.filter(|other| world.exists(&other.name) && world.relates(other, "executes_for", who));
    executors.flat_map(|executor| own(world, &executor.name, function, parts)).collect()
}

/// The contacts for a function and, where none of them has a value, those of the general desk as well.
fn reached(
    world: &World<'_>,
    who: &Id<Organisation>,
    function: Option<&Id<CrisisFunction>>,
    parts: &[&Part],
) -> Reached {
    let mut asked = desk(world, who, function, parts);
    let has_value = asked.values().flatten().any(|channel| channel.contains("placeholder: false"));
    if function.is_some() && !has_value {
        asked.extend(desk(world, who, None, parts));
    }
    asked
}

/// What two readings give together: each contact, each channel, and whether only the second gives it.
fn united(first: &Reached, second: &Reached) -> Marked {
    let mut all = BTreeSet::new();
    for (contact, channels) in first {
        let mut marked: Vec<(String, bool)> = channels.iter().map(|channel| (channel.clone(), false)).collect();
        for channel in second.get(contact).into_iter().flatten().filter(|channel| !channels.contains(channel)) {
            marked.push((channel.clone(), true));
        }
        all.insert((contact.clone(), false, marked));
    }
    for (contact, channels) in second.iter().filter(|(contact, _)| !first.contains_key(*contact)) {
        let marked = channels.iter().map(|channel| (channel.clone(), false)).collect();
        all.insert((contact.clone(), true, marked));
    }
    all
}

fn given(reaches: &[Reach]) -> Marked {
    let each = reaches.iter().map(|reach| {
        let filled_by = reach.filled_by.as_ref().map(|filler| filler.name.to_string());
        let channels = reach.channels.iter().map(|one| (format!("{:?}", one.channel), one.announced)).collect();
        ((reach.contact.name.to_string(), filled_by), reach.announced, channels)
    });
    each.collect()
}

/// The parts of a reading in which somebody acts as an entry says.
fn parts_of<'t>(told: &'t Told, who: &Id<Organisation>, role: &RoleEntry) -> Vec<(&'t Acts, &'t Part)> {
    let rules: BTreeSet<_> = role.rules.iter().map(|rule| rule.name.clone()).collect();
    let conditional: BTreeSet<_> = role.conditional.iter().map(|one| one.name.clone()).collect();
    let same = |acts: &Acts| {
        acts.organisation == *who
            && (acts.role, acts.shared, acts.partial) == (role.role, role.shared, role.partial)
            && acts.rules == rules
            && acts.conditional == conditional
    };
    told.parts.iter().filter(|(acts, _)| same(acts)).map(|(acts, part)| (acts, part)).collect()
}

proptest! {

    #[test]
    fn each_is_reached_as_the_reference_says_in_both_readings(directory in directory(), question in question()) {
        let answer = answer(&directory, &question)?;
        let worlds = [Reading::Confirmed, Reading::Announced]
            .map(|reading| World { directory: &directory, at: question.effective_time, reading });
        let [confirmed, announced] = readings(&directory, &question);
        for entry in &answer.acting {
            let who = &entry.organisation.name;
            for role in &entry.roles {
                let serves = |acts: &Acts| role.serves.iter().any(|area| area.name == acts.serves);
                let here = |told| parts_of(told, who, role).into_iter().filter(|(acts, _)| serves(acts));
                let first: Vec<&Part> = here(&confirmed).map(|(_, part)| part).collect();
                let second: Vec<&Part> = here(&announced).map(|(_, part)| part).collect();
                for called in &role.functions {
                    let function = called.function.as_ref().map(|function| &function.name);
                    let in_second = reached(&worlds[1], who, function, &second);
                    let expected = if role.announced {
                        // Announced as a whole: nothing in it is marked.
                        united(&in_second, &in_second)
                    } else if second.is_empty() {
                        let in_first = reached(&worlds[0], who, function, &first);
                        united(&in_first, &in_first)
                    } else {
                        united(&reached(&worlds[0], who, function, &first), &in_second)
                    };
                    prop_assert_eq!(given(&called.contacts), expected, "{} {:?}", who, function);
                }
            }
        }
    }

    #[test]
    fn a_red_gap_says_what_to_confirm_wherever_the_readings_differ_in_who_decides_or_leads(directory in directory(), question in question()) {
        let answer = answer(&directory, &question)?;
        let [confirmed, announced] = [Reading::Confirmed, Reading::Announced].map(|one| told(&directory, &question, one));
        let red = answer.gaps.iter().any(|gap| {
            (gap.kind, gap.severity) == (GapKind::AnnouncedUnconfirmed, Severity::Red)
        });
        // Each organisation that decides or leads, as what it stands in the answer.
        let command = |told: &Told| {
            let mut command = BTreeMap::new();
            for acts in told.acts.iter().filter(|acts| acts.role <= Role::OperationalLead) {
                let leads_only = acts.role == Role::OperationalLead;
                command.entry(acts.organisation.clone()).and_modify(|known| *known &= leads_only).or_insert(leads_only);
            }
            command
        };
        prop_assert!(red || command(&confirmed) == command(&announced), "no gap");
        let written = format!("{directory:?}");
        let undisputed = !written.contains("ANNOUNCED") && !written.contains("announced_end");
        prop_assert!(!(red && undisputed), "a gap about nothing");
    }
}
