//! Merges a newer dataset into what the office made of the last one, three ways.
//!
//! **Invariants.** The base of the merge is what was last shipped, the other two are what stands and what the new
//! dataset says. What only one side changed is as that side says; what both changed alike is so; all else is a
//! conflict, and either every conflict is named and nothing is done, or the policy decides them all. Merging the same
//! dataset again changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::change::Change;
use super::error::{Error, MergeConflict};
use super::field::{Faults, Fields, Path, words};
use super::name::Name;
use super::record::{Origin, Record, Stored};
use super::snapshot::Snapshot;

words! {
    /// What to do where the office and the dataset both changed something; the same words as `enum ConflictPolicy` in
    /// the proto.
    pub enum ConflictPolicy {
        /// Nothing at all, and name every conflict.
        Refuse = "REFUSE",
        /// Keep what the office made.
        Keep = "KEEP",
        /// Take what the dataset says.
        Take = "TAKE",
    } default Refuse
}

/// How to merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergePolicy {
    /// What to do where both sides changed something.
    pub on_conflict: ConflictPolicy,
    /// Whether to remove what the last dataset shipped and this one does not.
    pub prune: bool,
}

/// The changes that bring a snapshot to a newer dataset, by name: nothing for a record that already is there.
///
/// # Errors
/// [`Error::MergeConflict`] with every conflict, if they are to be refused; [`Error::Invalid`] if the dataset has a
/// name twice, or if what both sides made of one record cannot be read as one.
pub fn merge(snapshot: &Snapshot, shipped: Vec<Record>, policy: MergePolicy) -> Result<Vec<Change>, Error> {
    let mut merge = Merge { policy, conflicts: Vec::new(), faults: Faults::default() };
    let mut theirs: BTreeMap<Name, Record> = BTreeMap::new();
    for (index, record) in shipped.into_iter().enumerate() {
        let name = record.name().clone();
        if let Some(first) = theirs.insert(name, record) {
            let message = format!("the dataset has {} twice", first.name());
            merge.faults.add(&Path::Root.field("records").item(index), "DUPLICATE", message);
        }
    }
    let standing = snapshot.iter().map(|stored| stored.record.name());
    let withheld = snapshot.withheld().map(|(name, _)| name);
    let names: BTreeSet<&Name> = theirs.keys().chain(standing).chain(withheld).collect();
    let changes: Vec<Change> = names
        .into_iter()
        .filter_map(|name| match theirs.get(name) {
            Some(record) => merge.shipped(snapshot, name, record),
            None => merge.no_longer_shipped(snapshot, name),
        })
        .collect();
    if !merge.faults.is_empty() {
        return Err(Error::Invalid(merge.faults));
    }
    if !merge.conflicts.is_empty() {
        return Err(Error::MergeConflict(merge.conflicts));
    }
    Ok(changes)
}

/// A merge under way.
struct Merge {
    policy: MergePolicy,
    /// Those that nobody decided.
    conflicts: Vec<MergeConflict>,
    faults: Faults,
}

impl Merge {
    /// What to do about a record that the dataset has.
    fn shipped(&mut self, snapshot: &Snapshot, name: &Name, record: &Record) -> Option<Change> {
        let theirs = Arc::new(record.to_fields());
        let ship = |record: Record| Change::Ship { shipped: theirs.clone(), record };
        let Some(stored) = snapshot.stored(name) else {
            return match snapshot.withheld_fields(name) {
                Some(base) if *base == theirs => None,
                Some(_) if self.keeps_mine(name, "") => {
                    Some(Change::Withhold { name: name.clone(), shipped: theirs.clone() })
                }
                Some(_) | None => Some(ship(record.clone())),
            };
        };
        let mine = stored.record.to_fields();
        let base = match &stored.meta.origin {
            Origin::Shipped => mine.clone(),
            Origin::Edited(base) => base.as_ref().clone(),
            // Two records that were made apart and happen to be the same are one; others have nothing in common.
            Origin::Office if mine == *theirs || !self.keeps_mine(name, "") => return Some(ship(record.clone())),
            Origin::Office => return Some(ship(stored.record.clone())),
        };
        if base == *theirs {
            return None;
        }
        let merged = self.merged(name, &base, &mine, &theirs);
        let mut faults = Faults::default();
        let record = Record::from_fields(name.collection(), merged, &Path::Root, &mut faults);
        for mut fault in faults.0 {
            fault.message = format!("merged, {name} cannot be read: {}", fault.message);
            self.faults.0.push(fault);
        }
        Some(ship(record?))
    }

    /// The fields of one record, each as the side says that changed it.
    fn merged(&mut self, name: &Name, base: &Fields, mine: &Fields, theirs: &Fields) -> Fields {
        let fields: BTreeSet<&String> = base.keys().chain(mine.keys()).chain(theirs.keys()).collect();
        fields
            .into_iter()
            .filter_map(|field| {
                let (base, mine, theirs) = (base.get(field), mine.get(field), theirs.get(field));
                let value = if mine == base {
                    theirs
                } else if theirs == base || theirs == mine || self.keeps_mine(name, field) {
                    mine
                } else {
                    theirs
                };
                value.map(|value| (field.clone(), value.clone()))
            })
            .collect()
    }

    /// What to do about a name that the dataset does not have.
    fn no_longer_shipped(&mut self, snapshot: &Snapshot, name: &Name) -> Option<Change> {
        if !self.policy.prune {
            return None;
        }
        let origin = snapshot.stored(name).map(|stored: &Arc<Stored>| &stored.meta.origin);
        let goes = match origin {
            // Deleted by the office and no longer shipped: both say the same, nothing needs to be remembered.
            None | Some(Origin::Shipped) => true,
            Some(Origin::Edited(_)) => !self.keeps_mine(name, ""),
            Some(Origin::Office) => false,
        };
        goes.then(|| Change::Withdraw(name.clone()))
    }

    /// Whether what the office made stays where both changed something. A conflict that nobody decides is noted.
    fn keeps_mine(&mut self, name: &Name, field: &str) -> bool {
        match self.policy.on_conflict {
            ConflictPolicy::Refuse => {
                self.conflicts.push(MergeConflict { name: name.clone(), field: field.to_owned() });
                true
            }
            ConflictPolicy::Keep => true,
            ConflictPolicy::Take => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::arbitrary::{base, broken, changes, later, record};
    use crate::domain::field::Value;

    const REFUSE: MergePolicy = MergePolicy { on_conflict: ConflictPolicy::Refuse, prune: false };
    const KEEP: MergePolicy = MergePolicy { on_conflict: ConflictPolicy::Keep, prune: false };
    const TAKE: MergePolicy = MergePolicy { on_conflict: ConflictPolicy::Take, prune: false };

    fn water(kind: &str, alias: &str) -> Record {
        let text = |text: &str| Value::Text(text.to_owned());
        let group = |field: &str, value: Value| Value::Fields(Fields::from([(field.to_owned(), value)]));
        let fields = Fields::from([
            ("name".to_owned(), text("areas/x")),
            ("display_names".to_owned(), group("nl", text("X"))),
            ("kind".to_owned(), text(kind)),
            ("aliases".to_owned(), Value::List(vec![group("text", text(alias))])),
        ]);
        let mut faults = Faults::default();
        let collection = crate::domain::name::Collection::Areas;
        Record::from_fields(collection, fields, &Path::Root, &mut faults).unwrap()
    }

    fn name() -> Name {
        Name::parse("areas/x").unwrap()
    }

    fn apply(snapshot: &Snapshot, changes: &[Change]) -> Snapshot {
        snapshot.after([&snapshot.plan(changes, &later(snapshot)).unwrap()])
    }

    fn shipped(snapshot: &Snapshot, dataset: &[Record], policy: MergePolicy) -> Snapshot {
        apply(snapshot, &merge(snapshot, dataset.to_vec(), policy).unwrap())
    }

    fn conflicts(snapshot: &Snapshot, dataset: &[Record]) -> Vec<String> {
        match merge(snapshot, dataset.to_vec(), REFUSE) {
            Err(Error::MergeConflict(conflicts)) => conflicts.into_iter().map(|conflict| conflict.field).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn standing(snapshot: &Snapshot) -> Option<Record> {
        snapshot.stored(&name()).map(|stored| stored.record.clone())
    }

    #[test]
    fn what_one_side_changed_is_as_that_side_says() {
        let first = shipped(&Snapshot::default(), &[water("PLACE", "a")], REFUSE);
        let office = apply(&first, &[Change::Put(water("WATER", "a"))]);
        let merged = shipped(&office, &[water("PLACE", "b")], REFUSE);
        assert_eq!(standing(&merged), Some(water("WATER", "b")));
        assert_eq!(standing(&shipped(&first, &[water("ROAD", "c")], REFUSE)), Some(water("ROAD", "c")));
    }

    #[test]
    fn what_both_changed_is_a_conflict_until_decided() {
        let first = shipped(&Snapshot::default(), &[water("PLACE", "a")], REFUSE);
        let office = apply(&first, &[Change::Put(water("WATER", "mine"))]);
        let newer = [water("ROAD", "theirs")];
        assert_eq!(conflicts(&office, &newer), ["aliases", "kind"]);
        assert_eq!(standing(&shipped(&office, &newer, KEEP)), Some(water("WATER", "mine")));
        assert_eq!(standing(&shipped(&office, &newer, TAKE)), Some(water("ROAD", "theirs")));
        let same = shipped(&office, &[water("WATER", "mine")], REFUSE);
        assert_eq!(same.stored(&name()).unwrap().meta.origin, Origin::Shipped);
    }

    #[test]
    fn what_the_office_deleted_stays_gone_unless_the_dataset_changed_it() {
        let dataset = [water("PLACE", "a")];
        let first = shipped(&Snapshot::default(), &dataset, REFUSE);
        let office = apply(&first, &[Change::Delete { name: name(), etag: None }]);
        assert_eq!(merge(&office, dataset.to_vec(), REFUSE), Ok(vec![]));
        let newer = [water("ROAD", "a")];
        assert_eq!(conflicts(&office, &newer), [""]);
        assert_eq!(standing(&shipped(&office, &newer, TAKE)), Some(water("ROAD", "a")));
        let kept = shipped(&office, &newer, KEEP);
        assert_eq!(standing(&kept), None);
        assert_eq!(merge(&kept, newer.to_vec(), REFUSE), Ok(vec![]));
    }

    #[test]
    fn what_is_no_longer_shipped_goes_only_when_told_and_untouched() {
        let first = shipped(&Snapshot::default(), &[water("PLACE", "a")], REFUSE);
        let prune = |on_conflict| MergePolicy { on_conflict, prune: true };
        assert_eq!(merge(&first, vec![], REFUSE), Ok(vec![]));
        assert_eq!(standing(&shipped(&first, &[], prune(ConflictPolicy::Refuse))), None);
        let office = apply(&first, &[Change::Put(water("WATER", "a"))]);
        assert!(matches!(merge(&office, vec![], prune(ConflictPolicy::Refuse)), Err(Error::MergeConflict(_))));
        assert_eq!(merge(&office, vec![], prune(ConflictPolicy::Keep)), Ok(vec![]));
        assert_eq!(standing(&shipped(&office, &[], prune(ConflictPolicy::Take))), None);
        let gone = apply(&first, &[Change::Delete { name: name(), etag: None }]);
        assert_eq!(shipped(&gone, &[], prune(ConflictPolicy::Refuse)).withheld().count(), 0);
    }

    #[test]
    fn a_record_that_both_made_is_a_conflict_unless_it_is_the_same() {
        let office = apply(&Snapshot::default(), &[Change::Create(water("PLACE", "a"))]);
        let same = shipped(&office, &[water("PLACE", "a")], REFUSE);
        assert_eq!(same.stored(&name()).unwrap().meta.origin, Origin::Shipped);
        assert_eq!(conflicts(&office, &[water("ROAD", "a")]), [""]);
        assert_eq!(standing(&shipped(&office, &[water("ROAD", "a")], KEEP)), Some(water("PLACE", "a")));
    }

    #[test]
    fn a_name_that_the_dataset_has_twice_is_a_fault() {
        let twice = vec![water("PLACE", "a"), water("PLACE", "a")];
        assert!(matches!(merge(&Snapshot::default(), twice, TAKE), Err(Error::Invalid(faults)) if faults.0.len() == 1));
    }

    /// The records of the base, some of them otherwise or left out.
    fn dataset() -> impl Strategy<Value = Vec<Record>> {
        (prop::collection::vec(record(), 0..4), prop::collection::vec(prop::bool::weighted(0.95), 12)).prop_map(
            |(other, stays)| {
                let standing: Vec<Record> = base().iter().map(|stored| stored.record.clone()).collect();
                let standing = standing.into_iter().zip(stays).filter(|(_, stays)| *stays).map(|(record, _)| record);
                let by_name = standing.chain(other).map(|record| (record.name().clone(), record));
                by_name.collect::<BTreeMap<_, _>>().into_values().collect()
            },
        )
    }

    fn policy() -> impl Strategy<Value = MergePolicy> {
        (prop::sample::select(ConflictPolicy::ALL), any::<bool>())
            .prop_map(|(on_conflict, prune)| MergePolicy { on_conflict, prune })
    }

    proptest! {
        #[test]
        fn merging_the_same_again_changes_nothing(
            office in prop::collection::vec(changes(), 0..4), dataset in dataset(), policy in policy(),
        ) {
            let mut snapshot = base();
            for changes in &office {
                if let Ok(batch) = snapshot.plan(changes, &later(&snapshot)) {
                    snapshot = snapshot.after([&batch]);
                }
            }
            let Ok(changes) = merge(&snapshot, dataset.clone(), policy) else { return Ok(()) };
            let Ok(batch) = snapshot.plan(&changes, &later(&snapshot)) else { return Ok(()) };
            let after = snapshot.after([&batch]);
            prop_assert_eq!(broken(&after), Vec::<String>::new());
            prop_assert_eq!(merge(&after, dataset.clone(), policy), Ok(vec![]));
            for theirs in &dataset {
                let stands = after.stored(theirs.name()).map(|stored| &stored.record);
                if policy.on_conflict == ConflictPolicy::Take && snapshot.stored(theirs.name()).is_none()
                    && snapshot.withheld_fields(theirs.name()).is_none() {
                    prop_assert_eq!(stands, Some(theirs));
                }
            }
        }

        #[test]
        fn a_directory_that_nobody_changed_becomes_the_dataset(first in dataset(), second in dataset()) {
            let empty = Snapshot::default();
            let Ok(batch) = empty.plan(&merge(&empty, first, REFUSE).unwrap(), &later(&empty)) else { return Ok(()) };
            let snapshot = empty.after([&batch]);
            let prune = MergePolicy { on_conflict: ConflictPolicy::Refuse, prune: true };
            let Ok(batch) = snapshot.plan(&merge(&snapshot, second.clone(), prune).unwrap(), &later(&snapshot)) else {
                return Ok(());
            };
            let after = snapshot.after([&batch]);
            prop_assert!(after.iter().map(|stored| &stored.record).eq(second.iter()));
        }
    }
}
