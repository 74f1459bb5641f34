//! Everything that a store holds, as keys and bytes: what the tally counts, sled keeps and a checkpoint lists.
//!
//! **Invariants.** What is held depends on the batches only. A key says what its bytes are.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::change::{Batch, Write};
use crate::domain::name::Name;
use crate::store::record::{Malformed, decode_stored, decode_withheld, encode_stored, encode_withheld};
use crate::store::{Contents, Error};

/// What an entry is kept under: `r` for a record or `w` for withheld fields, then the name.
pub(super) type EntryKey = Vec<u8>;

/// What becomes of an entry: the bytes to keep, or none to drop what is kept.
pub(super) type Overwrite = (EntryKey, Option<Vec<u8>>);

/// The key of a record.
pub(super) fn record_key(name: &Name) -> EntryKey {
    [b"r", name.as_str().as_bytes()].concat()
}

/// The key of withheld fields.
pub(super) fn withheld_key(name: &Name) -> EntryKey {
    [b"w", name.as_str().as_bytes()].concat()
}

/// What a batch does to the entries that it touches.
pub(super) fn entries(batch: &Batch) -> Result<Vec<Overwrite>, Error> {
    let mut entries = Vec::with_capacity(batch.writes.len().saturating_mul(2));
    for Write { name, before: _, after, withheld } in &batch.writes {
        let unwritable = |error: Malformed| Error::Internal(format!("{name}: {error}"));
        let after = after.as_ref().map(encode_stored).transpose().map_err(unwritable)?;
        let withheld = withheld.as_ref().map(|fields| encode_withheld(fields)).transpose().map_err(unwritable)?;
        entries.extend([(record_key(name), after), (withheld_key(name), withheld)]);
    }
    Ok(entries)
}

/// Does to these entries what a batch does, and gives the keys of those it touched.
pub(super) fn apply(batch: &Batch, held: &mut BTreeMap<EntryKey, Vec<u8>>) -> Result<Vec<EntryKey>, Error> {
    let each = entries(batch)?.into_iter().map(|(key, bytes)| {
        match bytes {
            Some(bytes) => held.insert(key.clone(), bytes),
            None => held.remove(&key),
        };
        key
    });
    Ok(each.collect())
}

/// The records and withheld fields that these entries hold, and nothing else.
pub(super) fn decode(entries: &BTreeMap<EntryKey, Vec<u8>>) -> Result<Contents, Error> {
    let mut contents = Contents::default();
    for (key, bytes) in entries {
        let unreadable = |error: &dyn std::fmt::Display| {
            Error::Internal(format!("the entry of {} cannot be read: {error}", String::from_utf8_lossy(key)))
        };
        match key.split_first() {
            Some((b'w', name)) => {
                let name = std::str::from_utf8(name).map_err(|error| unreadable(&error))?;
                let name = Name::parse(name).map_err(|fault| unreadable(&fault.message))?;
                let fields = decode_withheld(bytes).map_err(|error| unreadable(&error))?;
                contents.withheld.push((name, Arc::new(fields)));
            }
            Some(_) | None => {
                let stored = decode_stored(bytes).map_err(|error| unreadable(&error))?;
                if record_key(stored.record.name()) != *key {
                    return Err(unreadable(&format_args!("it is the record of {}", stored.record.name())));
                }
                contents.records.push(stored);
            }
        }
    }
    Ok(contents)
}
