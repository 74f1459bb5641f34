//! What is withheld from a caller: the values of channels that are more confidential than he may see.
//!
//! A channel that is withheld still exists: it keeps its kind, hours and verification, and loses only its value. It is
//! neither a placeholder nor without a value by mistake, and can be told from both: see [`Channel::is_withheld`].
//!
//! **Invariants.** Redaction is done once, on records, before anything is asked, listed, filtered, ordered, exported or
//! compared; so no answer can carry what its caller may not see, whatever the answer is. It never changes which records
//! there are.
//!
//! # Why the snapshot and not the answers (2026-11)
//! A value may reach a caller in an answer, a record, a diff, a filter that matches, an order that sorts or the text of
//! an error. Each of those would need a check of its own, and the one that is forgotten leaks.

use std::sync::Arc;

use super::change::Write;
use super::contact::{Channel, Confidentiality, Contact};
use super::diff::RecordDiff;
use super::field::{Faults, Fields, Path};
use super::name::Collection;
use super::record::{Meta, Origin, Record, Resource, Stored};
use super::snapshot::Snapshot;

impl Channel {
    /// Whether the value is withheld from whoever reads this.
    pub fn is_withheld(&self) -> bool {
        self.value.is_empty() && !self.placeholder
    }
}

impl Contact {
    /// The fields that are withheld from whoever reads this, as dotted paths with indices.
    pub fn withheld_fields(&self) -> Vec<String> {
        let each = self.channels.iter().enumerate().filter(|(_, channel)| channel.is_withheld());
        each.map(|(index, _)| format!("channels[{index}].value")).collect()
    }
}

impl Snapshot {
    /// The same directory as somebody of this clearance may see it. What the office deleted is left out: only a write
    /// needs it, and writes are planned on the whole directory.
    #[must_use]
    pub fn redacted(&self, clearance: Confidentiality) -> Snapshot {
        Snapshot::new(self.revision(), self.iter().map(|stored| redacted(stored, clearance)), [])
    }
}

/// A stored record as somebody of this clearance may see it.
pub fn redacted(stored: &Stored, clearance: Confidentiality) -> Stored {
    let Some(contact) = Contact::from_record(&stored.record) else { return stored.clone() };
    let record = withheld(contact, clearance).into_record();
    let origin = match &stored.meta.origin {
        Origin::Edited(shipped) => Origin::Edited(Arc::new(shipped_of(shipped, clearance, &record))),
        origin @ (Origin::Shipped | Origin::Office) => origin.clone(),
    };
    Stored { record, meta: Meta { origin, ..stored.meta.clone() } }
}

/// Leaves of a write what somebody of this clearance may see, and gives the paths of the fields that it changes, or that
/// come or go with the record, and that are withheld.
pub fn redact_write(write: &mut Write, clearance: Confidentiality) -> Vec<String> {
    let paths = |write: &Write| -> Vec<String> {
        RecordDiff::of(write).map_or_else(Vec::new, |diff| diff.fields.into_iter().map(|field| field.path).collect())
    };
    let is_contact = write.name.collection() == Collection::Contacts;
    let all = if is_contact { paths(write) } else { Vec::new() };
    write.before = write.before.as_ref().map(|stored| redacted(stored, clearance));
    write.after = write.after.as_ref().map(|stored| redacted(stored, clearance));
    write.withheld = None;
    match (&write.before, &write.after) {
        _ if !is_contact => Vec::new(),
        (Some(_), Some(_)) => {
            let seen = paths(write);
            all.into_iter().filter(|path| !seen.contains(path)).collect()
        }
        (one, other) => {
            let contact = one.as_ref().or(other.as_ref()).and_then(|stored| Contact::from_record(&stored.record));
            contact.map(|contact| contact.withheld_fields()).unwrap_or_default()
        }
    }
}

fn withheld(contact: &Contact, clearance: Confidentiality) -> Contact {
    let mut contact = contact.clone();
    for channel in contact.channels.iter_mut().filter(|channel| channel.confidentiality > clearance) {
        channel.value.clear();
    }
    contact
}

/// What was shipped, as the caller may see it; what can no longer be read as a contact is not shown at all.
fn shipped_of(shipped: &Fields, clearance: Confidentiality, record: &Record) -> Fields {
    let read = Record::from_fields(Collection::Contacts, shipped.clone(), &Path::Root, &mut Faults::default());
    let contact = read.as_ref().and_then(Contact::from_record);
    contact.map_or_else(|| record.to_fields(), |contact| withheld(contact, clearance).into_record().to_fields())
}
