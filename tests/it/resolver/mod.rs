//! The resolver against a reference: slow, obvious, without an index, written from the specification alone.
//!
//! **Invariants.** Nothing here shares code with `domain::acting`; what it shares with the domain are the types of the
//! records and whether a validity holds.
#![expect(clippy::indexing_slicing, reason = "the numbers of a generator stay below the length of its lists")]

mod contacts;
mod directories;
mod hours;
mod oracle;
mod properties;
mod reached;
mod rules;
mod shown;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use crisisgids::domain::acting::answer::{Answer, ResolvedArea};
use crisisgids::domain::acting::{self, Question};
use crisisgids::domain::validity::Reading;
use proptest::prelude::*;

use directories::{Directory, directory};
use oracle::{Acts, Names, Told, told};
use rules::question;

/// What an answer tells, place by place; for each whether only an announced fact says so.
fn acts(answer: &Answer) -> BTreeMap<(Acts, bool), usize> {
    let mut acts = BTreeMap::new();
    for entry in &answer.acting {
        for role in &entry.roles {
            for serves in &role.serves {
                let one = Acts {
                    organisation: entry.organisation.name.clone(),
                    role: role.role,
                    serves: serves.name.clone(),
                    shared: role.shared,
                    partial: role.partial,
                    conditional: role.conditional.iter().map(|c| c.name.clone()).collect(),
                    rules: role.rules.iter().map(|rule| rule.name.clone()).collect(),
                };
                *acts.entry((one, role.announced)).or_default() += 1;
            }
        }
    }
    acts
}

/// Each of the first as it is, and of the second what the first has not, as announced.
fn united<T: Ord + Clone>(confirmed: &BTreeSet<T>, announced: &BTreeSet<T>) -> BTreeSet<(T, bool)> {
    let new = announced.difference(confirmed).map(|one| (one.clone(), true));
    confirmed.iter().map(|one| (one.clone(), false)).chain(new).collect()
}

fn readings(directory: &Directory, question: &Question) -> [Told; 2] {
    [Reading::Confirmed, Reading::Announced].map(|reading| told(directory, question, reading))
}

/// The answer, unless an asked area does not exist at that time.
fn answer(directory: &Directory, question: &Question) -> Result<Answer, TestCaseError> {
    let known = |place: &String| {
        directory
            .areas
            .iter()
            .any(|area| area.name.to_string() == *place && area.validity.may_hold(question.effective_time))
    };
    prop_assume!(question.places.iter().all(known));
    acting::answer(&directory.snapshot(), question).map_err(|error| TestCaseError::fail(format!("{error:?}")))
}

proptest! {

    #[test]
    fn who_acts_is_who_the_reference_says(directory in directory(), question in question()) {
        let answer = answer(&directory, &question)?;
        let [confirmed, announced] = readings(&directory, &question);
        let given = acts(&answer);
        prop_assert!(given.values().all(|times| *times == 1), "said twice: {given:#?}");
        let given: BTreeSet<_> = given.into_keys().collect();
        let expected = united(&confirmed.acts, &announced.acts);
        prop_assert_eq!(
            given.difference(&expected).collect::<Vec<_>>(),
            expected.difference(&given).collect::<Vec<_>>(),
            "left: only the resolver, right: only the reference"
        );
    }

    #[test]
    fn the_areas_concerned_are_those_of_the_reference(directory in directory(), question in question()) {
        let answer = answer(&directory, &question)?;
        let [confirmed, announced] = readings(&directory, &question);
        let given = |areas: &[ResolvedArea]| areas.iter().map(|one| (one.area.name.clone(), one.announced)).collect::<BTreeSet<_>>();
        let each = |of: fn(&Told) -> &Names| united(of(&confirmed), of(&announced));
        prop_assert_eq!(given(&answer.resolution.municipalities), each(|told| &told.municipalities));
        prop_assert_eq!(given(&answer.resolution.safety_regions), each(|told| &told.safety_regions));
        prop_assert_eq!(given(&answer.resolution.provinces), each(|told| &told.provinces));
    }

    #[test]
    fn the_last_resorts_are_those_of_the_reference(directory in directory(), question in question()) {
        let answer = answer(&directory, &question)?;
        let [confirmed, announced] = readings(&directory, &question);
        let ranks: Vec<u32> = answer.last_resorts.iter().map(|one| one.capability.last_resort_rank).collect();
        prop_assert!(ranks.is_sorted());
        let given = answer.last_resorts.iter().map(|one| {
            ((one.capability.last_resort_rank, one.organisation.name.clone()), one.announced)
        });
        let given: BTreeSet<_> = given.collect();
        let expected = united(&confirmed.last_resorts, &announced.last_resorts);
        if confirmed.wholly_ours && announced.wholly_ours {
            prop_assert_eq!(given, expected);
        } else {
            // What is outside ours adds its own.
            let known = |one: &((u32, _), bool)| given.contains(one) || given.contains(&(one.0.clone(), false));
            prop_assert!(expected.iter().all(known), "{:?} lacks some of {:?}", given, expected);
        }
    }

    #[test]
    fn the_arrangements_are_those_of_the_reference(directory in directory(), question in question()) {
        let answer = answer(&directory, &question)?;
        let [confirmed, announced] = readings(&directory, &question);
        let given: BTreeSet<_> = answer.arrangements.iter().map(|one| (one.arrangement.name.to_string(), one.announced)).collect();
        prop_assert_eq!(given, united(&confirmed.arrangements, &announced.arrangements));
    }

    #[test]
    fn an_organisation_stands_in_the_group_of_its_strongest_role(directory in directory(), question in question()) {
        let answer = answer(&directory, &question)?;
        let [confirmed, announced] = readings(&directory, &question);
        for entry in &answer.acting {
            let name = &entry.organisation.name;
            let strongest = [&confirmed, &announced].iter().filter_map(|told| told.groups.get(name)).min();
            prop_assert_eq!(Some(&entry.group), strongest);
        }
    }
}
