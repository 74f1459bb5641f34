//! The audit trail: who saw confidential values, when and from where; one line each, chained by hash.
//!
//! A thread of its own writes the trail, so that no answer waits for it. While the trail cannot be written, its lines
//! are kept in bounded memory; lines that do not fit are counted, and the count becomes a line too. Writes need no line
//! here: the ledger is their trail. `audit/file.rs` has the form on disk.
//!
//! **Invariants.** A line names principals, methods and records, and never a value. A line that was changed, removed or
//! moved breaks the chain. That the last lines are still there is proved by a hash that was kept elsewhere.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use file::OpenTrail;
pub use file::{Verified, follow};

mod file;

/// How many lines wait at most, twice: before the thread takes them, and while they cannot be written. At a few hundred
/// bytes each that is some megabytes.
const WAITING: usize = 4096;

/// How soon writing is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Why the trail cannot be had or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read or written.
    #[error("{}: {cause}", .file.display())]
    Unavailable {
        /// Which.
        file: PathBuf,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// A line is not what was written, or one before it is gone.
    #[error("{}: line {line} was changed, or one before it is gone", .file.display())]
    Changed {
        /// Which.
        file: PathBuf,
        /// The first line that does not follow the ones before it, from 1.
        line: usize,
    },
}

/// What is noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub enum Line {
    /// Somebody was given confidential values.
    Read(Disclosure),
    /// So many lines could not be kept.
    Lost {
        /// When it was noticed.
        time: Timestamp,
        /// How many.
        count: u64,
    },
    /// A line was cut short when the server ended, and is gone.
    Torn {
        /// When it was noticed.
        time: Timestamp,
    },
    /// The newest file was changed by another program.
    PutAside {
        /// When it was noticed.
        time: Timestamp,
        /// Where it lies now, inside the data directory.
        moved_to: String,
    },
    /// The file before this one was full.
    GoesOn {
        /// When.
        time: Timestamp,
        /// The last hash of that file.
        from: String,
    },
}

/// Confidential values that a caller was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Disclosure {
    /// When.
    pub time: Timestamp,
    /// Who: a principal of the access file.
    pub actor: String,
    /// From where.
    pub origin: String,
    /// By which method.
    pub method: String,
    /// The records, by name; none if the answer turned out to have none.
    pub objects: Vec<String>,
    /// How the call ended, such as `OK`.
    pub result: String,
    /// Why the glass was broken, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<String>,
}

/// Where reads are noted. Cheap to clone; when the last one is dropped, what waits is written.
#[derive(Debug, Clone)]
pub struct Trail(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    lines: Option<SyncSender<Line>>,
    lost: Arc<AtomicU64>,
    writer: Option<JoinHandle<()>>,
}

impl Trail {
    /// Goes on with the trail of a data directory, which is begun if there is none. A last line that was cut short is
    /// cut off, and a file whose chain is broken is moved aside for an investigation; either is noted. On a read-only
    /// file system the lines wait in memory until it can be written.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it cannot be had.
    pub fn open(folder: &Path, now: Timestamp) -> Result<Self, Error> {
        let tail = OpenTrail::open(folder, now)?;
        let (lines, queue) = sync_channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let counted = lost.clone();
        let write = move || keep(tail, &queue, &counted);
        let unavailable = |cause| Error::Unavailable { file: folder.to_owned(), cause };
        let writer = std::thread::Builder::new().name("audit-trail".to_owned()).spawn(write).map_err(unavailable)?;
        Ok(Trail(Arc::new(Handle { lines: Some(lines), lost, writer: Some(writer) })))
    }

    /// Notes a read. Never waits and never fails: what cannot be kept is counted.
    pub fn note(&self, read: Disclosure) {
        let sent = self.0.lines.as_ref().map(|lines| lines.try_send(Line::Read(read)));
        if sent.is_none_or(|sent| sent.is_err()) {
            self.0.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        drop(self.lines.take());
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the thread of the audit trail had panicked");
        }
    }
}

/// Writes what comes until the last sender is gone.
fn keep(mut trail: OpenTrail, queue: &Receiver<Line>, lost: &AtomicU64) {
    let (mut waiting, mut is_failing) = (VecDeque::new(), false);
    // What the trail has to say before anything comes.
    let mut came = Err(RecvTimeoutError::Timeout);
    loop {
        let ended = came == Err(RecvTimeoutError::Disconnected);
        for entry in came.into_iter().chain(queue.try_iter()) {
            if waiting.len() < WAITING {
                waiting.push_back(entry);
            } else {
                lost.fetch_add(1, Ordering::Relaxed);
            }
        }
        let missing = lost.swap(0, Ordering::Relaxed);
        let note = (missing > 0).then(|| Line::Lost { time: Timestamp::now(), count: missing });
        let entries: Vec<Line> = waiting.iter().cloned().chain(note).collect();
        match trail.append(&entries) {
            Ok(()) => {
                waiting.clear();
                is_failing = false;
            }
            Err(error) => {
                lost.fetch_add(missing, Ordering::Relaxed);
                if !is_failing {
                    tracing::error!(%error, "the audit trail cannot be written; its lines are kept in memory");
                }
                is_failing = true;
            }
        }
        if ended {
            if is_failing {
                tracing::error!(lines = waiting.len(), missing, "lines of the audit trail are lost at the stop");
            }
            return;
        }
        came = if is_failing { queue.recv_timeout(AGAIN) } else { queue.recv().map_err(Into::into) };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::file::NEWEST;
    use super::*;
    use crate::domain::spoilt::{cases, spoilt};

    fn now() -> Timestamp {
        "2026-11-25T03:10:00Z".parse().unwrap()
    }

    fn read(number: usize) -> Disclosure {
        Disclosure {
            time: now(),
            actor: "centre".to_owned(),
            origin: "127.0.0.1:9".to_owned(),
            method: "ContactService/GetContact".to_owned(),
            objects: vec![format!("organisations/x/contacts/c{number}")],
            result: "Ok".to_owned(),
            break_glass: (number == 2).then(|| "a \"quoted\" reason".to_owned()),
        }
    }

    /// A trail of some reads, whose files are sealed when they have this size.
    fn trail_of(count: usize, sealed_at: u64) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut tail = OpenTrail::open(folder.path(), now()).unwrap().sealed_at(sealed_at);
        (0..count).for_each(|number| tail.append(&[Line::Read(read(number))]).unwrap());
        folder
    }

    fn list(folder: &Path) -> Result<Vec<Line>, Error> {
        let mut entries = Vec::new();
        follow(folder, &mut |entry| entries.push(entry)).map(|_| entries)
    }

    fn reads(folder: &Path) -> Vec<Line> {
        let mut entries = list(folder).unwrap();
        entries.retain(|entry| matches!(entry, Line::Read(_)));
        entries
    }

    fn noted(numbers: std::ops::Range<usize>) -> Vec<Line> {
        numbers.map(|number| Line::Read(read(number))).collect()
    }

    /// The files of a trail, oldest first.
    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort_by_key(|path| (path.ends_with(NEWEST), path.clone()));
        files
    }

    #[test]
    fn what_was_noted_is_listed_and_the_chain_goes_on_after_a_restart() {
        let folder = trail_of(3, u64::MAX);
        let trail = Trail::open(folder.path(), now()).unwrap();
        trail.note(read(3));
        drop(trail);
        assert_eq!(list(folder.path()).unwrap(), noted(0..4));
        let found = follow(folder.path(), &mut drop).unwrap();
        assert_eq!((found.files, found.lines, found.lost, found.torn), (1, 4, 0, false));
    }

    #[test]
    fn a_full_file_is_sealed_and_the_next_goes_on_from_it_also_after_a_crash_between_the_two() {
        let folder = trail_of(7, 700);
        let path = folder.path();
        assert_eq!(files(path).len(), 3, "two are sealed");
        assert_eq!(reads(path), noted(0..7));
        std::fs::rename(path.join(NEWEST), path.join("audit-000003.jsonl")).unwrap();
        assert_eq!(reads(path), noted(0..7), "as long as nothing is noted there is no other");
        let trail = Trail::open(path, now()).unwrap();
        trail.note(read(7));
        drop(trail);
        assert_eq!(reads(path), noted(0..8));
        let found = follow(path, &mut drop).unwrap();
        assert_eq!((found.files, found.lines, found.from), (4, 8 + 3, None));

        // The oldest are kept elsewhere: their last hash is told. From between none can be taken, nor exchanged.
        let all = files(path);
        std::fs::rename(&all[0], path.join("elsewhere")).unwrap();
        let from = follow(path, &mut drop).unwrap().from.unwrap();
        assert!(std::fs::read_to_string(path.join("elsewhere")).unwrap().ends_with(&format!("\"{from}\"}}\n")));
        std::fs::rename(path.join("elsewhere"), &all[1]).unwrap();
        let error = follow(path, &mut drop).unwrap_err();
        assert!(matches!(&error, Error::Changed { file, line: 1 } if *file == all[2]), "{error}");
    }

    proptest! {
        #![proptest_config(cases(64))]
        #[test]
        fn any_change_of_the_trail_is_told(
            file in any::<prop::sample::Index>(),
            at in any::<prop::sample::Index>(),
            bit in 0_u8..8,
            gone in any::<prop::sample::Index>(),
        ) {
            let folder = trail_of(7, 700);
            let files = files(folder.path());
            let path = file.get(&files);
            let is_newest = path.ends_with(NEWEST);
            let whole = std::fs::read(path).unwrap();
            let mut bytes = whole.clone();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            std::fs::write(path, &bytes).unwrap();
            // The last line end may look cut short; then the line is not there.
            let told = follow(folder.path(), &mut drop).map_or(true, |found| is_newest && found.torn);
            prop_assert!(told, "byte {}", at);
            // A line that is gone is told, unless it is the very last one: then the hash is another.
            let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
            let gone = gone.index(lines.len());
            let others = lines.iter().enumerate().filter(|(line, _)| *line != gone);
            std::fs::write(path, others.flat_map(|(_, line)| line.to_vec()).collect::<Vec<u8>>()).unwrap();
            let is_last = is_newest && gone + 1 == lines.len();
            prop_assert_eq!(follow(folder.path(), &mut drop).is_err(), !is_last);
        }
    }

    proptest! {
        #[test]
        fn no_input_makes_a_trail_panic(bytes in {
            spoilt(vec![std::fs::read(trail_of(3, u64::MAX).path().join(NEWEST)).unwrap()])
        }) {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(NEWEST), bytes).unwrap();
            let lines = follow(folder.path(), &mut drop).map(|found| found.lines).ok();
            prop_assert_eq!(lines, list(folder.path()).map(|entries| entries.len()).ok());
            drop(Trail::open(folder.path(), now()).unwrap());
            follow(folder.path(), &mut drop).unwrap();
        }
    }

    #[test]
    fn a_last_line_cut_short_is_cut_off_and_noted_and_a_changed_trail_is_put_aside() {
        let folder = trail_of(2, u64::MAX);
        let path = folder.path().join(NEWEST);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
        drop(Trail::open(folder.path(), now()).unwrap());
        assert_eq!(list(folder.path()).unwrap(), [Line::Read(read(0)), Line::Torn { time: now() }]);
        std::fs::write(&path, &whole[9..]).unwrap();
        drop(Trail::open(folder.path(), now()).unwrap());
        let moved_to = "audit.changed-1.jsonl".to_owned();
        assert_eq!(std::fs::read(folder.path().join(&moved_to)).unwrap(), whole[9..]);
        assert_eq!(list(folder.path()).unwrap(), [Line::PutAside { time: now(), moved_to }]);
        let found = follow(folder.path(), &mut drop).unwrap();
        assert_eq!((found.put_aside, found.aside), (1, vec![folder.path().join("audit.changed-1.jsonl")]));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn on_a_full_disk_lines_wait_in_bounded_memory_and_what_is_lost_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let tail = || OpenTrail::open(folder.path(), now()).unwrap();
        let (lines, queue) = sync_channel(4 * WAITING);
        let lost = AtomicU64::new(0);
        let count = 2 * WAITING + 5;
        (0..count).for_each(|number| lines.try_send(Line::Read(read(number))).unwrap());
        drop(lines);
        // It ends while the disk is full: what it had is lost, and it ends.
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        keep(tail().with_file(Some(full)), &queue, &lost);
        assert_eq!(lost.load(Ordering::Relaxed), (count - WAITING) as u64);
        // With room again, also where the file could not even be opened, the count is a line.
        let (lines, queue) = sync_channel(WAITING);
        lines.try_send(Line::Read(read(1))).unwrap();
        drop(lines);
        keep(tail().with_file(None), &queue, &lost);
        let found = follow(folder.path(), &mut drop).unwrap();
        assert_eq!((found.lost, found.lines), ((count - WAITING) as u64, 2));
    }
}
