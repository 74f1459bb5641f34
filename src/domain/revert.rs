//! Taking one write back: the inverse of a batch, as changes to be planned on what stands.
//!
//! **Invariants.** What somebody changed since is never overwritten: the whole inverse is refused, naming those
//! records. What already stands as it did before is left alone.

use super::change::{Batch, Change, Write};
use super::error::Error;
use super::record::Stored;
use super::snapshot::Snapshot;

/// The changes that take a batch back.
///
/// # Errors
/// [`Error::ChangedSince`] naming every record that differs from what the batch made of it.
pub fn inverse(snapshot: &Snapshot, batch: &Batch) -> Result<Vec<Change>, Error> {
    let (mut changes, mut changed) = (Vec::new(), Vec::new());
    for Write { name, before, after, withheld: _ } in &batch.writes {
        let present = snapshot.stored(name).map(AsRef::as_ref);
        if is_same(present, before.as_ref()) {
            continue;
        }
        if !is_same(present, after.as_ref()) {
            changed.push(name.clone());
            continue;
        }
        changes.push(match before {
            Some(before) => Change::Put(before.record.clone()),
            None => Change::Delete { name: name.clone(), etag: None },
        });
    }
    if changed.is_empty() {
        Ok(changes)
    } else {
        Err(Error::ChangedSince { revision: batch.revision, records: changed })
    }
}

fn is_same(one: Option<&Stored>, other: Option<&Stored>) -> bool {
    one.map(|stored| &stored.record) == other.map(|stored| &stored.record)
}
