//! A checkpoint: everything held at one revision, so that the ledger need not go back to its beginning.
//!
//! ```text
//!  0  magic "CGcheckp", format u32, 4 zeros
//! 16  where the ledger stands there: revision u64, count u64, digest u128, chain
//! 80  for each entry: length of its key u32, length of its bytes u32, both
//!     blake3 of everything before
//! ```
//!
//! A checkpoint holds no marked request: every batch that it replaces is older than the time for which a request is
//! recognised.
//!
//! **Invariants.** It is made of segments that were proved and comes into being whole, by a rename, before any of them
//! is put away. What is read is held against its checksum and its own tally; that it belongs to a ledger is proved by
//! the segment after it, which says what it follows.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::entries::EntryKey;
use super::frame::number;
use super::segment::{Head, write_whole};
use super::tally::Tally;
use crate::domain::record::Revision;

const MAGIC: [u8; 8] = *b"CGcheckp";
const FORMAT: u32 = 1;
/// Magic, format, zeros.
const LEAD: usize = 16;
const STAND: usize = 64;
const SUM: usize = 32;

/// Everything held at one revision.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Checkpoint {
    /// Where the ledger stands there.
    pub(super) head: Head,
    /// Every entry.
    pub(super) entries: BTreeMap<EntryKey, Vec<u8>>,
}

/// The file of the checkpoint at a revision.
pub(super) fn file_name(revision: Revision) -> String {
    format!("checkpoint-{:020}.ckp", revision.0)
}

/// The revision of a checkpoint, read from its file's name.
pub(super) fn revision_of(file_name: &str) -> Option<Revision> {
    let digits = file_name.strip_prefix("checkpoint-")?.strip_suffix(".ckp")?;
    (digits.len() == 20).then(|| digits.parse().ok().map(Revision)).flatten()
}

impl Checkpoint {
    /// Reads what was written.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, String> {
        let (said, sum) = bytes.split_at_checked(bytes.len().saturating_sub(SUM)).unwrap_or_default();
        if !said.starts_with(&MAGIC) {
            return Err("the file is no checkpoint".to_owned());
        }
        if blake3::hash(said).as_bytes() != sum {
            return Err("the checkpoint has changed".to_owned());
        }
        let format = number(said, 8).map(u32::from_le_bytes).unwrap_or_default();
        if format != FORMAT {
            return Err(format!("format {format} is unknown; this program reads format {FORMAT}"));
        }
        let short = || "the checkpoint is cut short".to_owned();
        let head = said.get(LEAD..).and_then(Head::read).ok_or_else(short)?;
        let mut rest = said.get(LEAD.saturating_add(STAND)..).ok_or_else(short)?;
        let mut entries = BTreeMap::new();
        while !rest.is_empty() {
            let (entry, after) = take_entry(rest).ok_or_else(short)?;
            entries.insert(entry.0.to_vec(), entry.1.to_vec());
            rest = after;
        }
        if Tally::of(&entries) != head.tally {
            return Err("the checkpoint does not add up".to_owned());
        }
        Ok(Checkpoint { head, entries })
    }

    /// The checkpoint as bytes; `None` if an entry is larger than 4 GiB.
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(FORMAT.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(self.head.bytes());
        for (key, value) in &self.entries {
            bytes.extend(u32::try_from(key.len()).ok()?.to_le_bytes());
            bytes.extend(u32::try_from(value.len()).ok()?.to_le_bytes());
            bytes.extend(key);
            bytes.extend(value);
        }
        let sum = blake3::hash(&bytes);
        bytes.extend(sum.as_bytes());
        Some(bytes)
    }

    /// Puts it into a directory, durable when this returns.
    pub(super) fn write(&self, directory: &Path) -> io::Result<()> {
        let bytes = self.encode().ok_or_else(|| io::Error::other("an entry is larger than 4 GiB"))?;
        write_whole(directory, &file_name(self.head.revision), &bytes).map(drop)
    }
}

type Taken<'a> = ((&'a [u8], &'a [u8]), &'a [u8]);

/// The first entry of these bytes, and what comes after it.
fn take_entry(bytes: &[u8]) -> Option<Taken<'_>> {
    let length = |at| number(bytes, at).map(u32::from_le_bytes).and_then(|length| usize::try_from(length).ok());
    let (key, value) = (length(0)?, length(4)?);
    let (key, rest) = bytes.get(8..)?.split_at_checked(key)?;
    let (value, rest) = rest.split_at_checked(value)?;
    Some(((key, value), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::spoilt::spoilt;

    fn checkpoint(entries: BTreeMap<EntryKey, Vec<u8>>) -> Checkpoint {
        let head = Head { revision: Revision(9), chain: [3; 32], tally: Tally::of(&entries) };
        Checkpoint { head, entries }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_any_change_of_it_is_told(
            entries in prop::collection::btree_map(prop::collection::vec(any::<u8>(), 0..9), prop::collection::vec(any::<u8>(), 0..40), 0..9),
            at in any::<prop::sample::Index>(), bit in 0_u8..8,
        ) {
            let checkpoint = checkpoint(entries);
            let bytes = checkpoint.encode().unwrap();
            prop_assert_eq!(Checkpoint::decode(&bytes), Ok(checkpoint));
            let at = at.index(bytes.len());
            prop_assert!(Checkpoint::decode(&bytes[..at]).is_err(), "cut at {}", at);
            let mut flipped = bytes;
            flipped[at] ^= 1 << bit;
            prop_assert!(Checkpoint::decode(&flipped).is_err(), "flipped at {}", at);
        }

        #[test]
        fn no_input_makes_a_checkpoint_panic(
            bytes in spoilt(vec![checkpoint(BTreeMap::from([(b"ra".to_vec(), vec![1; 40]), (b"rb".to_vec(), vec![2; 9])])).encode().unwrap()]),
        ) {
            // Also with a seal that is right, so that what it seals is read.
            let mut sealed = bytes.get(..bytes.len().saturating_sub(32)).unwrap_or_default().to_vec();
            sealed.extend(blake3::hash(&sealed.clone()).as_bytes());
            for bytes in [bytes, sealed] {
                if let Ok(read) = Checkpoint::decode(&bytes) {
                    prop_assert_eq!(Tally::of(&read.entries), read.head.tally);
                }
            }
        }
    }

    #[test]
    fn the_name_of_its_file_says_its_revision() {
        assert_eq!(revision_of(&file_name(Revision(7))), Some(Revision(7)));
        for other in ["checkpoint-7.ckp", "ledger-00000000000000000007.seg", "checkpoint-00000000000000000007.ckp.new"]
        {
            assert_eq!(revision_of(other), None, "{other}");
        }
    }
}
