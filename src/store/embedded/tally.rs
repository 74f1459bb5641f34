//! Count and digest of everything a store holds, kept up write by write.
//!
//! The digest is the sum modulo 2^128 of a hash of each entry, so that it can be brought up to a write without
//! reading the rest; it tells a store with entries missing, changed or exchanged from a whole one.
//!
//! **Invariants.** A tally depends on what is held only, not on the order or history of the writes.

use std::collections::HashMap;

use super::entries::EntryKey;

/// How many entries are held, and the sum of their hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    pub(super) count: u64,
    pub(super) digest: u128,
}

impl Tally {
    fn add(&mut self, hash: u128) {
        self.count = self.count.wrapping_add(1);
        self.digest = self.digest.wrapping_add(hash);
    }

    fn take(&mut self, hash: u128) {
        self.count = self.count.wrapping_sub(1);
        self.digest = self.digest.wrapping_sub(hash);
    }

    /// The tally of these entries.
    pub(super) fn of<'a>(entries: impl IntoIterator<Item = (&'a EntryKey, &'a Vec<u8>)>) -> Self {
        let mut tally = Tally::default();
        entries.into_iter().for_each(|(key, bytes)| tally.add(hash(key, bytes)));
        tally
    }
}

/// The hash of every entry held, and their tally: what is needed to tally the next write.
#[derive(Debug, Default)]
pub(super) struct Tallied {
    tally: Tally,
    hashes: HashMap<EntryKey, u128>,
}

impl Tallied {
    /// The hashes of these entries.
    pub(super) fn of<'a>(entries: impl IntoIterator<Item = (&'a EntryKey, &'a Vec<u8>)>) -> Self {
        let mut tallied = Tallied::default();
        for (key, bytes) in entries {
            tallied.set(key, Some(bytes));
        }
        tallied
    }

    /// The tally.
    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    /// Keeps or drops one entry, and gives what undoes that.
    pub(super) fn set(&mut self, key: &EntryKey, bytes: Option<&Vec<u8>>) -> Undo {
        let hash = bytes.map(|bytes| hash(key, bytes));
        Undo { key: key.clone(), hash: self.put(key, hash) }
    }

    /// Takes a [`set`](Tallied::set) back; the last one first.
    pub(super) fn undo(&mut self, undo: Undo) {
        self.put(&undo.key, undo.hash);
    }

    fn put(&mut self, key: &EntryKey, hash: Option<u128>) -> Option<u128> {
        let before = match hash {
            Some(hash) => self.hashes.insert(key.clone(), hash),
            None => self.hashes.remove(key),
        };
        before.into_iter().for_each(|hash| self.tally.take(hash));
        hash.into_iter().for_each(|hash| self.tally.add(hash));
        before
    }
}

/// What stood before one entry was set.
#[derive(Debug)]
pub(super) struct Undo {
    key: EntryKey,
    hash: Option<u128>,
}

fn hash(key: &EntryKey, bytes: &[u8]) -> u128 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&u64::try_from(key.len()).unwrap_or(u64::MAX).to_le_bytes());
    hasher.update(key);
    hasher.update(bytes);
    let mut half = [0; 16];
    hasher.finalize_xof().fill(&mut half);
    u128::from_le_bytes(half)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::entries::entries;
    use super::*;
    use crate::store::sample;

    proptest! {
        #[test]
        fn a_tally_kept_up_is_the_tally_of_what_is_held_and_can_be_undone(steps in sample::steps()) {
            let (mut tallied, mut held, mut undos) = (Tallied::default(), BTreeMap::new(), Vec::new());
            for batch in sample::batches(&steps) {
                for (key, bytes) in entries(&batch).unwrap() {
                    undos.push((tallied.tally(), tallied.set(&key, bytes.as_ref())));
                    match bytes {
                        Some(bytes) => held.insert(key, bytes),
                        None => held.remove(&key),
                    };
                }
                prop_assert_eq!(tallied.tally(), Tally::of(&held));
                prop_assert_eq!(tallied.tally().count, held.len() as u64);
            }
            for (before, undo) in undos.into_iter().rev() {
                tallied.undo(undo);
                prop_assert_eq!(tallied.tally(), before);
            }
        }
    }

    #[test]
    fn exchanged_bytes_give_another_digest() {
        let held = |a: &str, b: &str| Tally::of(&BTreeMap::from([(a.into(), vec![1]), (b.into(), vec![2])]));
        assert_ne!(held("ra", "rb"), held("rb", "ra"));
    }
}
