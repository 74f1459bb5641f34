//! The ledger: every accepted batch, in append-only segments, chained by hash. What is in it is the truth.
//!
//! One `fdatasync` per group of batches. After a failed write or sync the file is not written again: the next segment
//! says where its valid part ends, and what stands after that was never acknowledged.
//!
//! # Opening
//! Every byte of every segment is proved. A last group whose writing was cut short is cut off and reported
//! ([`tracing::warn`]); a ledger that is damaged is refused with the last good revision, and nothing is changed.
//! Beside the segments a witness says what had been acknowledged, so that a loss is not taken for a torn end, nor a
//! missing ledger for a new one. On a file system that can only be read the ledger is read, and goes on in another
//! segment as soon as there can be one.
//!
//! **Invariants.** Nothing acknowledged is ever cut, or overwritten with other bytes. What a batch says is not looked
//! into here.

use std::io;
use std::path::{Path, PathBuf};

use super::checkpoint::Checkpoint;
use super::frame::{self, Frame};
use super::proof::{LedgerFiles, Proved, WitnessFound};
use super::reader::{Piece, Reader};
use super::segment::{Head, Mark, Tail, file_name};
use super::tally::Tally;
use super::witness::{self, Witness};
use crate::domain::record::Revision;
use crate::store::Error;

/// In which files the ledger is kept, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// A segment is followed by another rather than pass so many bytes. A start reads one segment at a time into
    /// memory.
    pub segment: usize,
    /// How many zeros are written ahead of the frames, in bytes.
    pub ahead: usize,
    /// For how many seconds before the newest batch batches are kept at least; older segments are put away, whole ones
    /// only. None: for ever.
    pub keep_seconds: Option<i64>,
}

impl Default for Layout {
    fn default() -> Self {
        Layout { segment: 16 << 20, ahead: 1 << 20, keep_seconds: None }
    }
}

/// One batch to be appended.
#[derive(Debug)]
pub(super) struct Appended {
    /// Its revision.
    pub(super) revision: Revision,
    /// The tally after it.
    pub(super) tally: Tally,
    /// When it was accepted.
    pub(super) second: i64,
    /// Its bytes.
    pub(super) batch: Vec<u8>,
}

/// The ledger, open for appending.
#[derive(Debug)]
pub(super) struct Ledger {
    directory: PathBuf,
    layout: Layout,
    head: Head,
    /// The segment appended to; none after a failure, until another one could be made.
    tail: Option<Tail>,
    /// What the witness says.
    witnessed: Witness,
    reader: Reader,
}

impl Ledger {
    /// Opens the ledger of a directory, or begins one if there never was a store: if nothing in the directory has a
    /// name that begins with one of `traces`. A ledger that ends before `acknowledged` has lost a write.
    pub(super) fn open(
        directory: &Path,
        layout: Layout,
        traces: &[&str],
        acknowledged: Revision,
    ) -> Result<Self, Error> {
        let kept = LedgerFiles::list(directory, traces)?;
        let Checkpoint { head: beginning, .. } = kept.beginning()?;
        let mut ledger = Ledger {
            directory: directory.to_owned(),
            layout,
            head: beginning,
            tail: None,
            witnessed: kept.said(),
            reader: Reader::from(beginning),
        };
        if kept.is_new() {
            ledger.start_segment().map_err(|error| Error::unavailable(directory, &error))?;
            return Ok(ledger);
        }
        if kept.witness == WitnessFound::Unreadable {
            let file = directory.join(witness::FILE);
            tracing::warn!(file = %file.display(), "the witness cannot be read; it is written again");
        }
        if kept.witness == WitnessFound::Missing {
            tracing::warn!(directory = %directory.display(), "the witness is missing; it is written again");
        }
        kept.prove(acknowledged, &beginning, &mut |proved| ledger.take(proved))?;
        ledger.witness().map_err(|error| Error::unavailable(directory, &error))?;
        Ok(ledger)
    }

    /// Takes a proved segment over; the newest one is the one appended to.
    fn take(&mut self, proved: Proved<'_>) -> Result<(), Error> {
        let Proved { path, base, bytes, scan, is_newest } = proved;
        if is_newest {
            if let Some(why) = scan.torn {
                tracing::warn!(file = %path.display(), last_good = scan.head.revision.0, why,
                    "the last write was cut short before it was acknowledged; it is cut off");
            }
            match Tail::open(&path, bytes, base.revision, &scan, self.layout.ahead) {
                Ok(tail) => self.tail = Some(tail),
                Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                    tracing::warn!(file = %path.display(), %error, "the ledger is read; every write tries again to go on with it");
                }
                Err(error) => return Err(Error::unavailable(&path, &error)),
            }
        }
        self.head = scan.head;
        self.reader.add(Piece { path, base: base.revision, marks: scan.marks }, &scan.head);
        Ok(())
    }

    /// Where it stands.
    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    /// The directory it is in.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// In which files it is kept, and for how long.
    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// After which revision the segment begins that is appended to; none after a failure.
    pub(super) fn newest_segment(&self) -> Option<Revision> {
        self.tail.as_ref().map(Tail::base)
    }

    /// What it begins with: the newest checkpoint, or nothing.
    pub(super) fn beginning(&self) -> Result<Checkpoint, Error> {
        LedgerFiles::list(&self.directory, &[])?.beginning()
    }

    /// Where it stood at a revision; none if it has not come so far, or that is no longer kept.
    pub(super) fn head_at(&self, revision: Revision) -> Result<Option<Head>, Error> {
        let beginning = self.reader.beginning();
        if revision <= beginning.revision {
            return Ok((revision == beginning.revision).then_some(beginning));
        }
        let mut found = None;
        self.reader.walk(revision, &mut |frame, chain| {
            found = Some(Head { revision: frame.revision, chain, tally: frame.tally });
            Ok(false)
        })?;
        Ok(found)
    }

    /// A handle that reads what is written.
    pub(super) fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Appends a group, durable when this returns. After an error the ledger stands where it stood.
    pub(super) fn append(&mut self, group: &[Appended]) -> Result<(), Error> {
        let Some(first) = group.first() else { return Ok(()) };
        let (mut frames, mut head, mut offsets) = (Vec::new(), self.head, Vec::new());
        for entry in group {
            let frame = Frame {
                revision: entry.revision,
                group: first.revision,
                tally: entry.tally,
                second: entry.second,
                batch: &entry.batch,
            };
            offsets.push((entry.revision, frames.len(), entry.second));
            let chain = frame::write(&mut frames, &head.chain, &frame)
                .ok_or_else(|| Error::Internal(format!("revision {} is larger than 4 GiB", entry.revision)))?;
            head = Head { revision: entry.revision, chain, tally: entry.tally };
        }
        if self.tail.as_ref().is_none_or(|tail| tail.is_full(frames.len(), self.layout.segment)) {
            self.start_segment().map_err(|error| Error::unavailable(&self.directory, &error))?;
        }
        // Taken out, so that after any failure while writing, a panic included, the file is not written again.
        let Some(mut tail) = self.tail.take() else {
            return Err(Error::Internal("a ledger without a segment".to_owned()));
        };
        let start = match tail.append(&frames) {
            Ok(start) => start,
            Err(error) => {
                drop(tail);
                // At once, so that a restart does not find what is not acknowledged; if not, then at the next write.
                if let Err(error) = self.start_segment() {
                    tracing::warn!(%error, "no new segment of the ledger could be made; the next write tries again");
                }
                return Err(Error::unavailable(&self.directory, &error));
            }
        };
        let base = tail.base();
        let marks = offsets
            .into_iter()
            .filter_map(|(revision, offset, second)| Mark::of(base, revision, start.saturating_add(offset), second));
        self.reader.extend(marks, &head);
        self.tail = Some(tail);
        self.head = head;
        if head.revision.0.saturating_sub(self.witnessed.revision.0) >= witness::EVERY
            && let Err(error) = self.witness()
        {
            // The group is durable, whatever becomes of the witness: an old one is as true.
            tracing::warn!(%error, "the witness could not be written; the next write tries again");
        }
        Ok(())
    }

    /// Goes on in a segment that says where the one before it ends.
    fn start_segment(&mut self) -> io::Result<()> {
        self.tail = None;
        let tail = Tail::create(&self.directory, &self.head, self.layout.ahead)?;
        let first = self.head.revision.next();
        let witness = Witness::of(first, &self.head);
        witness.write(&self.directory)?;
        self.witnessed = witness;
        let path = self.directory.join(file_name(first));
        self.reader.add(Piece { path, base: self.head.revision, marks: Vec::new() }, &self.head);
        self.tail = Some(tail);
        Ok(())
    }

    /// Has the witness say where the ledger stands, if it does not yet.
    fn witness(&mut self) -> io::Result<()> {
        let Some(tail) = &self.tail else { return Ok(()) };
        let witness = Witness::of(tail.base().next(), &self.head);
        if witness != self.witnessed {
            witness.write(&self.directory)?;
            self.witnessed = witness;
        }
        Ok(())
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        if let Err(error) = self.witness() {
            tracing::warn!(%error, "the witness could not be written at the close; the one before it stands");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;
    use crate::domain::change::Batch;
    use crate::domain::spoilt::{cases, spoilt};
    use crate::store::History;
    use crate::store::embedded::{disk, segment};
    use crate::store::record::encode_batch;
    use crate::store::sample;

    const SMALL: Layout = Layout { segment: 8192, ahead: 2048, keep_seconds: None };

    fn entries(batches: &[Batch]) -> Vec<Appended> {
        let entry = |batch: &Batch| Appended {
            revision: batch.revision,
            tally: Tally { count: batch.revision.0, digest: 9 },
            second: batch.authorship.time.as_second(),
            batch: encode_batch(batch).unwrap(),
        };
        batches.iter().map(entry).collect()
    }

    fn open(directory: &Path) -> Result<Ledger, Error> {
        Ledger::open(directory, SMALL, &["view"], Revision(0))
    }

    /// A ledger of these groups, closed.
    fn ledger_of(groups: &[&[Batch]]) -> TempDir {
        let directory = tempfile::tempdir().unwrap();
        let mut ledger = open(directory.path()).unwrap();
        groups.iter().for_each(|group| ledger.append(&entries(group)).unwrap());
        directory
    }

    fn history(ledger: &Ledger) -> Vec<Batch> {
        ledger.reader().after(Revision(0), usize::MAX).unwrap()
    }

    /// As after a crash before the witness was written: it closes with a witness of all.
    fn forget(directory: &Path) {
        fs::remove_file(directory.join(witness::FILE)).unwrap();
    }

    fn segments(directory: &Path) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "seg"));
        files.sort();
        files
    }

    fn last_good(outcome: Result<Ledger, Error>) -> u64 {
        match outcome {
            Err(Error::Corrupt { last_good, .. }) => last_good.0,
            other => panic!("expected Corrupt, got {other:?}"),
        }
    }

    #[test]
    fn it_goes_on_over_many_segments() {
        let all = sample::plain(100);
        let directory = ledger_of(&all[..90].chunks(7).collect::<Vec<_>>());
        assert!(segments(directory.path()).len() > 3);
        let mut ledger = open(directory.path()).unwrap();
        assert_eq!(history(&ledger), all[..90]);
        ledger.append(&entries(&all[90..])).unwrap();
        assert_eq!(history(&ledger), all);
        assert_eq!(ledger.head_at(Revision(42)).unwrap().unwrap().tally.count, 42);
        assert_eq!(ledger.head_at(Revision(101)).unwrap(), None);
        assert_eq!(history(&open(directory.path()).unwrap()), all);
    }

    #[test]
    fn a_last_write_cut_short_anywhere_is_there_whole_or_not_at_all() {
        let all = sample::plain(6);
        let directory = ledger_of(&[&all[..3], &all[3..5], &all[5..]]);
        let file = segments(directory.path()).pop().unwrap();
        let whole = fs::read(&file).unwrap();
        let written = frame::written(&whole);
        let start = open(ledger_of(&[&all[..3], &all[3..5]]).path()).unwrap().tail.as_ref().unwrap().end();
        for cut in start..=written {
            for zeros in [false, true] {
                let mut bytes = whole[..cut].to_vec();
                if zeros {
                    bytes.resize(whole.len(), 0);
                }
                fs::write(&file, &bytes).unwrap();
                forget(directory.path());
                let mut ledger = open(directory.path()).unwrap();
                let there = if cut == written { 6 } else { 5 };
                assert_eq!(history(&ledger), all[..there], "cut at {cut}");
                ledger.append(&entries(&all[there..])).unwrap();
                drop(ledger);
                assert_eq!(history(&open(directory.path()).unwrap()), all, "going on after a cut at {cut}");
            }
        }
    }

    #[test]
    fn a_last_write_that_the_witness_names_is_never_taken_for_one_cut_short() {
        let all = sample::plain(6);
        let directory = ledger_of(&[&all[..3], &all[3..5], &all[5..]]);
        let file = segments(directory.path()).pop().unwrap();
        let whole = fs::read(&file).unwrap();
        let start = open(ledger_of(&[&all[..3], &all[3..5]]).path()).unwrap().tail.as_ref().unwrap().end();
        for cut in start..frame::written(&whole) {
            fs::write(&file, &whole[..cut]).unwrap();
            assert_eq!(last_good(open(directory.path())), 5, "cut at {cut}");
            assert_eq!(fs::read(&file).unwrap(), whole[..cut], "nothing is cut off");
        }
        fs::write(&file, &whole).unwrap();
        assert_eq!(history(&open(directory.path()).unwrap()), all);
    }

    #[test]
    fn a_segment_replaced_by_an_older_copy_or_by_that_of_another_ledger_is_damage() {
        let all = sample::plain(9);
        let directory = ledger_of(&[&all[..4], &all[4..]]);
        let file = segments(directory.path()).pop().unwrap();
        let older = fs::read(segments(ledger_of(&[&all[..4]]).path()).pop().unwrap()).unwrap();
        fs::write(&file, older).unwrap();
        assert_eq!(last_good(open(directory.path())), 4);
        let mut others = all;
        others[2].authorship.change_reason = "another history".to_owned();
        let other = fs::read(segments(ledger_of(&[&others]).path()).pop().unwrap()).unwrap();
        fs::write(&file, other).unwrap();
        assert_eq!(last_good(open(directory.path())), 0);
    }

    #[test]
    fn what_can_only_be_read_is_read_and_goes_on_when_it_can_be_written() {
        let all = sample::plain(6);
        let directory = ledger_of(&[&all[..3], &all[3..4]]);
        let file = segments(directory.path()).pop().unwrap();
        let before = fs::read(&file).unwrap();
        disk::log::read_only(true);
        let mut ledger = open(directory.path()).unwrap();
        assert_eq!(history(&ledger), all[..4]);
        for _ in 0..2 {
            assert!(matches!(ledger.append(&entries(&all[4..5])), Err(Error::Unavailable(_))));
            assert_eq!(history(&ledger), all[..4]);
        }
        assert_eq!(fs::read(&file).unwrap(), before);
        disk::log::read_only(false);
        ledger.append(&entries(&all[4..5])).unwrap();
        disk::log::read_only(true);
        // A segment whose write failed is not written again; another is begun.
        ledger.tail = None;
        assert!(matches!(ledger.append(&entries(&all[5..])), Err(Error::Unavailable(_))));
        disk::log::read_only(false);
        ledger.append(&entries(&all[5..])).unwrap();
        drop(ledger);
        assert_eq!(history(&open(directory.path()).unwrap()), all);
    }

    #[test]
    fn a_witness_that_cannot_be_read_is_written_again() {
        let all = sample::plain(3);
        let directory = ledger_of(&[&all]);
        let file = directory.path().join(witness::FILE);
        let whole = fs::read(&file).unwrap();
        for damaged in [&b""[..], b"segment", &[0xff; 90]] {
            fs::write(&file, damaged).unwrap();
            assert_eq!(history(&open(directory.path()).unwrap()), all);
            assert_eq!(fs::read(&file).unwrap(), whole);
        }
    }

    #[test]
    fn of_a_group_cut_short_the_first_batches_may_be_there() {
        let all = sample::plain(6);
        let directory = ledger_of(&[&all[..2], &all[2..]]);
        let file = segments(directory.path()).pop().unwrap();
        let whole = fs::read(&file).unwrap();
        let written = frame::written(&whole);
        let mut seen = std::collections::BTreeSet::new();
        for sector in 1..written.div_ceil(512) {
            let mut bytes = whole.clone();
            bytes[sector * 512..(sector + 1) * 512].fill(0);
            fs::write(&file, &bytes).unwrap();
            // Not there if the one before was refused.
            let _ = fs::remove_file(directory.path().join(witness::FILE));
            match open(directory.path()) {
                Ok(ledger) => {
                    let history = history(&ledger);
                    assert_eq!(history, all[..history.len()]);
                    seen.insert(history.len());
                }
                // A sector of the first group, which was synced before the second was begun.
                Err(Error::Corrupt { last_good, .. }) => assert!(last_good.0 < 2),
                Err(other) => panic!("{other}"),
            }
        }
        assert!(seen.len() > 2 && seen.iter().all(|there| (2..6).contains(there)), "{seen:?}");
    }

    proptest! {
        #![proptest_config(cases(64))]
        #[test]
        fn no_input_makes_a_segment_panic(bytes in {
            let directory = ledger_of(&[&sample::plain(3)]);
            let mut whole = fs::read(segments(directory.path()).pop().unwrap()).unwrap();
            whole.truncate(frame::written(&whole) + 100);
            spoilt(vec![whole])
        }) {
            if let Ok(base) = segment::base(&bytes)
                && let Ok(scan) = segment::scan(&bytes, &base, None)
            {
                segment::frames(&bytes, &scan, &mut |_| Ok(())).unwrap();
            }
        }

        #[test]
        fn a_flipped_bit_is_damage_or_of_no_account_and_never_costs_what_was_acknowledged(
            file in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bit in 0_u8..8,
        ) {
            let all = sample::plain(30);
            let directory = ledger_of(&all.chunks(4).collect::<Vec<_>>());
            let segments = segments(directory.path());
            let file = &segments[file.index(segments.len())];
            let mut bytes = fs::read(file).unwrap();
            let at = at.index(frame::written(&bytes));
            bytes[at] ^= 1_u8 << bit;
            fs::write(file, &bytes).unwrap();
            match open(directory.path()) {
                Ok(ledger) => prop_assert_eq!(history(&ledger), all),
                Err(Error::Corrupt { last_good, file: named, .. }) => {
                    prop_assert!(last_good.0 < 30);
                    prop_assert_eq!(&named, file);
                    prop_assert_eq!(fs::read(file).unwrap(), bytes, "nothing is repaired in silence");
                }
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
    }

    #[test]
    fn a_ledger_that_is_gone_is_never_taken_for_a_new_one() {
        let all = sample::plain(60);
        let directory = ledger_of(&all.chunks(5).collect::<Vec<_>>());
        let segments = segments(directory.path());
        let newest = segments.last().unwrap();
        let whole = fs::read(newest).unwrap();
        fs::remove_file(newest).unwrap();
        assert!(last_good(open(directory.path())) >= 30);
        fs::write(newest, whole).unwrap();
        fs::remove_file(&segments[1]).unwrap();
        assert!(last_good(open(directory.path())) < 20);
        fs::remove_file(&segments[0]).unwrap();
        let refused = open(directory.path()).unwrap_err();
        let Error::Corrupt { file, last_good: Revision(0), .. } = refused else { panic!("{refused}") };
        assert_eq!(file, segments[0]);
        segments[2..].iter().for_each(|file| fs::remove_file(file).unwrap());
        assert_eq!(last_good(open(directory.path())), 0);
        fs::remove_file(directory.path().join(witness::FILE)).unwrap();
        fs::create_dir(directory.path().join("view")).unwrap();
        assert_eq!(last_good(open(directory.path())), 0);
    }

    #[test]
    fn after_a_failed_write_the_file_is_given_up_and_the_next_segment_says_where_it_ends() {
        let all = sample::plain(9);
        for already in [0, 3] {
            let directory = ledger_of(&[&all[..already]]);
            let mut ledger = open(directory.path()).unwrap();
            let given_up = segments(directory.path()).pop().unwrap();
            // What is written is on disk, but its sync failed.
            let written_but_not_synced = ledger_of(&[&all[..already], &all[already..6]]);
            fs::copy(segments(written_but_not_synced.path()).pop().unwrap(), &given_up).unwrap();
            ledger.tail = Some(Tail::read_only(&given_up).unwrap());
            let refused = ledger.append(&entries(&all[already..6]));
            assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
            assert_eq!(history(&ledger), all[..already]);
            assert_eq!(history(&open(directory.path()).unwrap()), all[..already], "not acknowledged, not there");
            ledger.append(&entries(&all[already..already + 2])).unwrap();
            assert_eq!(history(&ledger), all[..already + 2]);
            assert_eq!(history(&open(directory.path()).unwrap()), all[..already + 2]);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn on_a_full_disk_writes_are_refused_as_such_and_go_on_when_there_is_room() {
        let all = sample::plain(4);
        let directory = ledger_of(&[&all[..2]]);
        let mut ledger = open(directory.path()).unwrap();
        ledger.tail = Some(Tail::full().unwrap());
        let refused = ledger.append(&entries(&all[2..]));
        assert!(matches!(refused, Err(Error::Full(_))), "{refused:?}");
        assert_eq!(history(&ledger), all[..2]);
        ledger.append(&entries(&all[2..])).unwrap();
        drop(ledger);
        assert_eq!(history(&open(directory.path()).unwrap()), all);
    }

    #[test]
    fn while_no_segment_can_be_made_writes_are_refused_and_reads_go_on() {
        let all = sample::plain(4);
        let directory = ledger_of(&[&all[..2]]);
        let mut ledger = open(directory.path()).unwrap();
        let file = segments(directory.path()).pop().unwrap();
        ledger.tail = Some(Tail::read_only(&file).unwrap());
        let in_the_way = directory.path().join(format!("{}.new", file_name(Revision(3))));
        fs::create_dir(&in_the_way).unwrap();
        for _ in 0..2 {
            assert!(matches!(ledger.append(&entries(&all[2..])), Err(Error::Unavailable(_))));
            assert_eq!(history(&ledger), all[..2]);
        }
        fs::remove_dir(&in_the_way).unwrap();
        ledger.append(&entries(&all[2..])).unwrap();
        assert_eq!(history(&ledger), all);
    }
}
