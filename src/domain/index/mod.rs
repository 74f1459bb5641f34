//! What a snapshot looks up by something else than a name. Derived, never stored.
//!
//! | Group | Made anew |
//! |---|---|
//! | who refers to a record, what is announced, when facts begin and end | per written record |
//! | edges between areas, coverages, contacts, rules | when a record of that collection is written |
//! | areas that answers look at | when an area is written, or the first or last record that speaks of one |
//! | words, the lexicon, terms of places | when a record with such words is written |
//!
//! **Invariants.** The index after a write is the index of the records from scratch: a test holds it. What a write does not
//! touch is shared with the snapshot before.

mod groups;

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;

use super::area::Area;
use super::assignment::Assignment;
use super::boundary;
use super::contact::Contact;
use super::field::Fields;
use super::lexicon::Lexicon;
use super::name::{Collection, Name};
use super::organisation::{Coverage, EXECUTES_FOR, Organisation, Relation, SUCCESSOR_OF};
use super::place::PlaceTerms;
use super::record::{Record, Resource, Stored};
use super::validity::Validity;
use super::words::Words;

use groups::{AreaEdges, Contacts, Coverages, SpokenAreas};
pub(super) use groups::{Rules, about};

/// The records of a snapshot.
pub(super) type Records = imbl::OrdMap<Name, Arc<Stored>>;

/// What is looked up by something else than a name.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// Per record, those that refer to it, by name.
    pub(super) referrers: imbl::HashMap<Name, Vec<Name>>,
    /// Per record, when its facts hold of which any is announced.
    pub(super) announced: imbl::OrdMap<Name, Vec<Validity>>,
    /// Every instant at which any fact may begin, end, age or come near its end, with how many do.
    boundaries: imbl::OrdMap<Timestamp, usize>,
    pub(super) areas: Arc<AreaEdges>,
    pub(super) spoken: Arc<SpokenAreas>,
    pub(super) coverages: Arc<Coverages>,
    pub(super) contacts: Arc<Contacts>,
    pub(super) rules: Arc<Rules>,
    /// What people type, and what it may mean.
    pub(super) words: Arc<Words>,
    /// What people type for a calamity or a circumstance.
    pub(super) lexicon: Arc<Lexicon>,
    /// What people type beside the name of a place.
    pub(super) place_terms: Arc<PlaceTerms>,
}

impl Index {
    /// The index of records.
    pub(super) fn of(records: &Records) -> Self {
        Index::default().after(&Records::new(), records, records.keys())
    }

    /// The index after these records were written: created, changed or deleted.
    pub(super) fn after<'a>(
        &self,
        before: &Records,
        records: &Records,
        written: impl IntoIterator<Item = &'a Name>,
    ) -> Self {
        let mut index = self.clone();
        let mut touched: BTreeSet<Collection> = BTreeSet::new();
        // The areas that the written records name or named.
        let mut named: BTreeSet<Name> = BTreeSet::new();
        for name in written.into_iter().collect::<BTreeSet<_>>() {
            touched.insert(name.collection());
            for stored in before.get(name).into_iter().chain(records.get(name)) {
                stored.record.references(&mut |_, other| {
                    if other.collection() == Collection::Areas {
                        named.insert(other.clone());
                    }
                });
            }
            if let Some(old) = before.get(name) {
                index.forget(&old.record);
            }
            if let Some(new) = records.get(name) {
                index.learn(&new.record);
            }
        }
        let is_touched = |collections: &[Collection]| collections.iter().any(|one| touched.contains(one));
        if is_touched(&[Collection::Areas]) {
            index.areas = Arc::new(AreaEdges::of(all::<Area>(records)));
        }
        if is_touched(&[Collection::Areas])
            || named.iter().any(|area| self.is_spoken_of(area) != index.is_spoken_of(area))
        {
            index.spoken = Arc::new(SpokenAreas::of(all::<Area>(records), |area| index.is_spoken_of(area)));
        }
        if is_touched(&[Collection::Coverages]) {
            index.coverages = Arc::new(Coverages::of(all::<Coverage>(records)));
        }
        if is_touched(&[Collection::Contacts]) {
            index.contacts = Arc::new(Contacts::of(all::<Contact>(records)));
        }
        if is_touched(&[Collection::Assignments]) {
            index.rules = Arc::new(Rules::of(all::<Assignment>(records)));
        }
        if is_touched(Words::COLLECTIONS) {
            let changed = touched.iter().flat_map(|collection| of_collection(records, *collection));
            index.words = Arc::new(self.words.after(&touched, changed, values(records)));
        }
        if is_touched(&[Collection::Terms, Collection::CalamityTypes]) {
            index.lexicon = Arc::new(Lexicon::of(values(records)));
        }
        if is_touched(&[Collection::Terms]) {
            index.place_terms = Arc::new(PlaceTerms::of(of_collection(records, Collection::Terms)));
        }
        index
    }

    /// Whether any record but an area speaks of an area, at whatever time.
    pub(super) fn is_spoken_of(&self, area: &Name) -> bool {
        // By name, so that what is no area comes last.
        let last = self.referrers.get(area).and_then(|referrers| referrers.last());
        last.is_some_and(|last| last.collection() != Collection::Areas)
    }

    /// The first instant after another at which any fact may begin, end, age or come near its end.
    pub(super) fn boundary_after(&self, at: Timestamp) -> Option<Timestamp> {
        self.boundaries.range((Bound::Excluded(at), Bound::Unbounded)).next().map(|(boundary, _)| *boundary)
    }

    fn learn(&mut self, record: &Record) {
        let name = record.name();
        record.references(&mut |_, other| {
            let referrers = self.referrers.entry(other.clone()).or_default();
            if let Err(at) = referrers.binary_search(name) {
                referrers.insert(at, name.clone());
            }
        });
        let fields = record.to_fields();
        for boundary in boundaries(&fields) {
            let count = self.boundaries.entry(boundary).or_default();
            *count = count.saturating_add(1);
        }
        let announced = announced(record, &fields);
        if !announced.is_empty() {
            self.announced.insert(name.clone(), announced);
        }
    }

    fn forget(&mut self, record: &Record) {
        let name = record.name();
        record.references(&mut |_, other| {
            if let Some(referrers) = self.referrers.get_mut(other) {
                referrers.retain(|known| known != name);
            }
            if self.referrers.get(other).is_some_and(Vec::is_empty) {
                self.referrers.remove(other);
            }
        });
        for boundary in boundaries(&record.to_fields()) {
            if let Some(count) = self.boundaries.get_mut(&boundary) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.boundaries.remove(&boundary);
                }
            }
        }
        self.announced.remove(name);
    }
}

/// The records of a type, by name.
pub(super) fn all<R: Resource>(records: &Records) -> impl Iterator<Item = &Arc<R>> + Clone {
    of_collection(records, R::COLLECTION).filter_map(R::from_record)
}

/// The records of a collection, by name.
pub(super) fn of_collection(records: &Records, collection: Collection) -> impl Iterator<Item = &Record> + Clone {
    let above = if collection.is_nested() { Collection::Organisations } else { collection };
    let prefix: Arc<str> = format!("{}/", above.word()).into();
    let within = prefix.clone();
    records
        .range::<_, str>((Bound::Included(&*prefix), Bound::Unbounded))
        .take_while(move |(name, _)| name.as_str().starts_with(&*within))
        .map(|(_, stored)| &stored.record)
        .filter(move |record| above != Collection::Organisations || record.name().collection() == collection)
}

fn values(records: &Records) -> impl Iterator<Item = &Record> + Clone {
    records.iter().map(|(_, stored)| &stored.record)
}

/// When the facts of a record hold of which any is announced. Relations that no answer follows do not count.
fn announced(record: &Record, fields: &Fields) -> Vec<Validity> {
    match Organisation::from_record(record) {
        Some(organisation) if organisation.relations.iter().any(|one| !is_followed(one)) => {
            let mut followed = (**organisation).clone();
            followed.relations.retain(is_followed);
            boundary::announced(&followed.into_record().to_fields())
        }
        Some(_) | None => boundary::announced(fields),
    }
}

fn is_followed(relation: &Relation) -> bool {
    [EXECUTES_FOR, SUCCESSOR_OF].contains(&relation.kind.as_str())
}

fn boundaries(fields: &Fields) -> Vec<Timestamp> {
    let mut boundaries = Vec::new();
    boundary::collect(fields, &mut boundaries);
    boundaries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    fn assert_same(one: &Index, other: &Index, because: &Name) {
        assert_eq!(one.referrers, other.referrers, "{because}");
        assert_eq!(one.announced, other.announced, "{because}");
        assert_eq!(one.boundaries, other.boundaries, "{because}");
        assert_eq!(one.areas, other.areas, "{because}");
        assert_eq!(one.spoken, other.spoken, "{because}");
        assert_eq!(one.coverages, other.coverages, "{because}");
        assert_eq!(one.contacts, other.contacts, "{because}");
        assert_eq!(one.rules, other.rules, "{because}");
        assert_eq!(one.words, other.words, "{because}");
    }

    #[test]
    fn an_index_after_a_write_is_the_index_from_scratch() {
        let stored = sample::places_records().into_iter().map(|one| (one.record.name().clone(), Arc::new(one)));
        let all: Records = stored.collect();
        let whole = Index::of(&all);
        for name in all.keys() {
            let mut without = all.clone();
            without.remove(name);
            let rest = Index::of(&without);
            assert_same(&whole.after(&all, &without, [name]), &rest, name);
            assert_same(&rest.after(&without, &all, [name, name]), &whole, name);
        }
    }

    #[test]
    fn what_a_write_does_not_touch_is_shared() {
        let stored = sample::places_records().into_iter().map(|one| (one.record.name().clone(), Arc::new(one)));
        let all: Records = stored.collect();
        let whole = Index::of(&all);
        let contact = Name::parse("organisations/vitens/contacts/desk").unwrap();
        let after = whole.after(&all, &all, [&contact]);
        assert!(Arc::ptr_eq(&after.words, &whole.words));
        assert!(Arc::ptr_eq(&after.lexicon, &whole.lexicon));
        assert!(Arc::ptr_eq(&after.areas, &whole.areas));
        assert!(!Arc::ptr_eq(&after.contacts, &whole.contacts));
    }

    #[test]
    fn records_of_a_collection_are_those_and_no_others() {
        let stored = sample::places_records().into_iter().map(|one| (one.record.name().clone(), Arc::new(one)));
        let all: Records = stored.collect();
        for collection in Collection::ALL {
            let found: Vec<&Name> = of_collection(&all, *collection).map(Record::name).collect();
            let expected: Vec<&Name> = all.keys().filter(|name| name.collection() == *collection).collect();
            assert_eq!(found, expected);
        }
    }
}
