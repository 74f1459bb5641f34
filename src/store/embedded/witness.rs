//! The witness: a small file beside the ledger that says what had been acknowledged some time ago.
//!
//! In the last frames of a ledger, what was cut short by a power cut and what was lost afterwards look alike. The
//! witness distinguishes them: what it names had been synced, so that a ledger without it has lost a write. It also
//! names the newest segment, so that a missing ledger is not taken for a new one.
//!
//! **Invariants.** It is written only after what it names is durable, and comes into being whole, by a rename. It may
//! be old; it is never ahead. One that cannot be read is reported, and says no more than that a store was kept here.

use std::io;
use std::path::Path;

use super::frame::ChainHash;
use super::segment::{Head, file_name, first_of, write_whole};
use crate::domain::record::Revision;

/// The file.
pub(super) const FILE: &str = "ledger.witness";

/// After how many batches it is written again: each costs two syncs, which so many commits share.
pub(super) const EVERY: u64 = 256;

/// What had been acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Witness {
    /// The first revision of the newest segment; 0 if that is not known.
    pub(super) segment: Revision,
    /// The last acknowledged revision.
    pub(super) revision: Revision,
    /// The hash over all frames up to it.
    pub(super) chain: ChainHash,
}

impl Witness {
    /// The witness of a ledger that stands here and is appended to in the segment that begins with `segment`.
    pub(super) fn of(segment: Revision, head: &Head) -> Self {
        Witness { segment, revision: head.revision, chain: head.chain }
    }

    /// Reads what was written; `None` if these are not the words of a witness.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (said, sum) = text.trim_end().rsplit_once('\n')?;
        (sum.strip_prefix("sum ")? == checksum(said)).then_some(())?;
        let mut lines = said.lines();
        let segment = first_of(lines.next()?.strip_prefix("segment ")?)?;
        let revision = lines.next()?.strip_prefix("revision ")?.parse().ok().map(Revision)?;
        let chain = blake3::Hash::from_hex(lines.next()?.strip_prefix("chain ")?).ok()?;
        lines.next().is_none().then_some(Witness { segment, revision, chain: *chain.as_bytes() })
    }

    /// Makes it the witness of a directory, durable when this returns.
    pub(super) fn write(&self, directory: &Path) -> io::Result<()> {
        write_whole(directory, FILE, self.text().as_bytes()).map(drop)
    }

    fn text(&self) -> String {
        let chain = blake3::Hash::from_bytes(self.chain);
        let said = format!("segment {}\nrevision {}\nchain {chain}", file_name(self.segment), self.revision);
        format!("{said}\nsum {}\n", checksum(&said))
    }
}

fn checksum(said: &str) -> String {
    format!("{:08x}", crc32fast::hash(said.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::domain::spoilt::spoilt_text;

    fn witness() -> Witness {
        Witness { segment: Revision(40), revision: Revision(57), chain: [7; 32] }
    }

    #[test]
    fn a_witness_says_what_was_written() {
        let directory = tempfile::tempdir().unwrap();
        witness().write(directory.path()).unwrap();
        let text = fs::read_to_string(directory.path().join(FILE)).unwrap();
        assert_eq!(Witness::parse(&text), Some(witness()));
    }

    #[test]
    fn a_witness_with_any_letter_changed_or_cut_off_says_nothing() {
        let text = witness().text();
        for at in 0..text.trim_end().len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            assert_eq!(Witness::parse(&String::from_utf8_lossy(&changed)), None, "letter {at}");
            assert_eq!(Witness::parse(&text[..at]), None, "cut at {at}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_input_makes_a_witness_panic(text in spoilt_text(&[&witness().text()])) {
            // With a checksum that is right too, so that what it covers is read.
            let said = text.rsplit_once("\nsum ").map_or(text.as_str(), |(said, _)| said);
            let summed = format!("{said}\nsum {}\n", checksum(said));
            for text in [&text, &summed] {
                if let Some(read) = Witness::parse(text) {
                    proptest::prop_assert_eq!(Witness::parse(&read.text()), Some(read));
                }
            }
        }
    }
}
