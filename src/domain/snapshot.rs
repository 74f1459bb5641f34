//! The immutable value of the whole directory at one revision; every read is answered from exactly one.
//!
//! **Invariants.** Every reference in it leads to a record in it. Applying a [`Batch`] gives another snapshot and
//! leaves this one as it is. Indices are derived, never stored.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;

use super::area::Area;
use super::change::Batch;
use super::contact::Contact;
use super::field::Fields;
use super::index::{self, Index, Records, Rules, about};
use super::lexicon::Lexicon;
use super::name::{Collection, Id, Name};
use super::organisation::Coverage;
use super::place::PlaceTerms;
use super::record::{Resource, Revision, Stored};
use super::validity::Moment;
use super::words::Words;

/// The whole directory at one revision.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    revision: Revision,
    records: Records,
    withheld: imbl::OrdMap<Name, Arc<Fields>>,
    index: Index,
}

impl Snapshot {
    /// A snapshot of these records at a revision.
    pub fn new(
        revision: Revision,
        records: impl IntoIterator<Item = Stored>,
        withheld: impl IntoIterator<Item = (Name, Arc<Fields>)>,
    ) -> Self {
        let records: Records =
            records.into_iter().map(|stored| (stored.record.name().clone(), Arc::new(stored))).collect();
        let index = Index::of(&records);
        Snapshot { revision, records, withheld: withheld.into_iter().collect(), index }
    }

    /// The snapshot after these batches, in order.
    #[must_use]
    pub fn after<'a>(&self, batches: impl IntoIterator<Item = &'a Batch>) -> Self {
        let (mut revision, mut records, mut withheld) = (self.revision, self.records.clone(), self.withheld.clone());
        let mut written: Vec<&Name> = Vec::new();
        for batch in batches {
            revision = batch.revision;
            for write in &batch.writes {
                written.push(&write.name);
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
        let index = self.index.after(&self.records, &records, written);
        Snapshot { revision, records, withheld, index }
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
            .range::<_, str>((Bound::Included(prefix.as_str()), Bound::Unbounded))
            .map(|(_, stored)| stored)
            .take_while(move |stored| stored.record.name().as_str().starts_with(&prefix))
    }

    /// Every record of one type, by name.
    pub fn all<R: Resource>(&self) -> impl Iterator<Item = &Arc<R>> {
        index::all(&self.records)
    }

    /// How many records a collection has.
    pub fn count(&self, collection: Collection) -> usize {
        index::of_collection(&self.records, collection).count()
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
        about(&self.index.areas.parts, area.name())
    }

    /// The areas that say they are adjacent to an area, at whatever time.
    pub(super) fn neighbours(&self, area: &Id<Area>) -> &[Arc<Area>] {
        about(&self.index.areas.neighbours, area.name())
    }

    /// The areas that say they follow an area, at whatever time.
    pub(super) fn successors(&self, area: &Id<Area>) -> &[Arc<Area>] {
        about(&self.index.areas.successors, area.name())
    }

    /// The coverages of a capability, at whatever time.
    pub(super) fn covers(&self, capability: &Name) -> &[Arc<Coverage>] {
        about(&self.index.coverages.of_capability, capability)
    }

    /// The coverages of an organisation, at whatever time.
    pub(super) fn coverages_of(&self, organisation: &Name) -> &[Arc<Coverage>] {
        about(&self.index.coverages.of_organisation, organisation)
    }

    /// The contacts of an organisation, at whatever time.
    pub(super) fn contacts_of(&self, organisation: &Name) -> &[Arc<Contact>] {
        about(&self.index.contacts.of_organisation, organisation)
    }

    /// The contacts with a channel whose value is for few: reading them is noted.
    pub fn restricted(&self) -> &BTreeSet<Name> {
        &self.index.contacts.restricted
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

    /// The areas that are or were ours, those within them not counted.
    pub(super) fn ours(&self) -> &[Arc<Area>] {
        &self.index.areas.ours
    }

    /// The rules, by what they are for.
    pub(super) fn rules(&self) -> &Rules {
        &self.index.rules
    }

    /// Whether any record but an area speaks of an area, at whatever time.
    pub(super) fn is_spoken_of(&self, area: &Id<Area>) -> bool {
        self.index.is_spoken_of(area.name())
    }

    /// The areas that say they lie within an area, at whatever time, as far as any answer may have to look at them.
    pub(super) fn spoken_parts(&self, area: &Id<Area>) -> &[Arc<Area>] {
        about(&self.index.spoken.parts, area.name())
    }

    /// Whether any answer may have to look at an area: a record speaks of it or of something in it, or it touches others.
    pub(super) fn leads_to_spoken(&self, area: &Id<Area>) -> bool {
        self.index.spoken.contains(area.name())
    }

    /// The records whose readings differ at an instant, each with the moment since which they do, if that is known.
    /// Relations that no answer follows do not count.
    pub(super) fn disputed(&self, at: Timestamp) -> impl Iterator<Item = (&Name, Option<Moment>)> {
        self.index.announced.iter().filter_map(move |(name, facts)| {
            let disputed = facts.iter().filter(|fact| fact.is_disputed(at));
            Some((name, disputed.map(|fact| fact.0.announced_end.or(fact.0.start)).min()?))
        })
    }

    /// The first instant after `at` at which any fact of the directory may begin, end or age: until then, the same
    /// question is answered the same, but for opening hours.
    pub fn expire_time(&self, at: Timestamp) -> Option<Timestamp> {
        self.index.boundary_after(at)
    }
}
