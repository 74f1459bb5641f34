//! Turns wanted changes into a batch, or says everything that is wrong with them.
//!
//! **Invariants.** Planning has no effect and reads no clock: the same snapshot, changes and authorship give the same
//! batch. The snapshot after the batch keeps every rule of [`invariant`](super::invariant), if the one before did.
//! A record that would stand as it stands is not written.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::calamity_type::CalamityType;
use super::change::{Authorship, Batch, Change, Write};
use super::error::Error;
use super::field::{Fault, Faults, Fields, Value};
use super::invariant::{check_alone, check_among, circles};
use super::name::Name;
use super::record::{Meta, Origin, Record, Resource, Revision, Stored};
use super::snapshot::Snapshot;

impl Snapshot {
    /// The batch that makes these changes to this snapshot. It may hold no writes, when all stands as wanted.
    ///
    /// # Errors
    /// If one change alone is refused for one cause, that cause: [`Error::NotFound`], [`Error::AlreadyExists`],
    /// [`Error::EtagMismatch`] (read again and retry) or [`Error::StillReferenced`]. Otherwise [`Error::Invalid`] with
    /// every fault of every change, at paths such as `changes[3].within[0].area`.
    pub fn plan(&self, changes: &[Change], authorship: &Authorship) -> Result<Batch, Error> {
        let mut plan = Plan::new(self, authorship);
        for (index, change) in changes.iter().enumerate() {
            plan.add(index, change);
        }
        plan.check_records(changes);
        plan.check_circles();
        plan.check_deletions();
        plan.finish()
    }
}

/// A batch in the making.
struct Plan<'a> {
    snapshot: &'a Snapshot,
    authorship: &'a Authorship,
    revision: Revision,
    /// The change that decides about each name.
    decided: BTreeMap<Name, usize>,
    /// What each of these names shall have; also those that stay as they are.
    outcomes: BTreeMap<Name, Outcome>,
    faults: Vec<(usize, Fault)>,
    refusals: Vec<(usize, Error)>,
}

/// What shall stand under one name.
struct Outcome {
    stored: Option<Arc<Stored>>,
    withheld: Option<Arc<Fields>>,
}

impl<'a> Plan<'a> {
    fn new(snapshot: &'a Snapshot, authorship: &'a Authorship) -> Self {
        Plan {
            snapshot,
            authorship,
            revision: snapshot.revision().next(),
            decided: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            faults: Vec::new(),
            refusals: Vec::new(),
        }
    }

    fn add(&mut self, index: usize, change: &Change) {
        let name = change.name();
        if let Some(first) = self.decided.get(name) {
            let message = format!("changes[{first}] is about {name} as well; one change per record");
            self.faults.push((index, Fault { path: String::new(), reason: "DUPLICATE", message }));
            return;
        }
        self.decided.insert(name.clone(), index);
        match self.outcome(change) {
            Ok(outcome) => {
                self.outcomes.insert(name.clone(), outcome);
            }
            Err(refusal) => self.refusals.push((index, refusal)),
        }
    }

    /// What a change makes of its record, or why it cannot.
    fn outcome(&self, change: &Change) -> Result<Outcome, Error> {
        let name = change.name();
        let before = self.snapshot.stored(name);
        let withheld = self.snapshot.withheld_fields(name);
        let standing = || before.ok_or_else(|| Error::NotFound(name.clone()));
        let stored = match change {
            Change::Create(_) if before.is_some() => return Err(Error::AlreadyExists(name.clone())),
            Change::Create(record) | Change::Put(record) => {
                let origin = match (before, withheld) {
                    (Some(before), _) => edited(before, record),
                    // What the office deleted and makes again is what the dataset ships, with the office's changes.
                    (None, Some(shipped)) => against(shipped, record),
                    (None, None) => Origin::Office,
                };
                self.stored(before, record, origin)
            }
            Change::Update { record, etag } => {
                let standing = standing()?;
                matches_etag(name, standing, etag.as_deref())?;
                self.stored(before, record, edited(standing, record))
            }
            Change::Delete { etag, .. } => {
                let standing = standing()?;
                matches_etag(name, standing, etag.as_deref())?;
                let withheld = match &standing.meta.origin {
                    Origin::Shipped => Some(Arc::new(standing.record.to_fields())),
                    Origin::Edited(shipped) => Some(shipped.clone()),
                    Origin::Office => None,
                };
                return Ok(Outcome { stored: None, withheld });
            }
            Change::Ship { shipped, record } => self.stored(before, record, against(shipped, record)),
            Change::Withhold { shipped, .. } => {
                if before.is_some() {
                    return Err(Error::AlreadyExists(name.clone()));
                }
                return Ok(Outcome { stored: None, withheld: Some(shipped.clone()) });
            }
            Change::Withdraw(_) => {
                if before.is_none() && withheld.is_none() {
                    return Err(Error::NotFound(name.clone()));
                }
                return Ok(Outcome { stored: None, withheld: None });
            }
        };
        Ok(Outcome { stored: Some(stored), withheld: None })
    }

    /// A record with what is kept beside it, as it would stand.
    fn stored(&self, before: Option<&Arc<Stored>>, record: &Record, origin: Origin) -> Arc<Stored> {
        if let Some(before) = before
            && before.record == *record
            && before.meta.origin == origin
        {
            return before.clone();
        }
        let (uid, create_time) = match before {
            Some(before) => (before.meta.uid.clone(), before.meta.create_time),
            None => (self.uid(record.name()), self.authorship.time),
        };
        let update_time = self.authorship.time;
        let meta = Meta { uid, revision: self.revision, create_time, update_time, origin };
        Arc::new(Stored { record: record.clone(), meta })
    }

    /// The identity of a record created by this batch: a UUID of version 8 (RFC 9562), derived instead of drawn, so
    /// that planning stays pure.
    fn uid(&self, name: &Name) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(name.as_str().as_bytes());
        hasher.update(&self.revision.0.to_le_bytes());
        hasher.update(&self.authorship.time.as_nanosecond().to_le_bytes());
        let digest = hasher.finalize();
        let bits = digest.as_bytes().iter().take(16).fold(0u128, |bits, byte| (bits << 8) | u128::from(*byte));
        // Version 8 and the variant of RFC 9562.
        let bits = (bits & !(0xf << 76) & !(0x3 << 62)) | (0x8 << 76) | (0x2 << 62);
        let [a, b, c, d, e] = [bits >> 96, bits >> 80, bits >> 64, bits >> 48, bits];
        format!("{a:08x}-{:04x}-{:04x}-{:04x}-{:012x}", b & 0xffff, c & 0xffff, d & 0xffff, e & 0xffff_ffff_ffff)
    }

    /// The record of a name as it would stand after the batch. A change that is refused leaves what stands.
    fn find(&self, name: &Name) -> Option<Record> {
        let stored = match self.outcomes.get(name) {
            Some(outcome) => outcome.stored.as_ref(),
            None => self.snapshot.stored(name),
        };
        stored.map(|stored| stored.record.clone())
    }

    fn check_records(&mut self, changes: &[Change]) {
        let mut found = Vec::new();
        for (index, change) in changes.iter().enumerate() {
            let mut faults = Faults::default();
            match change {
                Change::Create(record)
                | Change::Put(record)
                | Change::Update { record, .. }
                | Change::Ship { record, .. } => {
                    check_alone(record, &mut faults);
                    // What the same batch wants counts, even if it is itself refused.
                    let find = |name: &Name| self.find(name).or_else(|| wanted(changes, &self.decided, name));
                    check_among(record, &|name| find(name).is_some(), &find, &mut faults);
                    self.check_types_below(record, &mut faults);
                }
                Change::Delete { .. } | Change::Withhold { .. } | Change::Withdraw(_) => {}
            }
            if let Change::Ship { shipped, .. } | Change::Withhold { shipped, .. } = change
                && shipped.get("name") != Some(&Value::Text(change.name().as_str().to_owned()))
            {
                let message = format!("what is shipped for {} is of another name", change.name());
                faults.0.push(Fault { path: "shipped.name".to_owned(), reason: "WRONG_NAME", message });
            }
            found.extend(faults.0.into_iter().map(|fault| (index, fault)));
        }
        self.faults.append(&mut found);
    }

    /// A calamity type that changes level must stay above the types that name it.
    fn check_types_below(&self, record: &Record, faults: &mut Faults) {
        let Some(parent) = CalamityType::from_record(record) else { return };
        for name in self.snapshot.referrers(record.name()).iter().filter(|name| !self.decided.contains_key(*name)) {
            if let Some(Record::CalamityType(child)) = self.find(name)
                && child.parent.as_ref() == Some(&parent.name)
                && parent.level <= child.level
            {
                let (own, other) = (parent.level.word(), child.level.word());
                let message = format!("{name} lies below it and is a {other}, which a {own} is not above");
                faults.0.push(Fault { path: "level".to_owned(), reason: "WRONG_LEVEL", message });
            }
        }
    }

    fn check_circles(&mut self) {
        let changed = self.outcomes.iter().filter(|(_, outcome)| outcome.stored.is_some());
        let found: Vec<(usize, Fault)> = circles(changed.map(|(name, _)| name), &|name| self.find(name))
            .into_iter()
            .map(|circle| {
                // A new circle goes through a changed record: the one before had none.
                let index = circle.way.iter().find_map(|name| self.decided.get(name)).copied().unwrap_or_default();
                (index, Fault { path: circle.field.to_owned(), reason: "CIRCLE", message: circle.message })
            })
            .collect();
        self.faults.extend(found);
    }

    fn check_deletions(&mut self) {
        let mut found = Vec::new();
        let gone = |name: &Name| self.outcomes.get(name).is_some_and(|outcome| outcome.stored.is_none());
        for (name, index) in self.decided.iter().filter(|(name, _)| gone(name)) {
            let referrers = self.snapshot.referrers(name).iter().cloned();
            let children = self.snapshot.below(name).map(|stored| stored.record.name().clone());
            // A record of this batch that names it is a fault of that record's own change.
            let mut by: Vec<Name> =
                referrers.chain(children).filter(|other| !self.decided.contains_key(other)).collect();
            by.sort();
            by.dedup();
            if !by.is_empty() {
                found.push((*index, Error::StillReferenced { name: name.clone(), by }));
            }
        }
        self.refusals.append(&mut found);
    }

    fn finish(mut self) -> Result<Batch, Error> {
        if self.faults.is_empty() && self.refusals.is_empty() {
            return Ok(self.into_batch());
        }
        if self.faults.is_empty()
            && self.refusals.len() == 1
            && let Some((_, refusal)) = self.refusals.pop()
        {
            return Err(refusal);
        }
        let refused = self.refusals.into_iter().map(|(index, refusal)| (index, as_fault(&refusal)));
        let mut all: Vec<(usize, Fault)> = self.faults.into_iter().chain(refused).collect();
        all.sort_by_key(|(index, _)| *index);
        let faults = all.into_iter().map(|(index, fault)| {
            let dot = if fault.path.is_empty() { "" } else { "." };
            Fault { path: format!("changes[{index}]{dot}{}", fault.path), ..fault }
        });
        Err(Error::Invalid(Faults(faults.collect())))
    }

    fn into_batch(self) -> Batch {
        let writes = self.outcomes.into_iter().filter_map(|(name, outcome)| {
            let before = self.snapshot.stored(&name);
            if before == outcome.stored.as_ref() && self.snapshot.withheld_fields(&name) == outcome.withheld.as_ref() {
                return None;
            }
            Some(Write {
                name,
                before: before.map(|stored| stored.as_ref().clone()),
                after: outcome.stored.map(|stored| stored.as_ref().clone()),
                withheld: outcome.withheld,
            })
        });
        Batch { revision: self.revision, writes: writes.collect(), authorship: self.authorship.clone() }
    }
}

/// Whose a record is, compared with what the dataset ships.
fn against(shipped: &Arc<Fields>, record: &Record) -> Origin {
    if record.to_fields() == **shipped { Origin::Shipped } else { Origin::Edited(shipped.clone()) }
}

/// Whose a record is after the office wrote it.
fn edited(before: &Stored, record: &Record) -> Origin {
    match &before.meta.origin {
        Origin::Shipped if before.record == *record => Origin::Shipped,
        Origin::Shipped => Origin::Edited(Arc::new(before.record.to_fields())),
        Origin::Edited(shipped) => against(shipped, record),
        Origin::Office => Origin::Office,
    }
}

fn matches_etag(name: &Name, stored: &Stored, given: Option<&str>) -> Result<(), Error> {
    let current = stored.meta.etag();
    match given {
        Some(given) if given != current => {
            Err(Error::EtagMismatch { name: name.clone(), given: given.to_owned(), current })
        }
        Some(_) | None => Ok(()),
    }
}

/// The record that a batch wants under a name, whatever stands in its way.
fn wanted(changes: &[Change], decided: &BTreeMap<Name, usize>, name: &Name) -> Option<Record> {
    match changes.get(*decided.get(name)?)? {
        Change::Create(record) | Change::Put(record) | Change::Update { record, .. } | Change::Ship { record, .. } => {
            Some(record.clone())
        }
        Change::Delete { .. } | Change::Withhold { .. } | Change::Withdraw(_) => None,
    }
}

/// A refusal as one fault among others.
fn as_fault(refusal: &Error) -> Fault {
    let message = if let Error::StillReferenced { name, by } = refusal {
        // Of a record that hundreds name the first few tell where to begin.
        let first: Vec<&str> = by.iter().take(5).map(Name::as_str).collect();
        let more = by.len().saturating_sub(first.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{name} is still referred to by {}{more}", first.join(", "))
    } else {
        refusal.to_string()
    };
    Fault { path: String::new(), reason: refusal.reason().word(), message }
}

#[cfg(test)]
mod tests;
