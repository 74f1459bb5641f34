//! What planning promises, by example and by property.

use proptest::prelude::*;

use super::*;
use crate::domain::arbitrary::{self, base, changes, later, snapshot_of};
use crate::domain::field::Path;
use crate::domain::name::Collection;

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn fields(pairs: &[(&str, Value)]) -> Fields {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn record(name: &str, more: &[(&str, Value)]) -> Record {
    let mut all = fields(&[("name", text(name))]);
    if !matches!(Name::parse(name).unwrap().collection(), Collection::Coverages | Collection::Assignments) {
        all.insert("display_names".to_owned(), Value::Fields(fields(&[("nl", text("x")), ("en", text("x"))])));
    }
    all.extend(fields(more));
    let mut faults = Faults::default();
    let collection = Name::parse(name).unwrap().collection();
    Record::from_fields(collection, all, &Path::Root, &mut faults).unwrap_or_else(|| panic!("{faults:?}"))
}

fn area(name: &str, within: &[&str]) -> Record {
    let edges = within.iter().map(|area| Value::Fields(fields(&[("area", text(area))]))).collect();
    record(name, &[("kind", text("PLACE")), ("within", Value::List(edges))])
}

fn plan(snapshot: &Snapshot, changes: &[Change]) -> Result<Batch, Error> {
    snapshot.plan(changes, &later(snapshot))
}

fn faults(result: Result<Batch, Error>) -> Vec<(String, &'static str)> {
    match result {
        Err(Error::Invalid(faults)) => faults.0.into_iter().map(|fault| (fault.path, fault.reason)).collect(),
        other => panic!("{other:?}"),
    }
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

#[test]
fn creating_what_exists_and_changing_what_does_not_are_refused() {
    let snapshot = snapshot_of([area("areas/a", &[])]);
    let exists = plan(&snapshot, &[Change::Create(area("areas/a", &[]))]);
    assert_eq!(exists.unwrap_err(), Error::AlreadyExists(name("areas/a")));
    let missing = plan(&snapshot, &[Change::Update { record: area("areas/b", &[]), etag: None }]);
    assert_eq!(missing.unwrap_err(), Error::NotFound(name("areas/b")));
    let missing = plan(&snapshot, &[Change::Delete { name: name("areas/b"), etag: None }]);
    assert_eq!(missing.unwrap_err(), Error::NotFound(name("areas/b")));
}

#[test]
fn a_stale_etag_is_refused() {
    let snapshot = snapshot_of([area("areas/a", &[])]);
    let change = Change::Update { record: area("areas/a", &[]), etag: Some("\"7\"".to_owned()) };
    let refused = plan(&snapshot, &[change]).unwrap_err();
    let current = snapshot.stored(&name("areas/a")).unwrap().meta.etag();
    assert_eq!(refused, Error::EtagMismatch { name: name("areas/a"), given: "\"7\"".to_owned(), current });
}

#[test]
fn all_faults_of_all_changes_are_named_with_their_paths() {
    let snapshot = snapshot_of([area("areas/a", &[])]);
    let rule = record("assignments/r", &[("role", text("SUPPORT")), ("actor", Value::Fields(Fields::new()))]);
    let wanted = [
        Change::Put(area("areas/b", &["areas/a", "areas/nowhere"])),
        Change::Create(area("areas/a", &[])),
        Change::Put(rule),
        Change::Put(area("areas/b", &[])),
        Change::Put(record(
            "organisations/o/coverages/c",
            &[("capability", text("capabilities/c")), ("area", text("areas/a"))],
        )),
    ];
    assert_eq!(
        faults(plan(&snapshot, &wanted)),
        [
            ("changes[0].within[1].area".to_owned(), "DANGLING"),
            ("changes[1]".to_owned(), "ALREADY_EXISTS"),
            ("changes[2].actor".to_owned(), "NOT_ONE_ACTOR"),
            ("changes[3]".to_owned(), "DUPLICATE"),
            ("changes[4].capability".to_owned(), "DANGLING"),
            ("changes[4].name".to_owned(), "DANGLING"),
        ]
    );
}

#[test]
fn records_of_one_batch_may_name_each_other_in_any_order() {
    let wanted = [Change::Create(area("areas/b", &["areas/c"])), Change::Create(area("areas/c", &[]))];
    assert_eq!(plan(&Snapshot::default(), &wanted).unwrap().writes.len(), 2);
}

#[test]
fn rules_that_would_displace_each_other_are_refused_whichever_change_says_so() {
    let rule = |name: &str, replaces: &[&str]| {
        let replaces = Value::List(replaces.iter().map(|other| text(other)).collect());
        let actor = Value::Fields(fields(&[("capability", text("capabilities/c"))]));
        record(name, &[("actor", actor), ("role", text("SUPPORT")), ("replaces", replaces)])
    };
    let snapshot = snapshot_of([
        record("capabilities/c", &[]),
        rule("assignments/a", &[]),
        rule("assignments/b", &["assignments/a"]),
    ]);
    let refused = plan(&snapshot, &[Change::Put(rule("assignments/a", &["assignments/b"]))]);
    assert_eq!(faults(refused), [("changes[0].replaces".to_owned(), "CIRCLE")]);
    assert!(plan(&snapshot, &[Change::Put(rule("assignments/c", &["assignments/a", "assignments/b"]))]).is_ok());
}

#[test]
fn an_area_that_lies_within_itself_is_refused_however_long_the_way() {
    let snapshot = snapshot_of([area("areas/a", &[]), area("areas/b", &["areas/a"]), area("areas/c", &["areas/b"])]);
    let refused = plan(&snapshot, &[Change::Put(area("areas/a", &["areas/c"]))]);
    assert_eq!(faults(refused), [("changes[0].within".to_owned(), "CIRCLE")]);
    let refused = plan(&snapshot, &[Change::Put(area("areas/d", &["areas/d"]))]);
    assert!(faults(refused).contains(&("changes[0].within[0].area".to_owned(), "SELF_REFERENCE")));
    let chain: Vec<Change> = (0..20_000)
        .map(|n| Change::Put(area(&format!("areas/n{n}"), &[&format!("areas/n{}", (n + 1) % 20_000)])))
        .collect();
    assert_eq!(faults(plan(&snapshot, &chain)).len(), 1);
}

#[test]
fn a_record_that_others_name_is_not_deleted() {
    let snapshot = snapshot_of([
        area("areas/a", &[]),
        area("areas/b", &["areas/a"]),
        record("organisations/o", &[]),
        record("organisations/o-p", &[]),
        record("organisations/o/contacts/c", &[]),
    ]);
    let delete = |text: &str| Change::Delete { name: name(text), etag: None };
    let refused = plan(&snapshot, &[delete("areas/a")]).unwrap_err();
    assert_eq!(refused, Error::StillReferenced { name: name("areas/a"), by: vec![name("areas/b")] });
    let refused = plan(&snapshot, &[delete("organisations/o")]).unwrap_err();
    let by = vec![name("organisations/o/contacts/c")];
    assert_eq!(refused, Error::StillReferenced { name: name("organisations/o"), by });
    let both = [delete("organisations/o"), delete("organisations/o/contacts/c"), delete("areas/b"), delete("areas/a")];
    let after = snapshot.after([&plan(&snapshot, &both).unwrap()]);
    assert_eq!(after.iter().map(|stored| stored.record.name().as_str()).collect::<Vec<_>>(), ["organisations/o-p"]);
}

#[test]
fn a_shipped_record_remembers_what_was_shipped_until_it_stands_so_again() {
    let shipped = area("areas/a", &[]);
    let ship = Change::Ship { shipped: Arc::new(shipped.to_fields()), record: shipped.clone() };
    let first = Snapshot::default();
    let first = first.after([&plan(&first, &[ship]).unwrap()]);
    let origin = |snapshot: &Snapshot| snapshot.stored(&name("areas/a")).unwrap().meta.origin.clone();
    assert_eq!(origin(&first), Origin::Shipped);
    let changed = record("areas/a", &[("kind", text("WATER"))]);
    let second = first.after([&plan(&first, &[Change::Put(changed)]).unwrap()]);
    assert_eq!(origin(&second), Origin::Edited(Arc::new(shipped.to_fields())));
    let third = second.after([&plan(&second, &[Change::Put(shipped.clone())]).unwrap()]);
    assert_eq!(origin(&third), Origin::Shipped);
    let gone = second.after([&plan(&second, &[Change::Delete { name: name("areas/a"), etag: None }]).unwrap()]);
    assert_eq!(gone.withheld_fields(&name("areas/a")), Some(&Arc::new(shipped.to_fields())));
    let again = gone.after([&plan(&gone, &[Change::Create(shipped)]).unwrap()]);
    assert_eq!((origin(&again), again.withheld().count()), (Origin::Shipped, 0));
    let uid = |snapshot: &Snapshot| snapshot.stored(&name("areas/a")).unwrap().meta.uid.clone();
    assert_eq!(uid(&first), uid(&third));
    assert_ne!(uid(&first), uid(&again));
    assert_eq!(uid(&first).as_bytes()[14], b'8');
}

#[test]
fn what_stands_as_wanted_is_not_written() {
    let snapshot = snapshot_of([area("areas/a", &[])]);
    assert_eq!(plan(&snapshot, &[Change::Put(area("areas/a", &[]))]).unwrap().writes, []);
}

#[test]
fn a_calamity_type_stays_above_those_that_name_it() {
    let kind = |name: &str, level: &str, parent: Option<&str>| {
        let mut more = vec![("level", text(level)), ("system", text("s")), ("code", text("c"))];
        more.extend(parent.map(|parent| ("parent", text(parent))));
        record(name, &more)
    };
    let snapshot = snapshot_of([
        kind("calamityTypes/t", "CRISIS_TYPE", None),
        kind("calamityTypes/i", "INCIDENT_TYPE", Some("calamityTypes/t")),
    ]);
    let lowered = plan(&snapshot, &[Change::Put(kind("calamityTypes/t", "INCIDENT_TYPE", None))]);
    assert_eq!(faults(lowered), [("changes[0].level".to_owned(), "WRONG_LEVEL")]);
    let sideways = kind("calamityTypes/c", "CRISIS_TYPE", Some("calamityTypes/t"));
    assert_eq!(faults(plan(&snapshot, &[Change::Put(sideways)])), [("changes[0].parent".to_owned(), "WRONG_LEVEL")]);
}

proptest! {
    #[test]
    fn every_accepted_batch_keeps_the_invariants(batches in prop::collection::vec(changes(), 1..6)) {
        let mut snapshot = base();
        for changes in &batches {
            let Ok(batch) = plan(&snapshot, changes) else { continue };
            prop_assert_eq!(&plan(&snapshot, changes).unwrap(), &batch);
            prop_assert!(batch.writes.is_sorted_by(|a, b| a.name < b.name));
            let after = snapshot.after([&batch]);
            prop_assert_eq!(arbitrary::broken(&after), Vec::<String>::new());
            for write in &batch.writes {
                prop_assert_eq!(write.before.as_ref(), snapshot.stored(&write.name).map(AsRef::as_ref));
                prop_assert_eq!(write.after.as_ref(), after.stored(&write.name).map(AsRef::as_ref));
            }
            // Undone, every record stands as it stood.
            let mut undo = batch.clone();
            for write in &mut undo.writes {
                std::mem::swap(&mut write.before, &mut write.after);
            }
            prop_assert!(after.after([&undo]).iter().eq(snapshot.iter()));
            snapshot = after;
        }
    }

    #[test]
    fn wanting_the_same_again_writes_nothing(changes in changes()) {
        let snapshot = base();
        let puts: Vec<Change> = changes.iter().filter_map(|change| match change {
            Change::Put(record) => Some(Change::Put(record.clone())),
            Change::Create(_) | Change::Update { .. } | Change::Delete { .. } | Change::Ship { .. }
            | Change::Withhold { .. } | Change::Withdraw(_) => None,
        }).collect();
        if let Ok(batch) = plan(&snapshot, &puts) {
            let after = snapshot.after([&batch]);
            prop_assert_eq!(plan(&after, &puts).unwrap().writes, vec![]);
        }
    }
}
