//! Reading the ledger while it is written: the history, and the head at each revision.
//!
//! **Invariants.** Only what is acknowledged is read. Every frame is proved again by its checksum; the chain was
//! proved when the ledger was opened. No lock is held while reading a file.

use std::fs;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use super::frame::{self, Frame, FrameRead};
use super::segment::{Head, Mark};
use crate::domain::change::Batch;
use crate::domain::record::Revision;
use crate::store::record::decode_batch;
use crate::store::{Error, History, Seal};

/// Reads what the ledger holds, also while it is written.
#[derive(Debug, Clone, Default)]
pub(super) struct Reader {
    chart: Arc<RwLock<Chart>>,
}

/// Where everything is.
#[derive(Debug, Default)]
struct Chart {
    /// Where the ledger stood before the oldest segment.
    beginning: Head,
    /// The last acknowledged revision.
    last: Revision,
    /// The hash over all frames up to it.
    chain: frame::ChainHash,
    pieces: Vec<Piece>,
}

/// One segment.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// Its file.
    pub(super) path: PathBuf,
    /// Where the ledger stood before it.
    pub(super) base: Revision,
    /// Offsets from which reading may begin.
    pub(super) marks: Vec<Mark>,
}

impl Reader {
    /// A reader of a ledger that begins here.
    pub(super) fn from(beginning: Head) -> Self {
        let chart = Chart { beginning, last: beginning.revision, chain: beginning.chain, pieces: Vec::new() };
        Reader { chart: Arc::new(RwLock::new(chart)) }
    }

    /// Where the ledger stood before the oldest segment.
    pub(super) fn beginning(&self) -> Head {
        self.chart.read().unwrap_or_else(PoisonError::into_inner).beginning
    }

    /// The revisions after which the segments begin, oldest first.
    pub(super) fn bases(&self) -> Vec<Revision> {
        self.chart.read().unwrap_or_else(PoisonError::into_inner).pieces.iter().map(|piece| piece.base).collect()
    }

    /// Tells that the ledger begins here now: the segments before that are put away.
    pub(super) fn begin_at(&self, beginning: Head) {
        let mut chart = self.chart.write().unwrap_or_else(PoisonError::into_inner);
        chart.pieces.retain(|piece| piece.base >= beginning.revision);
        chart.beginning = beginning;
    }

    /// Adds the newest segment.
    pub(super) fn add(&self, piece: Piece, head: &Head) {
        let mut chart = self.chart.write().unwrap_or_else(PoisonError::into_inner);
        // A segment that was replaced held nothing acknowledged.
        chart.pieces.retain(|other| other.base < piece.base);
        chart.pieces.push(piece);
        (chart.last, chart.chain) = (head.revision, head.chain);
    }

    /// Tells of what was appended to the newest segment.
    pub(super) fn extend(&self, marks: impl Iterator<Item = Mark>, head: &Head) {
        let mut chart = self.chart.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(piece) = chart.pieces.last_mut() {
            piece.marks.extend(marks);
        }
        (chart.last, chart.chain) = (head.revision, head.chain);
    }

    /// A revision, kept or the one before, such that all accepted after a second are after it.
    pub(super) fn revision_before(&self, second: i64) -> Revision {
        let chart = self.chart.read().unwrap_or_else(PoisonError::into_inner);
        let marks = chart.pieces.iter().flat_map(|piece| &piece.marks);
        let before = marks.take_while(|mark| mark.second <= second).last();
        before.map_or(chart.beginning.revision, |mark| Revision(mark.revision.0.saturating_sub(1)))
    }

    /// When the newest batch was accepted.
    pub(super) fn newest_second(&self) -> Result<i64, Error> {
        let last = self.chart.read().unwrap_or_else(PoisonError::into_inner).last;
        let mut second = i64::MIN;
        self.walk(last, &mut |frame, _| {
            second = second.max(frame.second);
            Ok(true)
        })?;
        Ok(second)
    }

    /// Calls `visit` with each frame from a revision on, until it says `false`.
    pub(super) fn walk(
        &self,
        from: Revision,
        visit: &mut dyn FnMut(Frame<'_>, frame::ChainHash) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        for (path, start, last) in self.stretches(from) {
            let opened = fs::File::open(&path);
            // It may have been put away since the look at the chart.
            self.is_kept(from)?;
            let mut file = opened.map_err(|error| Error::unavailable(&path, &error))?;
            let start = u64::try_from(start).unwrap_or(u64::MAX);
            file.seek(SeekFrom::Start(start)).map_err(|error| Error::unavailable(&path, &error))?;
            let before = Revision(from.0.saturating_sub(1));
            let (mut file, mut at, mut bytes) = (BufReader::new(file), before, Vec::new());
            while at < last {
                let corrupt = |problem: &str| Error::corrupt(&path, problem.to_owned(), at);
                read_frame(&mut file, &mut bytes).map_err(|error| corrupt(&error.to_string()))?;
                match frame::read(&bytes, 0, bytes.len(), None) {
                    FrameRead::Frame(frame, chain, _) => {
                        at = frame.revision;
                        if at >= from && !visit(frame, chain)? {
                            return Ok(());
                        }
                    }
                    FrameRead::Nothing => return Err(corrupt("the segment ends early")),
                    FrameRead::Torn(why) | FrameRead::Damaged(why) => return Err(corrupt(why)),
                }
            }
        }
        Ok(())
    }

    /// Refuses what is older than the oldest segment.
    fn is_kept(&self, from: Revision) -> Result<(), Error> {
        let oldest = self.beginning().revision.next();
        if from < oldest { Err(Error::Compacted { oldest }) } else { Ok(()) }
    }

    /// Where to read in which files, and to which revision, for what is acknowledged from a revision on.
    fn stretches(&self, from: Revision) -> Vec<(PathBuf, usize, Revision)> {
        let chart = self.chart.read().unwrap_or_else(PoisonError::into_inner);
        let mut stretches = Vec::new();
        for (index, piece) in chart.pieces.iter().enumerate() {
            let last = chart.pieces.get(index.saturating_add(1)).map_or(chart.last, |next| next.base);
            let mark =
                piece.marks.iter().take_while(|mark| mark.revision <= from).last().or_else(|| piece.marks.first());
            if let Some(mark) = mark.filter(|mark| from <= last && mark.revision <= last) {
                stretches.push((piece.path.clone(), mark.offset, last));
            }
        }
        stretches
    }
}

fn read_frame(file: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    bytes.clear();
    bytes.resize(frame::ALIGN, 0);
    file.read_exact(bytes)?;
    let length = frame::length(bytes).ok_or_else(|| io::Error::other("the header of a frame has changed"))?;
    let rest = length.saturating_sub(bytes.len());
    let read = file.take(rest.try_into().unwrap_or(u64::MAX)).read_to_end(bytes)?;
    if read == rest { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

impl History for Reader {
    fn begins_after(&self) -> Revision {
        self.beginning().revision
    }

    fn seal(&self) -> Option<Seal> {
        let chart = self.chart.read().unwrap_or_else(PoisonError::into_inner);
        Some(Seal { revision: chart.last, hash: blake3::Hash::from_bytes(chart.chain).to_string() })
    }

    fn after(&self, after: Revision, limit: usize) -> Result<Vec<Batch>, Error> {
        let mut batches = Vec::new();
        if limit == 0 {
            return Ok(batches);
        }
        self.walk(after.next(), &mut |frame, _| {
            let unreadable = |error| Error::Internal(format!("revision {} cannot be read: {error}", frame.revision));
            batches.push(decode_batch(frame.batch).map_err(unreadable)?);
            Ok(batches.len() < limit)
        })?;
        Ok(batches)
    }
}
