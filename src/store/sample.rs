//! Records and batches for the tests of the stores.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;

use super::Contents;
use crate::domain::change::{Authorship, Batch, RequestMark, Write};
use crate::domain::field::{Faults, Fields, Path, Value};
use crate::domain::name::Name;
use crate::domain::record::{Meta, Origin, Record, Revision, Stored};
use crate::domain::snapshot::Snapshot;

/// A municipality as a revision made it.
pub(crate) fn area(id: &str, name: &str, revision: u64) -> Stored {
    let text = |text: &str| Value::Text(text.to_owned());
    let code = Fields::from([("system".to_owned(), text("cbs")), ("value".to_owned(), text(name))]);
    let fields = Fields::from([
        ("name".to_owned(), text(&format!("areas/{id}"))),
        ("display_names".to_owned(), Value::Fields(Fields::from([("nl".to_owned(), text(name))]))),
        ("kind".to_owned(), text("MUNICIPALITY")),
        ("codes".to_owned(), Value::List(vec![Value::Fields(code)])),
    ]);
    let name = Name::parse(&format!("areas/{id}")).unwrap();
    let mut faults = Faults::default();
    let record = Record::from_fields(name.collection(), fields, &Path::Root, &mut faults);
    Stored {
        record: record.unwrap_or_else(|| panic!("{faults:?}")),
        meta: Meta {
            uid: format!("uid-of-{id}"),
            revision: Revision(revision),
            create_time: time(1),
            update_time: time(revision),
            origin: if revision.is_multiple_of(2) { Origin::Shipped } else { Origin::Edited(Arc::new(shipped(id))) },
        },
    }
}

/// What a dataset ships for an area.
pub(crate) fn shipped(id: &str) -> Fields {
    Fields::from([("name".to_owned(), Value::Text(format!("areas/{id}"))), ("shipped".to_owned(), Value::Bool(true))])
}

/// A time that grows with the revision.
pub(crate) fn time(revision: u64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + i64::try_from(revision).unwrap() * 60).unwrap()
}

/// What one write of a random history does.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Put(String),
    Delete,
    Withhold,
}

/// A random history: what each batch does to which of a few records.
pub(crate) fn steps() -> impl Strategy<Value = Vec<BTreeMap<u8, Step>>> {
    let step = prop_oneof![4 => "[!-~]([ -~]{0,38}[!-~])?".prop_map(Step::Put), 1 => Just(Step::Delete), 1 => Just(Step::Withhold)];
    prop::collection::vec(prop::collection::btree_map(0_u8..8, step, 1..5), 1..12)
}

/// One random batch.
pub(crate) fn batch() -> impl Strategy<Value = Batch> {
    steps().prop_map(|steps| batches(&steps).pop().unwrap())
}

/// The batches of a history, from revision 1.
pub(crate) fn batches(steps: &[BTreeMap<u8, Step>]) -> Vec<Batch> {
    let mut standing: BTreeMap<u8, Stored> = BTreeMap::new();
    let mut revision = 0;
    let batch = |steps: &BTreeMap<u8, Step>| {
        revision += 1;
        let writes = steps.iter().map(|(key, step)| {
            let id = format!("gm{key}");
            let before = standing.remove(key);
            let (after, withheld) = match step {
                Step::Put(name) => (Some(area(&id, name, revision)), None),
                Step::Delete => (None, None),
                Step::Withhold => (None, Some(Arc::new(shipped(&id)))),
            };
            if let Some(stored) = &after {
                standing.insert(*key, stored.clone());
            }
            Write { name: Name::parse(&format!("areas/{id}")).unwrap(), before, after, withheld }
        });
        Batch { revision: Revision(revision), authorship: authorship(revision), writes: writes.collect() }
    };
    steps.iter().map(batch).collect()
}

/// Batches from revision 1 that each put one record.
pub(crate) fn plain(count: u64) -> Vec<Batch> {
    let step = |number: u64| BTreeMap::from([((number % 8) as u8, Step::Put(format!("area {number}")))]);
    batches(&(0..count).map(step).collect::<Vec<_>>())
}

/// The author of a revision; every second request is marked.
pub(crate) fn authorship(revision: u64) -> Authorship {
    Authorship {
        principal: "local".to_owned(),
        peer: "test".to_owned(),
        change_reason: format!("change {revision}"),
        time: time(revision),
        request: revision
            .is_multiple_of(2)
            .then(|| RequestMark { id: format!("request-{revision}"), digest: [(revision % 251) as u8; 32] }),
    }
}

/// What a store must hold after these batches, worked out by the domain.
pub(crate) fn expected(batches: &[Batch]) -> Contents {
    let snapshot = Snapshot::default().after(batches);
    Contents {
        revision: snapshot.revision(),
        records: snapshot.iter().map(|stored| stored.as_ref().clone()).collect(),
        withheld: snapshot.withheld().map(|(name, fields)| (name.clone(), fields.clone())).collect(),
        requests: batches.iter().filter_map(super::AcceptedRequest::of).collect(),
    }
}
