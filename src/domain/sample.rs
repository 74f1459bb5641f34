//! A small directory for tests: enough areas, calamity types and words to meet every case of them.

use jiff::Timestamp;

use super::field::{Faults, Fields, Path, Value};
use super::name::Name;
use super::record::{Meta, Origin, Record, Revision, Stored};
use super::snapshot::Snapshot;
use super::validity::Moment;

const RECORDS: &str = include_str!("sample.toml");
const PLACES: &str = include_str!("place/sample.toml");

/// The instant of a civil date-time.
pub(super) fn at(civil: &str) -> Timestamp {
    Moment::parse(civil).unwrap().instant()
}

/// The sample directory.
pub(super) fn snapshot() -> Snapshot {
    with("")
}

/// The sample directory with what tests of places need besides: terms, roads, what lies elsewhere.
pub(super) fn places() -> Snapshot {
    with(PLACES)
}

/// The records of the directory of places.
pub(super) fn places_records() -> Vec<Stored> {
    let mut stored = parse(RECORDS);
    stored.extend(parse(PLACES));
    stored
}

/// The sample directory with more records, written as in the dataset: tables keyed by name.
pub(super) fn with(more: &str) -> Snapshot {
    let mut stored = parse(RECORDS);
    stored.extend(parse(more));
    Snapshot::new(Revision(7), stored, [])
}

/// Records of a TOML text, each changed by a revision of its own.
pub(super) fn parse(text: &str) -> Vec<Stored> {
    let tables: toml::Table = text.parse().unwrap();
    let record = |(revision, (name, table)): (u64, (String, toml::Value))| {
        let Value::Fields(mut fields) = value(table) else { panic!("{name} is not a table") };
        fields.insert("name".to_owned(), Value::Text(name.clone()));
        let mut faults = Faults::default();
        let collection = Name::parse(&name).unwrap().collection();
        let record = Record::from_fields(collection, fields, &Path::Root, &mut faults);
        let time = at("2026-11-01");
        Stored {
            record: record.unwrap_or_else(|| panic!("{name}: {faults:?}")),
            meta: Meta {
                uid: format!("uid-{revision}"),
                revision: Revision(revision),
                create_time: time,
                update_time: time + jiff::SignedDuration::from_hours(i64::try_from(revision).unwrap()),
                origin: if revision % 2 == 0 { Origin::Shipped } else { Origin::Office },
            },
        }
    };
    (1..).zip(tables).map(record).collect()
}

fn value(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::Text(text),
        toml::Value::Integer(number) => Value::Integer(number),
        toml::Value::Boolean(truth) => Value::Bool(truth),
        toml::Value::Datetime(time) => Value::Text(time.to_string()),
        toml::Value::Array(items) => Value::List(items.into_iter().map(self::value).collect()),
        toml::Value::Table(table) => {
            Value::Fields(table.into_iter().map(|(key, item)| (key, self::value(item))).collect::<Fields>())
        }
        toml::Value::Float(_) => panic!("no record has a fraction"),
    }
}
