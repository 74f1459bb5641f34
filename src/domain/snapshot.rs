//! The immutable value of the whole directory at one revision; every read is answered from exactly one.
//!
//! **Invariants.** Every reference in it leads to a record in it. Applying a [`Batch`] gives another snapshot and
//! leaves this one as it is. Indices are derived, never stored.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;

use super::area::Area;
use super::change::Batch;
use super::contact::{Confidentiality, Contact};
use super::field::Fields;
use super::lexicon::Lexicon;
use super::name::{Collection, Id, Name};
use super::organisation::{Coverage, EXECUTES_FOR, Organisation, SUCCESSOR_OF};
use super::place::PlaceTerms;
use super::record::{Record, Resource, Revision, Stored};
use super::validity::Moment;
use super::words::Words;

/// The whole directory at one revision.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    revision: Revision,
    records: BTreeMap<Name, Arc<Stored>>,
    withheld: BTreeMap<Name, Arc<Fields>>,
    index: Index,
}

/// What is looked up by something else than its name.
#[derive(Debug, Clone, Default)]
struct Index {
    /// Per record, those that refer to it.
    referrers: HashMap<Name, Vec<Name>>,
    /// Per area, the areas that name it in `within` or `overlaps`, whenever.
    parts: HashMap<Name, Vec<Arc<Area>>>,
    /// Per area, the areas that name it in `adjacent_to`, whenever.
    neighbours: HashMap<Name, Vec<Arc<Area>>>,
    /// Per area, the areas that name it in `successor_of`, whenever.
    successors: HashMap<Name, Vec<Arc<Area>>>,
    /// Per capability, its coverages.
    covers: HashMap<Name, Vec<Arc<Coverage>>>,
    /// Per organisation, its coverages and contacts.
    coverages: HashMap<Name, Vec<Arc<Coverage>>>,
    contacts: HashMap<Name, Vec<Arc<Contact>>>,
    /// The contacts with a channel whose value is for few, whatever its validity.
    restricted: BTreeSet<Name>,
    /// The records of which a fact is announced.
    announced: Vec<Name>,
    /// Every instant at which any fact may begin, end, age or come near its end; sorted.
    boundaries: Vec<Timestamp>,
    /// What people type, and what it may mean.
    words: Words,
    /// What people type for a calamity or a circumstance.
    lexicon: Lexicon,
    /// What people type beside the name of a place.
    place_terms: PlaceTerms,
}

impl Snapshot {
    /// A snapshot of these records at a revision.
    pub fn new(
        revision: Revision,
        records: impl IntoIterator<Item = Stored>,
        withheld: impl IntoIterator<Item = (Name, Arc<Fields>)>,
    ) -> Self {
        let records = records.into_iter().map(|stored| (stored.record.name().clone(), Arc::new(stored))).collect();
        Self::indexed(revision, records, withheld.into_iter().collect())
    }

    fn indexed(
        revision: Revision,
        records: BTreeMap<Name, Arc<Stored>>,
        withheld: BTreeMap<Name, Arc<Fields>>,
    ) -> Self {
        let index = Index::of(&records);
        Snapshot { revision, records, withheld, index }
    }

    /// The snapshot after these batches, in order.
    #[must_use]
    pub fn after<'a>(&self, batches: impl IntoIterator<Item = &'a Batch>) -> Self {
        let (mut revision, mut records, mut withheld) = (self.revision, self.records.clone(), self.withheld.clone());
        for batch in batches {
            revision = batch.revision;
            for write in &batch.writes {
                match &write.after {
                    Some(stored) => records.insert(write.name.clone(), Arc::new(stored.clone())),
                    None => records.remove(&write.name),
                };
                match &write.withheld {
                    Some(shipped) => withheld.insert(write.name.clone(), shipped.clone()),
                    None => withheld.remove(&write.name),
                };
            }
        }
        Self::indexed(revision, records, withheld)
    }

    /// Its revision.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The record of a name, with what is kept beside it.
    pub fn stored(&self, name: &Name) -> Option<&Arc<Stored>> {
        self.records.get(name)
    }

    /// The record of a typed name.
    pub fn get<R: Resource>(&self, id: &Id<R>) -> Option<&Arc<R>> {
        self.records.get(id.name()).and_then(|stored| R::from_record(&stored.record))
    }

    /// Every record with what is kept beside it, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Stored>> {
        self.records.values()
    }

    /// Every record whose name lies below an organisation's, by name.
    pub fn below(&self, organisation: &Name) -> impl Iterator<Item = &Arc<Stored>> {
        // With its slash: `organisations/a-b` comes between `organisations/a` and `organisations/a/contacts/c`.
        let prefix = format!("{organisation}/");
        self.records
            .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded))
            .map(|(_, stored)| stored)
            .take_while(move |stored| stored.record.name().as_str().starts_with(&prefix))
    }

    /// Every record of one type, by name.
    pub fn all<R: Resource>(&self) -> impl Iterator<Item = &Arc<R>> {
        self.records.values().filter_map(|stored| R::from_record(&stored.record))
    }

    /// How many records a collection has.
    pub fn count(&self, collection: Collection) -> usize {
        self.records.keys().filter(|name| name.collection() == collection).count()
    }

    /// What the dataset ships for records that the office deleted.
    pub fn withheld(&self) -> impl Iterator<Item = (&Name, &Arc<Fields>)> {
        self.withheld.iter()
    }

    /// What the dataset ships for this record, if the office deleted it.
    pub fn withheld_fields(&self, name: &Name) -> Option<&Arc<Fields>> {
        self.withheld.get(name)
    }

    /// The records that refer to one.
    pub fn referrers(&self, name: &Name) -> &[Name] {
        self.index.referrers.get(name).map_or(&[], Vec::as_slice)
    }

    /// The areas that say they lie within or overlap an area, at whatever time.
    pub(super) fn parts(&self, area: &Id<Area>) -> &[Arc<Area>] {
        self.index.parts.get(area.name()).map_or(&[], Vec::as_slice)
    }

    /// The areas that say they are adjacent to an area, at whatever time.
    pub(super) fn neighbours(&self, area: &Id<Area>) -> &[Arc<Area>] {
        self.index.neighbours.get(area.name()).map_or(&[], Vec::as_slice)
    }

    /// The areas that say they follow an area, at whatever time.
    pub(super) fn successors(&self, area: &Id<Area>) -> &[Arc<Area>] {
        self.index.successors.get(area.name()).map_or(&[], Vec::as_slice)
    }

    /// The coverages of a capability, at whatever time.
    pub(super) fn covers(&self, capability: &Name) -> &[Arc<Coverage>] {
        self.index.covers.get(capability).map_or(&[], Vec::as_slice)
    }

    /// The coverages of an organisation, at whatever time.
    pub(super) fn coverages_of(&self, organisation: &Name) -> &[Arc<Coverage>] {
        self.index.coverages.get(organisation).map_or(&[], Vec::as_slice)
    }

    /// The contacts of an organisation, at whatever time.
    pub(super) fn contacts_of(&self, organisation: &Name) -> &[Arc<Contact>] {
        self.index.contacts.get(organisation).map_or(&[], Vec::as_slice)
    }

    /// The contacts with a channel whose value is for few: reading them is noted.
    pub fn restricted(&self) -> &BTreeSet<Name> {
        &self.index.restricted
    }

    /// What people type, and the records it may mean.
    pub(super) fn words(&self) -> &Words {
        &self.index.words
    }

    /// What people type for a calamity or a circumstance.
    pub fn lexicon(&self) -> &Lexicon {
        &self.index.lexicon
    }

    /// What people type beside the name of a place.
    pub(super) fn place_terms(&self) -> &PlaceTerms {
        &self.index.place_terms
    }

    /// The records whose readings differ at an instant, each with the moment since which they do, if that is known.
    /// Relations that no answer follows do not count.
    pub(super) fn disputed(&self, at: Timestamp) -> impl Iterator<Item = (&Name, Option<Moment>)> {
        self.index.announced.iter().filter_map(move |name| {
            let record = &self.records.get(name)?.record;
            let fields = match Organisation::from_record(record) {
                Some(organisation) => {
                    let mut followed = (**organisation).clone();
                    followed.relations.retain(|one| [EXECUTES_FOR, SUCCESSOR_OF].contains(&one.kind.as_str()));
                    followed.into_record().to_fields()
                }
                None => record.to_fields(),
            };
            Some((name, super::boundary::disputed(&fields, at)?))
        })
    }

    /// The first instant after `at` at which any fact of the directory may begin, end or age: until then, the same
    /// question is answered the same, but for opening hours.
    pub fn expire_time(&self, at: Timestamp) -> Option<Timestamp> {
        let index = self.index.boundaries.partition_point(|boundary| *boundary <= at);
        self.index.boundaries.get(index).copied()
    }
}

impl Index {
    fn of(records: &BTreeMap<Name, Arc<Stored>>) -> Self {
        let words = Words::of(records.values().map(|stored| &stored.record));
        let lexicon = Lexicon::of(records.values().map(|stored| &stored.record));
        let place_terms = PlaceTerms::of(records.values().map(|stored| &stored.record));
        let mut index = Index { words, lexicon, place_terms, ..Index::default() };
        for stored in records.values() {
            let record = &stored.record;
            record.references(&mut |_, other| {
                let referrers = index.referrers.entry(other.clone()).or_default();
                if referrers.last() != Some(record.name()) {
                    referrers.push(record.name().clone());
                }
            });
            let fields = record.to_fields();
            super::boundary::collect(&fields, &mut index.boundaries);
            if super::boundary::has_announced(&fields) {
                index.announced.push(record.name().clone());
            }
            match record {
                Record::Area(area) => {
                    for edge in area.within.iter().chain(&area.overlaps) {
                        index.parts.entry(edge.area.name().clone()).or_default().push(area.clone());
                    }
                    for edge in &area.adjacent_to {
                        index.neighbours.entry(edge.area.name().clone()).or_default().push(area.clone());
                    }
                    for edge in &area.successor_of {
                        index.successors.entry(edge.area.name().clone()).or_default().push(area.clone());
                    }
                }
                Record::Coverage(coverage) => {
                    index.covers.entry(coverage.capability.name().clone()).or_default().push(coverage.clone());
                    if let Some(parent) = coverage.name.name().parent() {
                        index.coverages.entry(parent).or_default().push(coverage.clone());
                    }
                }
                Record::Contact(contact) => {
                    if contact.channels.iter().any(|one| one.confidentiality == Confidentiality::Restricted) {
                        index.restricted.insert(contact.name.name().clone());
                    }
                    if let Some(parent) = contact.name.name().parent() {
                        index.contacts.entry(parent).or_default().push(contact.clone());
                    }
                }
                Record::Organisation(_)
                | Record::Station(_)
                | Record::CalamityType(_)
                | Record::Term(_)
                | Record::Capability(_)
                | Record::CrisisFunction(_)
                | Record::CrisisProcess(_)
                | Record::Condition(_)
                | Record::Constraint(_)
                | Record::Assignment(_)
                | Record::Arrangement(_)
                | Record::Profile(_) => {}
            }
        }
        index.boundaries.sort_unstable();
        index.boundaries.dedup();
        index
    }
}
