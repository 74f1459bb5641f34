//! One file of the ledger: its header, what a scan of it finds, and appending to it.
//!
//! A segment begins with 128 bytes: magic, format, where the ledger stood before it (revision, tally, chain hash)
//! and a CRC32. Frames follow, then zeros written ahead, so that a commit changes no file length.
//!
//! **Invariants.** A segment comes into being whole, by a rename. What a scan returns is proved by checksums and
//! the hash chain.

#[cfg(test)]
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::disk::{self, DiskFile};
use super::frame::{self, ALIGN, ChainHash, Frame, FrameRead, number};
use super::tally::Tally;
use crate::domain::record::Revision;
use crate::store::Error;

const MAGIC: [u8; 8] = *b"CGledger";
const FORMAT: u32 = 1;
/// How many bytes come before the first frame.
pub(super) const HEADER: usize = 2 * ALIGN;
/// The part of the header that the CRC32 covers: magic, format, 4 zeros, revision, count, digest, chain hash.
const SUMMED: usize = 80;

/// How many frames lie between two that can be found without reading those before.
const MARK_EVERY: u64 = 64;

/// Where a ledger stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Head {
    /// The last revision.
    pub(super) revision: Revision,
    /// The hash over all frames up to it.
    pub(super) chain: ChainHash,
    /// The tally of what is held at it.
    pub(super) tally: Tally,
}

impl Head {
    /// The head as bytes: revision u64, count u64, digest u128, chain.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let Tally { count, digest } = self.tally;
        [&self.revision.0.to_le_bytes()[..], &count.to_le_bytes(), &digest.to_le_bytes(), &self.chain].concat()
    }

    /// The head that these bytes begin with; `None` if they are too few.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let field = |at| number(bytes, at).map(u64::from_le_bytes);
        Some(Head {
            revision: Revision(field(0)?),
            tally: Tally { count: field(8)?, digest: number(bytes, 16).map(u128::from_le_bytes)? },
            chain: number(bytes, 32)?,
        })
    }
}

/// An offset in a segment from which reading may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The revision of the frame there.
    pub(super) revision: Revision,
    /// Where it begins.
    pub(super) offset: usize,
    /// When it was accepted.
    pub(super) second: i64,
}

impl Mark {
    /// The mark of a frame, if it is one of those to be marked in a segment that begins after `base`.
    pub(super) fn of(base: Revision, revision: Revision, offset: usize, second: i64) -> Option<Self> {
        let number = revision.0.saturating_sub(base.0).saturating_sub(1);
        number.is_multiple_of(MARK_EVERY).then_some(Mark { revision, offset, second })
    }
}

/// The file of the segment that begins with a revision.
pub(super) fn file_name(first: Revision) -> String {
    format!("ledger-{:020}.seg", first.0)
}

/// The first revision of a segment, read from its file's name.
pub(super) fn first_of(file_name: &str) -> Option<Revision> {
    let digits = file_name.strip_prefix("ledger-")?.strip_suffix(".seg")?;
    (digits.len() == 20).then(|| digits.parse().ok().map(Revision)).flatten()
}

/// What a scan of a segment found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scan {
    /// Where the ledger stands after it.
    pub(super) head: Head,
    /// Offsets from which reading may begin.
    pub(super) marks: Vec<Mark>,
    /// Where the frames end.
    pub(super) end: usize,
    /// Where the frames of the last group begin: they alone may not be synced yet.
    pub(super) last_group: usize,
    /// Why the bytes after the end, if there are any, were never acknowledged.
    pub(super) torn: Option<&'static str>,
}

/// A segment that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Damage {
    /// The last revision proved before it.
    pub(super) last_good: Revision,
    /// What is wrong.
    pub(super) problem: String,
}

/// Where the ledger stood before a segment, as its header says.
pub(super) fn base(bytes: &[u8]) -> Result<Head, String> {
    let summed = bytes.get(..SUMMED).ok_or("the file is too short")?;
    if !summed.starts_with(&MAGIC) {
        return Err("the file is no ledger segment".to_owned());
    }
    let format = number(summed, 8).map(u32::from_le_bytes).unwrap_or_default();
    if number(bytes, SUMMED).map(u32::from_le_bytes) != Some(crc32fast::hash(summed)) {
        return Err("the header of the segment has changed".to_owned());
    }
    if format != FORMAT {
        return Err(format!("format {format} is unknown; this program reads format {FORMAT}"));
    }
    Ok(summed.get(16..).and_then(Head::read).unwrap_or_default())
}

fn header(base: &Head) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER);
    bytes.extend(MAGIC);
    bytes.extend(FORMAT.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(base.bytes());
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes.resize(HEADER, 0);
    bytes
}

/// Proves a segment that follows `before`. With `next`, where the following segment begins, what stands after that
/// is not looked at: it was never acknowledged.
pub(super) fn scan(bytes: &[u8], before: &Head, next: Option<&Head>) -> Result<Scan, Damage> {
    let damage = |last_good: Revision, problem: String| Damage { last_good, problem };
    let base = base(bytes).map_err(|problem| damage(before.revision, problem))?;
    if base != *before {
        return Err(damage(before.revision, "the segment does not follow the one before it".to_owned()));
    }
    let written = frame::written(bytes);
    let mut scan = Scan { head: base, marks: Vec::new(), end: HEADER, last_group: HEADER, torn: None };
    let mut group = base.revision.next();
    while next.is_none_or(|next| scan.head.revision < next.revision) {
        let last_good = scan.head.revision;
        match frame::read(bytes, scan.end, written, Some(&scan.head.chain)) {
            FrameRead::Frame(frame, chain, end) => {
                if frame.revision != last_good.next() {
                    return Err(damage(last_good, format!("revision {} follows {last_good}", frame.revision)));
                }
                if frame.group != group {
                    (group, scan.last_group) = (frame.group, scan.end);
                }
                scan.marks.extend(Mark::of(base.revision, frame.revision, scan.end, frame.second));
                scan.head = Head { revision: frame.revision, chain, tally: frame.tally };
                scan.end = end;
            }
            FrameRead::Nothing => break,
            FrameRead::Torn(why) if next.is_some() || frame::has_later_group(bytes, scan.end, last_good.next()) => {
                return Err(damage(last_good, format!("{why}, though later frames were written")));
            }
            FrameRead::Torn(why) => {
                scan.torn = Some(why);
                break;
            }
            FrameRead::Damaged(why) => return Err(damage(last_good, why.to_owned())),
        }
    }
    if let Some(next) = next
        && scan.head != *next
    {
        let problem =
            format!("the segment ends at revision {}, the next begins after {}", scan.head.revision, next.revision);
        return Err(damage(scan.head.revision.min(next.revision), problem));
    }
    Ok(scan)
}

/// Calls `visit` with each frame of a segment that was proved.
pub(super) fn frames(
    bytes: &[u8],
    scan: &Scan,
    visit: &mut dyn FnMut(Frame<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut at = HEADER;
    while at < scan.end
        && let FrameRead::Frame(frame, _, end) = frame::read(bytes, at, bytes.len(), None)
    {
        visit(frame)?;
        at = end;
    }
    Ok(())
}

/// The chain hash at a revision in a proved segment; at the revision of the base, the hash of the base.
pub(super) fn chain_at(bytes: &[u8], base: &Head, revision: Revision) -> Option<ChainHash> {
    let (mut at, mut head) = (HEADER, (base.revision, base.chain));
    while head.0 != revision {
        let FrameRead::Frame(frame, chain, end) = frame::read(bytes, at, bytes.len(), None) else { return None };
        (at, head) = (end, (frame.revision, chain));
    }
    Some(head.1)
}

/// A segment that is appended to.
#[derive(Debug)]
pub(super) struct Tail {
    file: DiskFile,
    /// Where the ledger stood before the segment.
    base: Revision,
    /// Where the frames end.
    end: usize,
    /// Where the zeros written ahead end.
    allocated: usize,
    /// How many zeros are written ahead at once.
    ahead: usize,
}

impl Tail {
    /// Makes the segment that follows `head`, durable with its name when this returns. One of the same name, which
    /// then holds nothing that was acknowledged, is replaced.
    pub(super) fn create(directory: &Path, head: &Head, ahead: usize) -> io::Result<Self> {
        let name = file_name(head.revision.next());
        let mut bytes = header(head);
        let end = bytes.len();
        bytes.resize(end.max(ahead), 0);
        let file = write_whole(directory, &name, &bytes)?;
        Ok(Tail { file, base: head.revision, end, allocated: bytes.len(), ahead })
    }

    /// Opens a scanned segment to go on: cuts what was never acknowledged, and writes and syncs its last group again.
    ///
    /// The process that wrote that group may have ended before it synced it, or after the sync failed, in which
    /// case the kernel holds it for clean; only what is written again is sure to reach the disk.
    pub(super) fn open(path: &Path, bytes: &[u8], base: Revision, scan: &Scan, ahead: usize) -> io::Result<Self> {
        let mut file = DiskFile::open(path)?;
        let mut allocated = bytes.len();
        if scan.torn.is_some() || allocated < scan.end {
            // The last frame's padding may be missing: set_len gives it back as zeros.
            file.set_len(scan.end)?;
            allocated = scan.end;
        }
        file.write_at(scan.last_group, bytes.get(scan.last_group..scan.end.min(bytes.len())).unwrap_or_default())?;
        file.sync_all()?;
        Ok(Tail { file, base, end: scan.end, allocated, ahead })
    }

    /// Whether the segment has frames, and would pass `most` bytes with so many more.
    pub(super) fn is_full(&self, more: usize, most: usize) -> bool {
        self.end > HEADER && self.end.saturating_add(more) > most
    }

    /// Where the ledger stood before the segment.
    pub(super) fn base(&self) -> Revision {
        self.base
    }

    /// Where the frames end.
    #[cfg(test)]
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// A segment that cannot be written, as on a failing disk.
    #[cfg(test)]
    pub(super) fn read_only(path: &Path) -> io::Result<Self> {
        Ok(Tail {
            file: DiskFile::foreign(File::open(path)?),
            base: Revision(0),
            end: HEADER,
            allocated: usize::MAX,
            ahead: 0,
        })
    }

    /// A segment on a full disk.
    #[cfg(test)]
    pub(super) fn full() -> io::Result<Self> {
        let file = OpenOptions::new().write(true).open("/dev/full")?;
        Ok(Tail { file: DiskFile::foreign(file), base: Revision(0), end: HEADER, allocated: usize::MAX, ahead: 0 })
    }

    /// Appends frames, durable when this returns, and gives where they begin. After an error the segment must not
    /// be used any more: it is not known which of the frames are on disk.
    pub(super) fn append(&mut self, frames: &[u8]) -> io::Result<usize> {
        let (start, end) = (self.end, self.end.saturating_add(frames.len()));
        self.file.write_at(start, frames)?;
        if end > self.allocated {
            self.file.write_at(end, &vec![0; self.ahead])?;
            self.allocated = end.saturating_add(self.ahead);
        }
        self.file.sync_data()?;
        self.end = end;
        Ok(start)
    }
}

/// Makes a file of these bytes, durable with its name when this returns. One of the same name is replaced.
pub(super) fn write_whole(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<DiskFile> {
    let unfinished = directory.join(format!("{name}.new"));
    let mut file = DiskFile::create(&unfinished)?;
    file.write_at(0, bytes)?;
    file.sync_all()?;
    disk::rename(&unfinished, &directory.join(name))?;
    disk::sync_directory(directory)?;
    Ok(file)
}
