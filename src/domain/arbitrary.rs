//! Small random directories for properties: few names, so that changes meet each other.

use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;

use super::change::{Authorship, Change};
use super::field::{Faults, Fields, Path, Value};
use super::invariant::check_alone;
use super::name::Name;
use super::record::{Meta, Origin, Record, Revision, Stored};
use super::snapshot::Snapshot;

const AREAS: [&str; 4] = ["areas/a", "areas/b", "areas/c", "areas/d"];
const ORGANISATIONS: [&str; 3] = ["organisations/o", "organisations/o-p", "organisations/p"];
const CAPABILITIES: [&str; 2] = ["capabilities/c", "capabilities/d"];
const TYPES: [&str; 3] = ["calamityTypes/1", "calamityTypes/1-1", "calamityTypes/1-1-1"];
const RULES: [&str; 2] = ["assignments/r", "assignments/s"];

/// Who writes the next batch.
pub(crate) fn later(snapshot: &Snapshot) -> Authorship {
    Authorship {
        principal: "local".to_owned(),
        peer: "test".to_owned(),
        change_reason: String::new(),
        time: Timestamp::from_second(1_795_000_000 + i64::try_from(snapshot.revision().0).unwrap()).unwrap(),
        request: None,
    }
}

/// A snapshot of records that the office made.
pub(crate) fn snapshot_of(records: impl IntoIterator<Item = Record>) -> Snapshot {
    let time = Timestamp::from_second(1_794_000_000).unwrap();
    let stored = records.into_iter().map(|record| {
        let uid = record.name().to_string();
        let meta = Meta { uid, revision: Revision(1), create_time: time, update_time: time, origin: Origin::Office };
        Stored { record, meta }
    });
    Snapshot::new(Revision(1), stored, [])
}

/// A snapshot in which every name that a random record may name exists; half of it shipped.
pub(crate) fn base() -> Snapshot {
    let records = AREAS.map(|name| area(name, vec![], "", vec![]));
    let records = records.into_iter().chain(ORGANISATIONS.map(|name| named(name, &[])));
    let records = records.chain(CAPABILITIES.map(|name| named(name, &[])));
    let records = records.chain(TYPES.iter().enumerate().map(|(depth, name)| calamity_type(name, depth, vec![])));
    let office = snapshot_of(records);
    let stored = office.iter().enumerate().map(|(index, stored)| {
        let mut stored = stored.as_ref().clone();
        if index % 2 == 0 {
            stored.meta.origin = Origin::Shipped;
        }
        stored
    });
    Snapshot::new(Revision(1), stored.collect::<Vec<_>>(), [])
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn group(pairs: &[(&str, Value)]) -> Value {
    Value::Fields(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn built(name: &str, mut fields: Fields, more: &[(&str, Value)]) -> Record {
    fields.insert("name".to_owned(), text(name));
    fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let mut faults = Faults::default();
    let collection = Name::parse(name).unwrap().collection();
    Record::from_fields(collection, fields, &Path::Root, &mut faults).unwrap_or_else(|| panic!("{name}: {faults:?}"))
}

fn named(name: &str, more: &[(&str, Value)]) -> Record {
    let display_names = group(&[("nl", text(name)), ("en", text("x"))]);
    built(name, Fields::from([("display_names".to_owned(), display_names)]), more)
}

fn area(name: &str, within: Vec<&str>, alias: &str, start: Vec<i16>) -> Record {
    let within = within.into_iter().map(|area| group(&[("area", text(area))])).collect();
    let aliases = if alias.is_empty() { vec![] } else { vec![group(&[("text", text(alias))])] };
    let mut more = vec![("kind", text("PLACE")), ("within", Value::List(within)), ("aliases", Value::List(aliases))];
    more.extend(start.first().map(|year| ("validity", group(&[("start", text(&format!("{year}-01-01")))]))));
    named(name, &more)
}

fn calamity_type(name: &str, depth: usize, words: Vec<String>) -> Record {
    let mut more = vec![
        ("level", text(["THEME", "CRISIS_TYPE", "INCIDENT_TYPE"][depth])),
        ("system", text("s")),
        ("code", text("1")),
        ("words", Value::List(words.iter().map(|word| text(word)).collect())),
    ];
    more.extend(depth.checked_sub(1).map(|above| ("parent", text(TYPES[above]))));
    named(name, &more)
}

/// Texts with everything that a written form must escape.
fn written() -> impl Strategy<Value = String> {
    prop_oneof![Just("Muiden".to_owned()), Just("Muiderberg".to_owned()), "[a-z'\"\\\\#= ëé’🛟\n\t]{0,12}x",]
}

/// A record that is well formed; whether it fits among others is another matter.
pub(crate) fn record() -> impl Strategy<Value = Record> {
    let some = |names: &'static [&'static str]| prop::sample::subsequence(names, 0..=2);
    let one = |names: &'static [&'static str]| prop::sample::select(names);
    let alias = prop_oneof![Just(String::new()), written()];
    let years = prop::collection::vec(1900i16..2100, 0..=1);
    prop_oneof![
        (one(&AREAS), some(&AREAS), alias, years).prop_map(|(name, within, alias, start)| {
            area(name, within.into_iter().filter(|other| *other < name).collect(), &alias, start)
        }),
        (one(&AREAS), some(&AREAS)).prop_map(|(name, within)| area(name, within, "", vec![])),
        (one(&ORGANISATIONS), written(), any::<bool>()).prop_map(|(name, kind, related)| {
            let relation = group(&[("kind", text("part_of")), ("organisation", text(ORGANISATIONS[0]))]);
            let relations = if related { vec![relation] } else { vec![] };
            named(name, &[("kind", text(&kind)), ("relations", Value::List(relations))])
        }),
        (one(&ORGANISATIONS), one(&CAPABILITIES), one(&AREAS), any::<bool>()).prop_map(
            |(parent, what, area, partial)| {
                let more = [("capability", text(what)), ("area", text(area)), ("partial", Value::Bool(partial))];
                built(&format!("{parent}/coverages/c"), Fields::new(), &more)
            }
        ),
        (one(&ORGANISATIONS), written(), some(&AREAS), any::<bool>()).prop_map(
            |(parent, value, areas, placeholder)| {
                let mut channel = vec![("kind", text("PLATFORM")), ("placeholder", Value::Bool(placeholder))];
                if !placeholder {
                    channel.push(("value", text(&value)));
                }
                let areas = areas.into_iter().map(text).collect();
                let more = [("channels", Value::List(vec![group(&channel)])), ("areas", Value::List(areas))];
                named(&format!("{parent}/contacts/c"), &more)
            }
        ),
        (0usize..3, prop::collection::vec(written(), 0..3)).prop_map(|(depth, words)| calamity_type(
            TYPES[depth],
            depth,
            words
        )),
        (one(&RULES), one(&CAPABILITIES), some(&TYPES), some(&RULES), 0u32..3).prop_map(
            |(name, capability, types, replaced, priority)| {
                let list = |names: Vec<&str>| Value::List(names.into_iter().map(text).collect());
                let replaced = replaced.into_iter().filter(|other| *other != name).collect();
                let more = [
                    ("actor", group(&[("capability", text(capability))])),
                    ("role", text("SUPPORT")),
                    ("calamity_types", list(types)),
                    ("replaces", list(replaced)),
                    ("priority", Value::Integer(i64::from(priority))),
                ];
                built(name, Fields::new(), &more)
            }
        ),
    ]
}

/// What anyone may want, sensible or not.
pub(crate) fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        6 => record().prop_map(Change::Put),
        1 => record().prop_map(Change::Create),
        1 => record().prop_map(|record| Change::Update { record, etag: None }),
        3 => record().prop_map(|record| Change::Delete { name: record.name().clone(), etag: None }),
        2 => (record(), record()).prop_map(|(record, other)| {
            let shipped = if other.name() == record.name() { other } else { record.clone() };
            Change::Ship { shipped: Arc::new(shipped.to_fields()), record }
        }),
        1 => record().prop_map(|record| Change::Withhold {
            name: record.name().clone(),
            shipped: Arc::new(record.to_fields()),
        }),
        1 => record().prop_map(|record| Change::Withdraw(record.name().clone())),
    ];
    prop::collection::vec(change, 0..4)
}

/// What is wrong with a snapshot, found the plain way.
pub(crate) fn broken(snapshot: &Snapshot) -> Vec<String> {
    let mut wrong = Vec::new();
    for stored in snapshot.iter() {
        let name = stored.record.name();
        let mut faults = Faults::default();
        check_alone(&stored.record, &mut faults);
        wrong.extend(faults.0.into_iter().map(|fault| format!("{name}: {fault:?}")));
        stored.record.references(&mut |at, other| {
            if snapshot.stored(other).is_none() {
                wrong.push(format!("{name}: {at} names {other}, which does not exist"));
            }
        });
        if name.parent().is_some_and(|parent| snapshot.stored(&parent).is_none()) {
            wrong.push(format!("{name} has no parent"));
        }
        if snapshot.withheld_fields(name).is_some() {
            wrong.push(format!("{name} stands and is withheld"));
        }
        if let Origin::Edited(shipped) = &stored.meta.origin
            && stored.record.to_fields() == **shipped
        {
            wrong.push(format!("{name} is said to be edited"));
        }
        if goes_round(snapshot, name) {
            wrong.push(format!("{name} is on the way to itself"));
        }
    }
    wrong
}

/// Whether a record leads to itself, by what areas lie within and what rules displace.
fn goes_round(snapshot: &Snapshot, name: &Name) -> bool {
    let onward = |name: &Name| -> Vec<Name> {
        match snapshot.stored(name).map(|stored| &stored.record) {
            Some(Record::Area(area)) => area.within.iter().map(|edge| edge.area.name().clone()).collect(),
            Some(Record::Assignment(rule)) => rule.replaces.iter().map(|other| other.name().clone()).collect(),
            Some(_) | None => Vec::new(),
        }
    };
    // As many steps as there are records of a kind: who can still go on walks in a circle.
    let mut reached = vec![name.clone()];
    for _ in 0..=AREAS.len().max(RULES.len()) {
        reached = reached.iter().flat_map(&onward).collect();
        reached.sort();
        reached.dedup();
    }
    !reached.is_empty()
}
