//! The records by name in sled: a view of the ledger, from which a start reads them without replaying everything.
//!
//! # Why a view (2026-11-23)
//! sled 0.34 does not make a flush durable, and of a damaged store it mostly panics at opening, at times opens it
//! with records missing. So nothing rests on it: what it gives is proved by a tally, and it can be made again from
//! the ledger at any time. All of sled runs in one thread of its own, where a panic or a hang of it ends there.
//!
//! **Invariants.** No other file names the crate. A write is never refused or held up because of sled.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, channel, sync_channel};
use std::time::Duration;

use super::entries::EntryKey;
use super::frame::number;
use super::segment::Head;
use super::tally::Tally;
use crate::domain::record::Revision;

/// The directory of sled's files inside the data directory.
pub(super) const DIRECTORY: &str = "sled";

/// Where it keeps what it is a view of; no key of an entry begins with this letter.
const META: &[u8] = b"meta";

/// What sled may keep in memory. Small, for every read is answered from the snapshot.
const CACHE_BYTES: u64 = 64 << 20;

/// How many groups of writes may wait for sled; a sled that is further behind is left behind.
const BEHIND: usize = 256;

/// How long opening may take. A million records took a second; this is a hang.
const OPENING: Duration = Duration::from_secs(120);

/// How long closing may take before the process goes on without it.
const CLOSING: Duration = Duration::from_secs(30);

/// What sled held when it was opened, proved by its own tally.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    /// Where the ledger stood that this is a view of.
    pub(super) head: Head,
    /// Every entry.
    pub(super) entries: BTreeMap<EntryKey, Vec<u8>>,
}

/// What a group of writes changes.
#[derive(Debug, Default)]
pub(super) struct Update {
    /// The bytes to keep, or none to drop what is kept.
    pub(super) entries: BTreeMap<EntryKey, Option<Vec<u8>>>,
    /// Where the ledger stands with it; none while there is more to come.
    pub(super) head: Option<Head>,
}

/// The view, as its thread keeps it. Dropping it waits until what was sent is written.
#[derive(Debug)]
pub(super) struct LedgerView {
    /// None once sled has failed or cannot keep up: it is then stale until the next start.
    updates: Option<SyncSender<Update>>,
    closed: Receiver<()>,
}

impl LedgerView {
    /// Opens the view in a directory, which is made if it does not exist.
    pub(super) fn open(path: &Path) -> Result<(Self, Holdings), String> {
        let (updates, queue) = sync_channel(BEHIND);
        let (opening, opened) = channel();
        let (closing, closed) = channel();
        let path = path.to_owned();
        let worker = move || {
            // Moved in, so that it ends with the thread and tells that the thread has ended.
            let _closing: std::sync::mpsc::Sender<()> = closing;
            match guarded(|| read(&path)) {
                Ok((db, held)) => {
                    if opening.send(Ok(held)).is_ok() {
                        keep(db, &queue);
                    }
                }
                Err(why) => {
                    // Nobody listens any more if it took too long.
                    let _ = opening.send(Err(why));
                }
            }
        };
        let spawned = std::thread::Builder::new().name("sled-view".to_owned()).spawn(worker);
        spawned.map_err(|error| format!("its thread does not start: {error}"))?;
        let held = match opened.recv_timeout(OPENING) {
            Ok(held) => held?,
            Err(RecvTimeoutError::Timeout) => return Err("it does not open in time".to_owned()),
            Err(RecvTimeoutError::Disconnected) => return Err("its thread ended while opening".to_owned()),
        };
        Ok((LedgerView { updates: Some(updates), closed }, held))
    }

    /// Has an update written later; never waits. A view that has failed or cannot keep up stays as it is.
    pub(super) fn update(&mut self, update: Update) {
        let sent = self.updates.as_ref().map(|updates| updates.try_send(update));
        match sent {
            Some(Ok(())) | None => {}
            Some(Err(TrySendError::Full(_))) => {
                tracing::warn!("sled cannot keep up; it is brought up to the ledger at the next start");
                self.updates = None;
            }
            // The thread has said why.
            Some(Err(TrySendError::Disconnected(_))) => self.updates = None,
        }
    }

    /// Has an update written later; waits for room in the queue, and so may be called only while the store opens.
    pub(super) fn fill(&mut self, update: Update) {
        if let Some(updates) = &self.updates
            && updates.send(update).is_err()
        {
            self.updates = None;
        }
    }
}

impl Drop for LedgerView {
    fn drop(&mut self) {
        drop(self.updates.take());
        if self.closed.recv_timeout(CLOSING) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("sled does not close in time; it is checked against the ledger at the next start");
        }
    }
}

/// How often, and how long each time, a sled that this process closed a moment ago is waited for. Its own threads hold
/// its lock a little longer than its handle lives, and give no sign when they release it. No other process can hold it:
/// the data directory is locked.
const UNLOCKING: (u32, Duration) = (200, Duration::from_millis(10));

fn open(config: &::sled::Config) -> ::sled::Result<::sled::Db> {
    let (mut left, pause) = UNLOCKING;
    loop {
        match config.open() {
            Err(error) if left > 0 && error.to_string().contains("could not acquire lock") => {
                left = left.saturating_sub(1);
                std::thread::park_timeout(pause);
            }
            opened => return opened,
        }
    }
}

/// Opens sled and reads all of it.
fn read(path: &PathBuf) -> Result<(::sled::Db, Holdings), String> {
    let config = ::sled::Config::new().path(path).cache_capacity(CACHE_BYTES).flush_every_ms(None);
    let db = open(&config).map_err(|error| error.to_string())?;
    // A panic below must not drop sled while unwinding: a second panic in that would end the process.
    let held = guarded(|| held(&db));
    match held {
        Ok(held) => Ok((db, held)),
        Err(why) => {
            give_up(db);
            Err(why)
        }
    }
}

fn held(db: &::sled::Db) -> Result<Holdings, String> {
    let (mut head, mut entries) = (None, BTreeMap::new());
    for entry in db.iter() {
        let (key, bytes) = entry.map_err(|error| error.to_string())?;
        if key == META {
            head = Some(read_meta(&bytes).ok_or("what it is a view of cannot be read")?);
        } else {
            entries.insert(key.to_vec(), bytes.to_vec());
        }
    }
    let head = head.unwrap_or_default();
    let tally = Tally::of(&entries);
    if tally != head.tally {
        return Err(format!("it should hold {} entries and holds {}, or others", head.tally.count, tally.count));
    }
    Ok(Holdings { head, entries })
}

/// Writes what is sent until the last sender is gone, then closes sled.
fn keep(db: ::sled::Db, queue: &Receiver<Update>) {
    let kept = guarded(|| {
        while let Ok(first) = queue.recv() {
            apply(&db, first).map_err(|error| error.to_string())?;
            while let Ok(next) = queue.try_recv() {
                apply(&db, next).map_err(|error| error.to_string())?;
            }
            db.flush().map_err(|error| error.to_string())?;
        }
        Ok(())
    });
    if let Err(why) = kept {
        tracing::error!(why, "sled has failed; reading and writing go on, and it is brought up at the next start");
    }
    give_up(db);
}

fn apply(db: &::sled::Db, update: Update) -> ::sled::Result<()> {
    let mut batch = ::sled::Batch::default();
    for (key, bytes) in update.entries {
        match bytes {
            Some(bytes) => batch.insert(key, bytes),
            None => batch.remove(key),
        }
    }
    if let Some(head) = update.head {
        batch.insert(META, write_meta(&head));
    }
    db.apply_batch(batch)
}

/// Closes sled, whatever it does then.
fn give_up(db: ::sled::Db) {
    if let Err(why) = guarded(|| {
        drop(db);
        Ok(())
    }) {
        tracing::warn!(why, "sled failed while closing");
    }
}

/// Runs a call into sled; a panic of it is an error.
fn guarded<T>(call: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied());
        Err(format!("it panicked: {}", said.unwrap_or("without a word")))
    })
}

fn write_meta(head: &Head) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(96);
    bytes.extend(head.revision.0.to_le_bytes());
    bytes.extend(head.tally.count.to_le_bytes());
    bytes.extend(head.tally.digest.to_le_bytes());
    bytes.extend(head.chain);
    bytes.extend(blake3::hash(&bytes).as_bytes());
    bytes
}

fn read_meta(bytes: &[u8]) -> Option<Head> {
    let (fields, seal) = (bytes.get(..64)?, bytes.get(64..)?);
    (blake3::hash(fields).as_bytes() == seal).then_some(())?;
    Some(Head {
        revision: Revision(u64::from_le_bytes(number(fields, 0)?)),
        tally: Tally {
            count: u64::from_le_bytes(number(fields, 8)?),
            digest: u128::from_le_bytes(number(fields, 16)?),
        },
        chain: number(fields, 32)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::spoilt::spoilt;

    fn update(number: u8) -> Update {
        let entries = BTreeMap::from([(vec![b'r', number], Some(vec![number; 100]))]);
        let held: BTreeMap<EntryKey, Vec<u8>> = (1..=number).map(|n| (vec![b'r', n], vec![n; 100])).collect();
        let head = Head { revision: Revision(u64::from(number)), chain: [number; 32], tally: Tally::of(&held) };
        Update { entries, head: Some(head) }
    }

    #[test]
    fn what_was_sent_is_there_when_it_is_opened_again() {
        let directory = tempfile::tempdir().unwrap();
        for number in 1..=5 {
            let (mut view, held) = LedgerView::open(directory.path()).unwrap();
            assert_eq!(
                (held.entries.len(), held.head.revision),
                (usize::from(number) - 1, Revision(u64::from(number) - 1))
            );
            view.update(update(number));
        }
    }

    #[test]
    fn a_view_that_does_not_add_up_is_not_given_out() {
        let directory = tempfile::tempdir().unwrap();
        let (mut view, _) = LedgerView::open(directory.path()).unwrap();
        view.update(update(1));
        view.update(Update { entries: BTreeMap::from([(b"r2".to_vec(), Some(vec![1]))]), head: None });
        drop(view);
        let why = LedgerView::open(directory.path()).unwrap_err();
        assert_eq!(why, "it should hold 1 entries and holds 2, or others");
    }

    #[test]
    fn a_path_that_cannot_be_a_store_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(LedgerView::open(file.path()).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_input_makes_what_sled_is_a_view_of_panic(bytes in {
            let head = Head { revision: Revision(9), chain: [3; 32], tally: Tally::default() };
            spoilt(vec![write_meta(&head)])
        }) {
            if let Some(head) = read_meta(&bytes) {
                proptest::prop_assert_eq!(&write_meta(&head)[..], &bytes[..96]);
            }
        }
    }
}
