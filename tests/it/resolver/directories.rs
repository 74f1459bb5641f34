//! Random directories and questions: small, so that their facts meet; nasty, so that they meet in every way.
//!
//! **Invariants.** Every reference leads somewhere and no area lies within itself, as the plan of a write would demand.

use crisisgids::domain::area::{AdjacentArea, Area, AreaEdge, AreaKind, Border};
use crisisgids::domain::arrangement::Arrangement;
use crisisgids::domain::assignment::Assignment;
use crisisgids::domain::calamity_type::{CalamityLevel, CalamityType};
use crisisgids::domain::catalogue::{Capability, Condition, CrisisFunction, CrisisProcess};
use crisisgids::domain::contact::Contact;
use crisisgids::domain::grip::Grip;
use crisisgids::domain::name::{Collected, Id};
use crisisgids::domain::organisation::{Coverage, Organisation, Relation};
use crisisgids::domain::record::{Meta, Origin, Record, Resource, Revision, Stored};
use crisisgids::domain::snapshot::Snapshot;
use crisisgids::domain::text::Localised;
use crisisgids::domain::validity::{Moment, Period, Span, Status, Validity};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use super::contacts::{contacts, coverages};
use super::rules::{arrangements, assignment};

/// The records of a directory, each kind in a plain list.
#[derive(Clone)]
pub(super) struct Directory {
    pub(super) areas: Vec<Area>,
    pub(super) organisations: Vec<Organisation>,
    pub(super) coverages: Vec<Coverage>,
    pub(super) contacts: Vec<Contact>,
    pub(super) calamity_types: Vec<CalamityType>,
    pub(super) capabilities: Vec<Capability>,
    pub(super) assignments: Vec<Assignment>,
    pub(super) arrangements: Vec<Arrangement>,
}

impl Directory {
    /// The directory as the resolver reads it.
    pub(super) fn snapshot(&self) -> Snapshot {
        let time = moment(0).instant();
        let meta = Meta {
            uid: "u".into(),
            revision: Revision(1),
            create_time: time,
            update_time: time,
            origin: Origin::Office,
        };
        let stored = self.records().into_iter().map(|record| Stored { record, meta: meta.clone() });
        Snapshot::new(Revision(1), stored, [])
    }

    /// Every record.
    pub(super) fn records(&self) -> Vec<Record> {
        fn each<R: Resource + Clone>(records: &[R]) -> impl Iterator<Item = Record> {
            records.iter().map(|record| record.clone().into_record())
        }
        let catalogue = CONDITIONS.iter().map(|name| {
            let (name, display_names) = (id(name), text(name));
            Condition { name, display_names, description: None, aliases: vec![], source: None }.into_record()
        });
        let functions = FUNCTIONS.iter().map(|name| function(name).into_record());
        let process =
            CrisisProcess { name: id(PROCESS), display_names: text(PROCESS), discipline: "fire".into(), source: None };
        each(&self.areas)
            .chain(each(&self.organisations))
            .chain(each(&self.coverages))
            .chain(each(&self.contacts))
            .chain(each(&self.calamity_types))
            .chain(each(&self.capabilities))
            .chain(each(&self.assignments))
            .chain(each(&self.arrangements))
            .chain(catalogue)
            .chain(functions)
            .chain([process.into_record()])
            .collect()
    }
}

use AreaKind::{Country, Municipality, Object, Place, Province, Rail, Road, SafetyRegion, Water};

/// From narrow to wide, so that an edge to a later area makes no circle.
const AREAS: &[(&str, AreaKind)] = &[
    ("areas/bridge", Object),
    ("areas/airport", Object),
    ("areas/quarter", Place),
    ("areas/village", Place),
    ("areas/town", Place),
    ("areas/motorway", Road),
    ("areas/line", Rail),
    ("areas/lake", Water),
    ("areas/former", Municipality),
    ("areas/gm1", Municipality),
    ("areas/gm2", Municipality),
    ("areas/gm3", Municipality),
    ("areas/gm4", Municipality),
    ("areas/vr1", SafetyRegion),
    ("areas/vr2", SafetyRegion),
    ("areas/vr3", SafetyRegion),
    ("areas/pv1", Province),
    ("areas/pv2", Province),
    ("areas/nl", Country),
];
pub(super) const ORGANISATIONS: &[&str] =
    &["organisations/a", "organisations/b", "organisations/c", "organisations/d", "organisations/e"];
/// With their place among the last resorts.
const CAPABILITIES: &[(&str, u32)] = &[
    ("capabilities/water", 0),
    ("capabilities/mayor", 0),
    ("capabilities/safety-region", 0),
    ("capabilities/dispatch-centre", 1),
    ("capabilities/duty-officer", 2),
];
const TYPES: &[(&str, CalamityLevel, Option<&str>)] = &[
    ("calamityTypes/1", CalamityLevel::Theme, None),
    ("calamityTypes/1-1", CalamityLevel::CrisisType, Some("calamityTypes/1")),
    ("calamityTypes/1-1-1", CalamityLevel::IncidentType, Some("calamityTypes/1-1")),
    ("calamityTypes/1-2", CalamityLevel::CrisisType, Some("calamityTypes/1")),
    ("calamityTypes/x9", CalamityLevel::CrisisType, None),
];
pub(super) const CONDITIONS: &[&str] = &["conditions/primary-dike", "conditions/suspected-intent"];
pub(super) const FUNCTIONS: &[&str] = &["crisisFunctions/leader", "crisisFunctions/officer"];
pub(super) const PROCESS: &str = "crisisProcesses/warn";

/// The dates at which facts begin and end: a day on which the clock skips an hour and one that repeats one among them.
pub(super) const DATES: &[&str] =
    &["2025-01-01", "2026-01-01", "2026-03-29T02:30", "2026-10-25T02:30", "2027-01-01", "2027-06-01"];

/// The moment of one of the dates.
pub(super) fn moment(index: usize) -> Moment {
    Moment::parse(DATES[index]).unwrap()
}

/// The name of a record.
pub(super) fn id<R: Collected>(name: &str) -> Id<R> {
    Id::parse(name).unwrap()
}

pub(super) fn text(name: &str) -> Localised {
    Localised::new(name.replace('/', " "), name.replace('/', " "))
}

fn function(name: &str) -> CrisisFunction {
    CrisisFunction {
        name: id(name),
        display_names: text(name),
        aliases: vec![],
        discipline: "fire".into(),
        from_grip: Grip::None,
        arrival_limit_minutes: 0,
        arrival_start: None,
        legal_basis: None,
        source: None,
    }
}

/// Mostly always and in force; otherwise from, until or announced for one of the dates.
pub(super) fn validity() -> impl Strategy<Value = Validity> {
    let period = (subsequence((0..DATES.len()).collect::<Vec<_>>(), 3), any::<[bool; 3]>(), 0u8..8);
    let dated = period.prop_map(|(dates, has, status)| {
        let pick = |at: usize| has[at].then(|| moment(dates[at]));
        let status = match status {
            0 | 1 => Status::Announced,
            2 => Status::Expected,
            _ => Status::InForce,
        };
        Validity(Period { start: pick(0), announced_end: pick(1), end: pick(2), status })
    });
    prop_oneof![3 => Just(Validity::default()), 2 => dated]
}

pub(super) fn some<T: Clone + std::fmt::Debug + 'static>(all: Vec<T>, most: usize) -> impl Strategy<Value = Vec<T>> {
    subsequence(all, 0..=most)
}

pub(super) fn names<R: Collected + 'static>(
    all: &'static [&'static str],
    most: usize,
) -> impl Strategy<Value = Vec<Id<R>>> {
    some(all.to_vec(), most).prop_map(|names| names.into_iter().map(id).collect())
}

pub(super) fn area_names(most: usize) -> impl Strategy<Value = Vec<Id<Area>>> {
    some(AREAS.to_vec(), most).prop_map(|areas| areas.into_iter().map(|(name, _)| id(name)).collect())
}

pub(super) fn type_names(most: usize) -> impl Strategy<Value = Vec<Id<CalamityType>>> {
    some(TYPES.to_vec(), most).prop_map(|types| types.into_iter().map(|(name, ..)| id(name)).collect())
}

pub(super) fn one_area() -> impl Strategy<Value = Id<Area>> {
    select(AREAS).prop_map(|(name, _)| id(name))
}

pub(super) fn one_capability() -> impl Strategy<Value = Id<Capability>> {
    select(CAPABILITIES).prop_map(|(name, _)| id(name))
}

fn edges(to: Vec<usize>, most: usize) -> impl Strategy<Value = Vec<AreaEdge>> {
    let most = most.min(to.len());
    prop::collection::vec((any::<Index>(), validity()), 0..=most).prop_map(move |picked| {
        let edge = |(index, validity): (Index, Validity)| AreaEdge {
            area: id(AREAS[to[index.index(to.len())]].0),
            validity,
            source: None,
        };
        picked.into_iter().map(edge).collect()
    })
}

fn area(index: usize) -> impl Strategy<Value = Area> {
    let (name, kind) = AREAS[index];
    let wider = (index + 1..AREAS.len()).filter(|other| AREAS[*other].1 >= kind).collect::<Vec<_>>();
    // What is ordinary: a municipality in a region, a region in a province; the nasty comes from `edges`.
    let usual = match kind {
        Object | Place | Road | Rail | Water | Municipality | SafetyRegion | Province => {
            wider.iter().copied().find(|other| AREAS[*other].1 > kind && AREAS[*other].1 >= Municipality)
        }
        Country => None,
    };
    let usual: Vec<usize> = usual
        .into_iter()
        .flat_map(|first| (first..AREAS.len()).filter(move |o| AREAS[*o].1 == AREAS[first].1))
        .collect();
    let overlapped = (0..AREAS.len()).filter(|other| *other != index).collect::<Vec<_>>();
    let most = match kind {
        Road | Rail | Water => 3,
        Object | Place | Municipality | SafetyRegion | Province | Country => 1,
    };
    let adjacent = prop::collection::vec((0..AREAS.len(), validity()), 0..=2).prop_map(move |picked| {
        let others = picked.into_iter().filter(|(other, _)| *other != index);
        others
            .map(|(other, validity)| AdjacentArea {
                area: id(AREAS[other].0),
                border: Border::Land,
                validity,
                source: None,
            })
            .collect()
    });
    let ours = prop_oneof![
        4 => Just(vec![Span { validity: Validity::default(), source: None }]),
        1 => prop::collection::vec(validity().prop_map(|validity| Span { validity, source: None }), 0..=1),
    ];
    let own = prop_oneof![4 => Just(Validity::default()), 1 => validity()];
    (edges(usual, 2), edges(wider, 1), edges(overlapped, most), adjacent, ours, own).prop_map(
        move |(mut within, more, overlaps, adjacent_to, ours, validity)| {
            within.extend(more);
            let ours = if kind == SafetyRegion && index < AREAS.len() - 4 { ours } else { vec![] };
            Area {
                name: id(name),
                display_names: text(name),
                kind,
                aliases: vec![],
                codes: vec![],
                within,
                overlaps,
                adjacent_to,
                successor_of: vec![],
                ours,
                validity,
                source: None,
            }
        },
    )
}

fn organisation(index: usize) -> impl Strategy<Value = Organisation> {
    let relations = prop::collection::vec(
        (0..ORGANISATIONS.len(), select(&["executes_for", "successor_of", "part_of"][..]), validity()),
        0..=2,
    );
    (relations, prop_oneof![3 => Just(Validity::default()), 1 => validity()]).prop_map(move |(relations, validity)| {
        Organisation {
            name: id(ORGANISATIONS[index]),
            display_names: text(ORGANISATIONS[index]),
            aliases: vec![],
            kind: "office".into(),
            discipline: ["fire", "water", "unheard-of"][index % 3].into(),
            duties: vec![],
            credentials: vec![],
            relations: relations
                .into_iter()
                .filter(|(other, ..)| *other != index)
                .map(|(other, kind, validity)| Relation {
                    kind: kind.into(),
                    organisation: id(ORGANISATIONS[other]),
                    capability: None,
                    status: String::new(),
                    reason: None,
                    until_condition: None,
                    validity,
                    source: None,
                })
                .collect(),
            codes: vec![],
            validity,
            source: None,
        }
    })
}

fn calamity_types() -> Vec<CalamityType> {
    let each = TYPES.iter().map(|(name, level, parent)| CalamityType {
        name: id(name),
        display_names: text(name),
        level: *level,
        parent: parent.map(id),
        system: "s".into(),
        version: String::new(),
        code: name["calamityTypes/".len()..].replace('-', "."),
        words: vec![],
        mappings: vec![],
        reclassified_as: vec![],
        takes_down: vec![],
        validity: Validity::default(),
        source: None,
    });
    each.collect()
}

/// Any directory.
pub(super) fn directory() -> impl Strategy<Value = Directory> {
    let areas = (0..AREAS.len()).map(area).collect::<Vec<_>>();
    let organisations = (0..ORGANISATIONS.len()).map(organisation).collect::<Vec<_>>();
    let assignments =
        (5usize..15).prop_flat_map(|count| (0..count).map(|index| assignment(index, count)).collect::<Vec<_>>());
    (areas, organisations, coverages(), contacts(), assignments, arrangements()).prop_map(
        |(areas, organisations, coverages, contacts, assignments, arrangements)| Directory {
            areas,
            organisations,
            coverages,
            contacts,
            calamity_types: calamity_types(),
            capabilities: CAPABILITIES
                .iter()
                .map(|(name, rank)| Capability {
                    name: id(name),
                    display_names: text(name),
                    description: None,
                    aliases: vec![],
                    specialist: false,
                    last_resort_rank: *rank,
                    source: None,
                })
                .collect(),
            assignments,
            arrangements,
        },
    )
}
