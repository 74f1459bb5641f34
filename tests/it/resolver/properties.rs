//! What holds of every answer, whatever the directory.

use std::collections::BTreeSet;
use std::sync::Arc;

use crisisgids::domain::acting::answer::{Answer, EntryChange, Group};
use crisisgids::domain::acting::{self, Question};
use crisisgids::domain::assignment::Assignment;
use crisisgids::domain::contact::Confidentiality;
use crisisgids::domain::grip::Grip;
use crisisgids::domain::organisation::Organisation;
use crisisgids::domain::questions::areas::{self, AreasQuestion};
use crisisgids::domain::questions::worklist::{self, WorklistQuestion};
use crisisgids::domain::record::Revision;
use crisisgids::domain::snapshot::Snapshot;
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::sample::select;

use super::answer;
use super::directories::{directory, id};
use super::rules::{assignment, between, question};

/// An answer less what says when it was given.
fn undated(answer: Answer) -> Answer {
    Answer { revision: Revision(0), effective_time: jiff::Timestamp::UNIX_EPOCH, expire_time: None, ..answer }
}

/// Who decides, each with where.
fn authorities(answer: &Answer) -> BTreeSet<(String, String)> {
    let all = answer.acting.iter().filter(|entry| entry.group == Group::Authority);
    let roles = all.flat_map(|entry| entry.roles.iter().map(move |role| (entry, role)));
    let each = roles.flat_map(|(entry, role)| role.serves.iter().map(move |area| (entry, role, area)));
    each.filter(|(_, role, _)| role.role.word().ends_with("AUTHORITY"))
        .map(|(entry, _, area)| (entry.organisation.name.to_string(), area.name.to_string()))
        .collect()
}

/// Where the organisation acts for what is asked about, at its level.
fn inverse(snapshot: &Snapshot, organisation: &Arc<Organisation>, question: &Question) -> AreasQuestion {
    let asked = |name: &String| snapshot.get(&id(name)).cloned();
    AreasQuestion {
        organisation: organisation.clone(),
        calamity_types: question.calamities.iter().filter_map(asked).collect(),
        grip: Some(question.grip),
        effective_time: question.effective_time,
    }
}

proptest! {

    #[test]
    fn an_answer_is_the_same_until_it_expires(
        directory in directory(), question in question(), shares in prop::collection::vec(0.0..1.0f64, 3),
    ) {
        let first = answer(&directory, &question)?;
        let snapshot = directory.snapshot();
        let from = question.effective_time;
        prop_assert!(first.expire_time.is_none_or(|expires| expires > from));
        let until = first.expire_time.unwrap_or(from + SignedDuration::from_hours(24 * 4000));
        let last = until - SignedDuration::from_nanos(1);
        let probes = shares.into_iter().map(|share| between(from, until, share)).filter(|at| *at >= from);
        for at in probes.chain([last, from + SignedDuration::from_nanos(1)]).filter(|at| *at < until) {
            let later = acting::answer(&snapshot, &Question { effective_time: at, ..question.clone() }).unwrap();
            prop_assert_eq!(undated(later), undated(first.clone()), "at {}", at);
        }
    }

    #[test]
    fn a_further_rule_takes_authority_from_nobody_else(
        directory in directory(), question in question(), rule in assignment(99, 1),
    ) {
        let before = authorities(&answer(&directory, &question)?);
        let mut more = directory;
        let mut rule = rule;
        rule.replaces.clear();
        let actor = id("organisations/e");
        rule.actor.organisation = Some(actor);
        (rule.actor.capability, rule.actor.adjacent_capability) = (None, None);
        more.assignments.push(rule);
        let after = authorities(&answer(&more, &question)?);
        let lost: Vec<_> = before.difference(&after).filter(|(who, _)| who != "organisations/e").collect();
        // One that has ended acts through its successors, whose own rules may then be less specific; they still act.
        let acting: BTreeSet<&String> = after.iter().map(|(who, _)| who).collect();
        let lost: Vec<_> = lost.into_iter().filter(|(who, _)| !acting.contains(who)).collect();
        prop_assert!(lost.is_empty(), "{:?} lost", lost);
    }

    #[test]
    fn an_answer_speaks_only_of_records_that_stand(directory in directory(), question in question()) {
        let answer = answer(&directory, &question)?;
        let snapshot = directory.snapshot();
        let stands = |name: &crisisgids::domain::name::Name| snapshot.stored(name).is_some();
        for entry in &answer.acting {
            prop_assert!(stands(entry.organisation.name.name()));
            prop_assert!(!entry.roles.is_empty());
            for role in &entry.roles {
                prop_assert!(!role.serves.is_empty() && !role.rules.is_empty() && !role.functions.is_empty());
                let names = role.serves.iter().map(|r| r.name.name()).chain(role.rules.iter().map(|r| r.name.name()));
                let names = names.chain(role.coverages.iter().map(|r| r.name.name()));
                let names = names.chain(role.conditional.iter().map(|r| r.name.name()));
                let names = names.chain(role.overridden.iter().flat_map(|(lost, won)| [lost.name.name(), won.name()]));
                prop_assert!(names.into_iter().all(stands));
                prop_assert!(role.overridden.iter().all(|(_, won)| role.rules.iter().any(|rule| rule.name == *won)));
                for reach in role.functions.iter().flat_map(|function| &function.contacts) {
                    prop_assert!(stands(reach.contact.name.name()));
                    let parent = reach.contact.name.name().parent();
 prop_assert_eq!(parent.as_ref(), Some(reach.organisation.name.name()));
                }
            }
        }
        prop_assert!(answer.arrangements.iter().flat_map(|one| &one.binds).all(|bound| stands(bound.name())));
        prop_assert!(answer.gaps.iter().filter_map(|gap| gap.subject.as_ref()).all(stands));
        prop_assert!(answer.gaps.is_sorted_by_key(|gap| gap.severity));
    }

    #[test]
    fn entries_are_ranked_from_one_in_the_order_of_their_groups(
        directory in directory(), question in question(), compare_grip in prop::option::of(select(Grip::ALL)),
    ) {
        let answer = answer(&directory, &Question { compare_grip, ..question })?;
        let ranks = answer.acting.iter().map(|entry| entry.rank);
        prop_assert!(ranks.eq((1..).take(answer.acting.len())));
        prop_assert!(answer.acting.is_sorted_by_key(|entry| entry.group));
        let who: BTreeSet<_> = answer.acting.iter().map(|entry| &entry.organisation.name).collect();
        prop_assert_eq!(who.len(), answer.acting.len(), "one entry per organisation");
    }

    #[test]
    fn the_marks_of_a_comparison_are_the_difference_of_two_answers(
        directory in directory(), question in question(), other in select(Grip::ALL),
    ) {
        let compared = answer(&directory, &Question { compare_grip: Some(other), ..question.clone() })?;
        let here = answer(&directory, &question)?;
        let there = answer(&directory, &Question { grip: other, ..question })?;
        let roles = |answer: &Answer, who: &crisisgids::domain::acting::answer::Entry| {
            let entry = answer.acting.iter().find(|entry| entry.organisation.name == who.organisation.name);
            entry.map(|entry| entry.roles.clone())
        };
        prop_assert!(here.acting.iter().chain(&there.acting).all(|entry| roles(&compared, entry).is_some()));
        for entry in &compared.acting {
            let expected = match (roles(&here, entry), roles(&there, entry)) {
                (Some(_), None) => EntryChange::Added,
                (None, _) => EntryChange::Ends,
                (Some(now), Some(then)) if now == then => EntryChange::Stays,
                (Some(_), Some(_)) => EntryChange::Changed,
            };
            prop_assert_eq!(entry.change, Some(expected), "{}", entry.organisation.name);
        }
    }

    #[test]
    fn the_inverse_knows_every_rule_by_which_anyone_acts(directory in directory(), question in question()) {
        let answer = answer(&directory, &question)?;
        let snapshot = directory.snapshot();
        for entry in &answer.acting {
            let found = areas::find(&snapshot, &inverse(&snapshot, &entry.organisation, &question));
            let known: BTreeSet<_> = found.iter().filter_map(|one| Some(&one.rule.as_ref()?.name)).collect();
            for rule in entry.roles.iter().flat_map(|role| &role.rules) {
                prop_assert!(known.contains(&rule.name), "{} by {}", entry.organisation.name, rule.name);
            }
        }
    }

    #[test]
    fn whoever_acts_somewhere_by_the_inverse_acts_there(directory in directory(), question in question()) {
        let snapshot = directory.snapshot();
        let places: Vec<String> = directory.areas.iter().map(|area| area.name.to_string()).collect();
        for organisation in snapshot.all::<Organisation>() {
            for acting in areas::find(&snapshot, &inverse(&snapshot, organisation, &question)) {
                let Some(rule) = acting.rule else { continue };
                // One that displaces it under circumstances of its own is another question.
                let displaced = |by: &Assignment| by.replaces.contains(&rule.name) && !by.conditions.is_empty();
                if directory.assignments.iter().any(displaced) {
                    continue;
                }
                let circumstances = rule.conditions.iter().map(ToString::to_string).collect();
                let mut there = Question { circumstances, ..question.clone() };
                if there.calamities.is_empty() {
                    // Asked for nothing in particular, the inverse tells of everything.
                    there.calamities = rule.calamity_types.iter().map(ToString::to_string).collect();
                }
                let acts = places.iter().any(|place| {
                    let there = Question { places: vec![place.clone()], ..there.clone() };
                    let answer = acting::answer(&snapshot, &there).ok();
                    let entries = answer.into_iter().flat_map(|answer| answer.acting);
                    let here = entries.filter(|entry| entry.organisation.name == organisation.name);
                    here.flat_map(|entry| entry.roles).any(|role| {
                        role.rules.iter().chain(role.overridden.iter().map(|(lost, _)| lost)).any(|one| *one == rule)
                    })
                });
                prop_assert!(acts, "{} by {} nowhere", organisation.name, rule.name);
            }
        }
    }

    #[test]
    fn a_worklist_is_the_same_until_it_expires(
        directory in directory(), question in question(), within_days in 0u32..400, share in 0.0..1.0f64,
    ) {
        let snapshot = directory.snapshot();
        let asked = |effective_time| WorklistQuestion { within_days, places: vec![], organisations: vec![], effective_time };
        let from = question.effective_time;
        let first = worklist::find(&snapshot, &asked(from));
        let expires = worklist::expire_time(&snapshot, &asked(from));
        prop_assert!(expires.is_none_or(|expires| expires > from));
        let until = expires.unwrap_or(from + SignedDuration::from_hours(24 * 4000));
        let last = until - SignedDuration::from_nanos(1);
        for at in [between(from, until, share), last].into_iter().filter(|at| *at >= from && *at < until) {
            prop_assert_eq!(worklist::find(&snapshot, &asked(at)), first.clone(), "at {}", at);
        }
    }

    #[test]
    fn what_is_withheld_is_nowhere_and_changes_nothing_else(
        directory in directory(), question in question(), clearance in select(Confidentiality::ALL),
    ) {
        let whole = answer(&directory, &question)?;
        let snapshot = directory.snapshot().redacted(clearance);
        let seen = acting::answer(&snapshot, &question).unwrap();
        for hidden in Confidentiality::ALL.iter().filter(|one| **one > clearance) {
            let value = format!("value-{}", hidden.word());
            prop_assert!(!format!("{seen:?}").contains(&value), "in the answer");
            prop_assert!(!format!("{snapshot:?}").contains(&value), "in the directory");
        }
        prop_assert_eq!(&seen.gaps, &whole.gaps);
        prop_assert_eq!(seen.expire_time, whole.expire_time);
        let reachable = |answer: &Answer| -> Vec<bool> {
            answer.acting.iter().flat_map(|entry| entry.reaches()).map(|reach| reach.is_reachable()).collect()
        };
        prop_assert_eq!(reachable(&seen), reachable(&whole));
    }
}
