//! The store on this machine's disk, the default: the ledger is the truth, sled a view of it.
//!
//! A commit is acknowledged when the ledger holds it; sled is written after that, aside. A start reads the records
//! from sled, proves them against the ledger and brings them up to it; a sled that is missing, damaged, of another
//! ledger or behind too far costs a replay and nothing else: it is moved aside and made again. Where sled cannot be
//! opened for want of room or because nothing can be written, the ledger alone is read.
//!
//! **Invariants.** One process has the directory. What [`load`](Store::load) gives adds up to the tally in the
//! ledger's last frame. If sled holds a later revision than the ledger, the ledger has lost a write and the
//! store is refused as damaged.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use self::checkpoint::Checkpoint;
use self::data_directory::{close_to_strangers, create, move_aside};
use self::entries::{EntryKey, apply, decode, entries};
use self::ledger::Ledger;
use self::lock::DirectoryLock;
use self::reader::Reader;
use self::sled::{DIRECTORY, Holdings, LedgerView, Update};
use self::tally::{Tallied, Tally, Undo};
use super::record::{decode_batch, encode_batch};
use super::{AcceptedRequest, Contents, Error, History, MARK_SECONDS, Store, follows};
use crate::domain::change::Batch;

pub use self::ledger::Layout;

pub mod backup;
pub mod examine;

mod ledger;
mod segment;
mod frame;
mod reader;
mod proof;
mod witness;
mod checkpoint;
mod compact;
mod entries;
mod tally;
mod sled;
mod data_directory;
mod lock;
mod disk;

#[cfg(test)]
mod lost_cache;

/// How many entries go into sled at once when it is made again.
const FILL_ENTRIES: usize = 1000;

/// The store on this machine's disk. The order of its fields is the order in which it is closed: the lock last.
#[derive(Debug)]
pub struct EmbeddedStore {
    view: Option<LedgerView>,
    ledger: Ledger,
    tallied: Tallied,
    /// What was read at opening, until something is committed.
    opened: Option<Contents>,
    _lock: DirectoryLock,
}

impl EmbeddedStore {
    /// Opens the store of a data directory; begins one if there never was one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if another process has it or it cannot be read; [`Error::Corrupt`] if the ledger is
    /// damaged or missing.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        Self::open_with(directory, Layout::default())
    }

    /// Opens the store of a data directory with a ledger of another layout than the default.
    ///
    /// # Errors
    /// As [`open`](EmbeddedStore::open).
    pub fn open_with(directory: &Path, layout: Layout) -> Result<Self, Error> {
        create(directory).map_err(|error| Error::unavailable(directory, &error))?;
        close_to_strangers(directory);
        let lock = DirectoryLock::take(directory)?;
        let path = directory.join(DIRECTORY);
        // Before the ledger, whose opening would cut a last frame that sled may prove to have been acknowledged.
        let view = (path.exists() && !lock.is_read_only()).then(|| LedgerView::open(&path));
        if lock.is_read_only() {
            tracing::warn!(directory = %directory.display(),
                "nothing can be written here: questions are answered from the ledger, and every write tries again; \
                 make the file system writable and restart");
        }
        let (mut view, mut held) = match view {
            Some(Ok((view, held))) => (Some(view), held),
            Some(Err(why)) => {
                move_aside(directory, &why);
                (None, Holdings::default())
            }
            None => (None, Holdings::default()),
        };
        let ledger = Ledger::open(directory, layout, &data_directory::TRACES, held.head.revision)?;
        if view.is_some() && ledger.head_at(held.head.revision)? != Some(held.head) {
            drop(view.take());
            move_aside(directory, "it is not a view of this ledger, or older than what the ledger begins with");
        }
        if view.is_none() {
            held = beginning(&ledger)?;
        }
        if held.head.revision < ledger.head().revision {
            tracing::info!(
                sled = held.head.revision.0,
                ledger = ledger.head().revision.0,
                "sled is brought up to the ledger"
            );
        }
        let mut changed = bring_up(&ledger, &mut held)?;
        if view.is_some() && Tally::of(&held.entries) != ledger.head().tally {
            drop(view.take());
            move_aside(directory, "it does not add up");
            held = beginning(&ledger)?;
            bring_up(&ledger, &mut held)?;
        }
        let tallied = Tallied::of(&held.entries);
        if tallied.tally() != ledger.head().tally {
            return Err(Error::Internal("the batches of the ledger do not add up to its tally".to_owned()));
        }
        if view.is_none() && !lock.is_read_only() {
            changed = held.entries.keys().cloned().collect();
            view = match LedgerView::open(&path) {
                Ok((view, _)) => Some(view),
                Err(why) => {
                    tracing::warn!(why, "sled cannot be made; the directory goes on with the ledger alone");
                    None
                }
            };
        }
        if let Some(view) = &mut view {
            fill(view, &held, changed);
        }
        let opened = contents(&held.entries, &ledger)?;
        let store = EmbeddedStore { view, ledger, tallied, opened: Some(opened), _lock: lock };
        store.compact();
        Ok(store)
    }

    /// Puts segments that need not be kept into the archive. No call depends on it: a failure is logged, and the next
    /// new segment, or the next start, tries again.
    fn compact(&self) {
        if let Err(error) = compact::compact(&self.ledger) {
            tracing::warn!(%error, "the ledger could not be compacted; it is tried again later");
        }
    }

    /// Tallies and appends a group; on an error the tally is to be taken back.
    fn append(&mut self, group: &[Batch], undos: &mut Vec<Undo>) -> Result<Update, Error> {
        let (mut update, mut frames) = (Update::default(), Vec::with_capacity(group.len()));
        for batch in group {
            for (key, bytes) in entries(batch)? {
                undos.push(self.tallied.set(&key, bytes.as_ref()));
                update.entries.insert(key, bytes);
            }
            frames.push(ledger::Appended {
                revision: batch.revision,
                tally: self.tallied.tally(),
                second: batch.authorship.time.as_second(),
                batch: encode_batch(batch).map_err(|error| Error::Internal(error.to_string()))?,
            });
        }
        self.ledger.append(&frames)?;
        update.head = Some(*self.ledger.head());
        Ok(update)
    }
}

impl Store for EmbeddedStore {
    fn load(&mut self) -> Result<Contents, Error> {
        if let Some(contents) = self.opened.take() {
            return Ok(contents);
        }
        let mut held = beginning(&self.ledger)?;
        bring_up(&self.ledger, &mut held)?;
        contents(&held.entries, &self.ledger)
    }

    fn commit(&mut self, group: &[Batch]) -> Result<(), Error> {
        follows(self.ledger.head().revision, group)?;
        if group.is_empty() {
            return Ok(());
        }
        let (mut undos, segment) = (Vec::new(), self.ledger.newest_segment());
        match self.append(group, &mut undos) {
            Ok(update) => {
                self.opened = None;
                if let Some(view) = &mut self.view {
                    view.update(update);
                }
                if self.ledger.newest_segment() != segment {
                    self.compact();
                }
                Ok(())
            }
            Err(error) => {
                undos.into_iter().rev().for_each(|undo| self.tallied.undo(undo));
                Err(error)
            }
        }
    }

    fn history(&self) -> Arc<dyn History> {
        Arc::new(self.ledger.reader())
    }
}

/// What a ledger begins with.
fn beginning(ledger: &Ledger) -> Result<Holdings, Error> {
    let Checkpoint { head, entries } = ledger.beginning()?;
    Ok(Holdings { head, entries })
}

/// Brings entries up to the ledger; gives the keys that changed.
fn bring_up(ledger: &Ledger, held: &mut Holdings) -> Result<BTreeSet<EntryKey>, Error> {
    let (reader, mut changed) = (ledger.reader(), BTreeSet::new());
    while held.head.revision < ledger.head().revision {
        let batches = reader.after(held.head.revision, compact::READ_BATCHES)?;
        for batch in &batches {
            changed.extend(apply(batch, &mut held.entries)?);
        }
        match batches.last() {
            Some(last) => held.head.revision = last.revision,
            None => return Err(Error::Internal("the ledger ends before its head".to_owned())),
        }
    }
    held.head = *ledger.head();
    Ok(changed)
}

/// Sends the entries of these keys to sled. Only with the last of them it says what it is a view of; before that it
/// does not add up, and a start would make it again.
fn fill(view: &mut LedgerView, held: &Holdings, changed: BTreeSet<EntryKey>) {
    let mut update = Update::default();
    for key in changed {
        let bytes = held.entries.get(&key).cloned();
        update.entries.insert(key, bytes);
        if update.entries.len() >= FILL_ENTRIES {
            view.fill(std::mem::take(&mut update));
        }
    }
    update.head = Some(held.head);
    view.fill(update);
}

/// The contents that these entries hold at the head of a ledger, with the marked requests of the last day.
fn contents(entries: &BTreeMap<EntryKey, Vec<u8>>, ledger: &Ledger) -> Result<Contents, Error> {
    let requests = accepted(&ledger.reader())?;
    Ok(Contents { revision: ledger.head().revision, requests, ..decode(entries)? })
}

/// The marked requests of the day before the newest batch.
fn accepted(reader: &Reader) -> Result<Vec<AcceptedRequest>, Error> {
    let oldest = reader.newest_second()?.saturating_sub(MARK_SECONDS);
    let mut requests = Vec::new();
    reader.walk(reader.revision_before(oldest).next(), &mut |frame, _| {
        if frame.second > oldest {
            let batch = decode_batch(frame.batch);
            let batch = batch.map_err(|error| Error::Internal(format!("revision {}: {error}", frame.revision)))?;
            requests.extend(AcceptedRequest::of(&batch));
        }
        Ok(true)
    })?;
    Ok(requests)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;
    use crate::domain::record::Revision;
    use crate::domain::spoilt::cases;
    use crate::store::{conformance, sample};

    const SMALL: Layout = Layout { segment: 8192, ahead: 2048, keep_seconds: None };

    fn open(directory: &Path) -> Result<EmbeddedStore, Error> {
        EmbeddedStore::open_with(directory, SMALL)
    }

    /// A closed store of these batches.
    fn store_of(batches: &[Batch]) -> TempDir {
        let directory = tempfile::tempdir().unwrap();
        let mut store = open(directory.path()).unwrap();
        batches.chunks(3).for_each(|group| store.commit(group).unwrap());
        directory
    }

    /// The files with this beginning of their name, in the data directory or in sled's.
    fn files(directory: &Path, beginning: &str) -> Vec<PathBuf> {
        let mut found: Vec<_> = [directory.to_owned(), directory.join(DIRECTORY)]
            .iter()
            .flat_map(|directory| fs::read_dir(directory).unwrap())
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.strip_prefix(directory).unwrap().to_str().unwrap().starts_with(beginning))
            .collect();
        found.sort();
        found
    }

    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).unwrap();
            }
        }
    }

    #[test]
    fn it_keeps_the_contract() {
        conformance::run(|| {
            let directory = tempfile::tempdir().unwrap();
            move || Box::new(open(directory.path()).unwrap()) as Box<dyn Store>
        });
    }

    #[test]
    fn a_second_process_is_refused_and_told_who_has_it() {
        let directory = store_of(&sample::plain(2));
        let first = open(directory.path()).unwrap();
        let refused = open(directory.path()).unwrap_err();
        assert!(matches!(&refused, Error::Unavailable(why) if why.contains("in use by process")), "{refused}");
        drop(first);
        open(directory.path()).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn a_directory_that_was_open_to_everybody_is_closed_to_strangers() {
        use std::os::unix::fs::PermissionsExt;
        let directory = store_of(&sample::plain(2));
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        drop(open(directory.path()).unwrap());
        assert_eq!(fs::metadata(directory.path()).unwrap().permissions().mode() & 0o777, 0o750);
    }

    #[test]
    fn a_sled_that_is_gone_behind_or_of_another_store_costs_nothing() {
        let all = sample::plain(40);
        let directory = store_of(&all);
        let path = directory.path().join(DIRECTORY);
        let other = store_of(&sample::batches(&[std::collections::BTreeMap::from([(1, sample::Step::Delete)])]));
        let behind = store_of(&all[..20]);
        fs::remove_dir_all(&path).unwrap();
        assert_eq!(open(directory.path()).unwrap().load(), Ok(sample::expected(&all)));
        // The files of one failure are kept for an investigation, and no more.
        for (sled, aside) in [(behind.path(), 0), (other.path(), 1), (other.path(), 1)] {
            fs::remove_dir_all(&path).unwrap();
            copy(&sled.join(DIRECTORY), &path);
            assert_eq!(open(directory.path()).unwrap().load(), Ok(sample::expected(&all)));
            assert_eq!(files(directory.path(), "sled.damaged").len(), aside);
        }
        let (_view, held) = LedgerView::open(&path).unwrap();
        assert_eq!(held.head.revision, Revision(40));
    }

    #[test]
    fn a_sled_that_cannot_be_made_is_done_without() {
        let all = sample::plain(4);
        let directory = store_of(&all[..2]);
        let path = directory.path().join(DIRECTORY);
        fs::remove_dir_all(&path).unwrap();
        let mut store = open(directory.path()).unwrap();
        store.view = None;
        store.commit(&all[2..]).unwrap();
        drop(store);
        assert_eq!(open(directory.path()).unwrap().load(), Ok(sample::expected(&all)));
    }

    #[test]
    fn a_ledger_that_lost_what_sled_knows_is_damaged_even_if_it_looks_whole() {
        let all = sample::plain(9);
        let directory = store_of(&all);
        let before = store_of(&all[..6]);
        for file in files(directory.path(), "ledger-") {
            fs::remove_file(file).unwrap();
        }
        for file in files(before.path(), "ledger") {
            fs::copy(&file, directory.path().join(file.file_name().unwrap())).unwrap();
        }
        let damaged = open(directory.path()).unwrap_err();
        assert!(matches!(damaged, Error::Corrupt { last_good: Revision(6), .. }), "{damaged}");
    }

    #[test]
    fn a_store_whose_ledger_is_gone_never_starts_empty() {
        let directory = store_of(&sample::plain(3));
        files(directory.path(), "ledger").iter().for_each(|file| fs::remove_file(file).unwrap());
        let damaged = open(directory.path()).unwrap_err();
        assert!(matches!(damaged, Error::Corrupt { last_good: Revision(0), .. }), "{damaged}");
        // Nor does a store of which only the audit trail is left.
        fs::remove_dir_all(directory.path().join(DIRECTORY)).unwrap();
        fs::write(directory.path().join("audit.jsonl"), "").unwrap();
        assert!(matches!(open(directory.path()), Err(Error::Corrupt { .. })));
    }

    proptest! {
        #![proptest_config(cases(48))]
        #[test]
        fn whatever_happens_to_sled_all_data_is_right(
            file in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bit in 0_u8..8, cut in prop::bool::weighted(0.2),
        ) {
            let all = sample::plain(40);
            let directory = store_of(&all);
            let files: Vec<_> = files(directory.path(), "sled/").into_iter().filter(|path| path.is_file()).collect();
            let file = &files[file.index(files.len())];
            let mut bytes = fs::read(file).unwrap();
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                if cut { bytes.truncate(at) } else { bytes[at] ^= 1_u8 << bit }
            }
            fs::write(file, bytes).unwrap();
            let mut store = open(directory.path()).unwrap();
            prop_assert_eq!(store.load(), Ok(sample::expected(&all)));
            drop(store);
            prop_assert_eq!(open(directory.path()).unwrap().load(), Ok(sample::expected(&all)));
        }
    }
}
