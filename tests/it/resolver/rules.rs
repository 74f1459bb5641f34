//! Random rules, arrangements and questions about a random directory.

use crisisgids::domain::acting::Question;
use crisisgids::domain::arrangement::{Arrangement, Party, Scope};
use crisisgids::domain::assignment::{
    Activation, ActivationRule, Actor, AlarmMeans, Assignment, FunctionCall, Phase, Role,
};
use crisisgids::domain::grip::Grip;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;

use super::directories::{
    CONDITIONS, DATES, FUNCTIONS, ORGANISATIONS, PROCESS, area_names, id, moment, names, one_capability, some, text,
    type_names, validity,
};

fn actor() -> impl Strategy<Value = Actor> {
    let none = Actor { organisation: None, capability: None, adjacent_capability: None };
    let (named, covering, adjacent) = (none.clone(), none.clone(), none);
    prop_oneof![
        3 => select(ORGANISATIONS).prop_map(move |name| Actor { organisation: Some(id(name)), ..named.clone() }),
        5 => one_capability().prop_map(move |name| Actor { capability: Some(name), ..covering.clone() }),
        1 => one_capability().prop_map(move |name| Actor { adjacent_capability: Some(name), ..adjacent.clone() }),
    ]
}

fn activation() -> impl Strategy<Value = Option<ActivationRule>> {
    prop::option::of(select(Activation::ALL).prop_map(|kind| ActivationRule {
        kind,
        requested_by: (kind == Activation::OnRequest).then(|| text("whoever leads")),
        through: None,
        means: AlarmMeans::Unknown,
    }))
}

/// A rule of some number; what it replaces are rules of other numbers.
pub(super) fn assignment(index: usize, count: usize) -> impl Strategy<Value = Assignment> {
    let scope = (type_names(2), prop_oneof![1 => Just(vec![]), 1 => area_names(3)], names(CONDITIONS, 2));
    let levels =
        (prop_oneof![2 => Just(Grip::None), 1 => select(Grip::ALL)], prop::option::weighted(0.3, select(Grip::ALL)));
    let phase = prop_oneof![8 => Just(Phase::Response), 1 => Just(Phase::Preparation), 1 => Just(Phase::Aftercare)];
    let doing = (names(FUNCTIONS, 2), any::<bool>(), activation());
    let replaces = prop_oneof![3 => Just(vec![]), 1 => prop::collection::vec(0..count, 1..=2)];
    (scope, levels, phase, actor(), select(Role::ALL), doing, replaces, 0u32..2, validity()).prop_map(
        move |(
            (types, areas, conditions),
            (from, to),
            phase,
            actor,
            role,
            (functions, warns, activation),
            replaces,
            priority,
            validity,
        )| {
            let from_grip = if phase == Phase::Preparation { Grip::None } else { from };
            let call = |function| FunctionCall { function, arrival_limit_minutes: 0 };
            Assignment {
                name: id(&format!("assignments/r{index}")),
                calamity_types: types,
                areas,
                phase,
                from_grip,
                to_grip: to.filter(|to| *to >= from_grip),
                conditions,
                actor,
                role,
                processes: if warns { vec![id(PROCESS)] } else { vec![] },
                functions: functions.into_iter().map(call).collect(),
                // Those of smaller numbers: no rules displace each other.
                replaces: replaces
                    .into_iter()
                    .filter(|o| *o < index)
                    .map(|o| id(&format!("assignments/r{o}")))
                    .collect(),
                activation,
                legal_basis: None,
                priority,
                note: None,
                validity,
                source: None,
            }
        },
    )
}

/// Arrangements between some organisations, for some things.
pub(super) fn arrangements() -> impl Strategy<Value = Vec<Arrangement>> {
    let party = (select(ORGANISATIONS), validity()).prop_map(|(name, validity)| Party {
        organisation: id(name),
        capacity: None,
        part: String::new(),
        validity,
        source: None,
    });
    let scope =
        (area_names(3), type_names(2), some(Phase::ALL.to_vec(), 2)).prop_map(|(areas, calamity_types, phases)| {
            Scope {
                areas,
                calamity_types,
                processes: vec![],
                capabilities: vec![],
                phases,
                outside_crisis: false,
                resources: vec![],
                exclusions: vec![],
            }
        });
    let arrangement = (prop::collection::vec(party, 1..=3), prop::option::of(scope), validity());
    prop::collection::vec(arrangement, 0..4).prop_map(|all| {
        let numbered = all.into_iter().enumerate();
        numbered
            .map(|(index, (parties, scope, validity))| Arrangement {
                name: id(&format!("arrangements/a{index}")),
                display_names: text(&format!("arrangement {index}")),
                kind: "agreement".into(),
                parties,
                objectives: vec![],
                clauses: vec![],
                scope,
                invocation: None,
                service_level: None,
                costs: None,
                legal_basis: None,
                links: vec![],
                life_cycle: None,
                maturity: vec![],
                documents: vec![],
                contacts: vec![],
                validity,
                source: None,
            })
            .collect()
    })
}

/// Any question, by resource names.
pub(super) fn question() -> impl Strategy<Value = Question> {
    let places =
        prop_oneof![3 => area_names(1), 1 => area_names(2)].prop_filter("a place", |places| !places.is_empty());
    let time = (0..DATES.len(), prop_oneof![2 => Just(0i64), 3 => -20_000_000i64..20_000_000]);
    let stated = some(CONDITIONS.to_vec(), 2).prop_flat_map(|all| {
        let denied = prop::collection::vec(any::<bool>(), all.len());
        (Just(all), denied).prop_map(|(all, denied)| {
            let word = |(name, denied): (&str, bool)| if denied { format!("-{name}") } else { name.to_owned() };
            all.into_iter().zip(denied).map(word).collect::<Vec<_>>()
        })
    });
    (places, type_names(2), select(Grip::ALL), stated, time).prop_map(
        |(places, types, grip, circumstances, (date, seconds))| Question {
            places: places.iter().map(ToString::to_string).collect(),
            calamities: types.iter().map(ToString::to_string).collect(),
            grip,
            compare_grip: None,
            circumstances,
            denied: Vec::new(),
            asking_organisation: String::new(),
            effective_time: moment(date).instant() + jiff::SignedDuration::from_secs(seconds),
            exercise: false,
        },
    )
}

/// An instant between two others.
pub(super) fn between(from: Timestamp, to: Timestamp, share: f64) -> Timestamp {
    let (from, to) = (from.as_second(), to.as_second());
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "any instant between will do")]
    let second = from + ((to - from) as f64 * share) as i64;
    Timestamp::from_second(second).unwrap()
}
