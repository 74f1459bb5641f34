//! The audit trail: who saw confidential values, when and from where; one line each, chained by hash.
//!
//! ```text
//! {"entry":{"event":"READ","time":"...","actor":"...", ...},"hash":"<blake3 of the hash before and the entry>"}
//! ```
//!
//! It is written by a thread of its own, so that no answer waits for it. While it cannot be written the lines are kept in
//! bounded memory; what did not fit is counted, and the count is a line too. Writes have a trail already: the ledger.
//!
//! **Invariants.** It names principals, methods and records, and never a value. A line that was changed, removed or moved
//! breaks the chain; that the last lines are there is proved by a hash that was kept elsewhere.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The file inside a data directory.
pub const FILE: &str = "audit.jsonl";

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
#[serde(tag = "event", rename_all = "UPPERCASE")]
pub enum Entry {
    /// Somebody was given confidential values.
    Read(Read),
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
}

/// Confidential values that somebody was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Read {
    /// When.
    pub time: Timestamp,
    /// Who: a principal of the access file.
    pub actor: String,
    /// From where.
    pub origin: String,
    /// By which method.
    pub method: String,
    /// Of which records, by name; none if there were none in the answer after all.
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
    lines: Option<SyncSender<Entry>>,
    lost: Arc<AtomicU64>,
    writer: Option<JoinHandle<()>>,
}

impl Trail {
    /// Goes on with the trail of a file, which is made if it does not exist. A last line that was cut short is cut off and
    /// noted; a file whose chain is broken is moved aside for whoever looks into it, and another is begun. On a file system
    /// that can only be read, the lines wait in memory until it can be written.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it cannot be had.
    pub fn open(path: &Path, now: Timestamp) -> Result<Self, Error> {
        let unavailable = |cause| Error::Unavailable { file: path.to_owned(), cause };
        let file = match open_file(path) {
            Err(cause) if cause.kind() == io::ErrorKind::ReadOnlyFilesystem => None,
            opened => Some(opened.map_err(unavailable)?),
        };
        let found = match verify(path) {
            Err(Error::Unavailable { cause, .. }) if file.is_none() && cause.kind() == io::ErrorKind::NotFound => {
                Verified::default()
            }
            Err(error @ Error::Changed { .. }) => {
                let aside = aside(path);
                std::fs::rename(path, &aside).map_err(unavailable)?;
                tracing::error!(%error, moved_to = %aside.display(), "the audit trail was changed; another is begun");
                return Self::open(path, now);
            }
            found => found?,
        };
        let trail = Tail { path: path.to_owned(), file, end: found.bytes, hash: found.hash };
        let (lines, queue) = sync_channel(WAITING);
        if found.torn {
            // The queue is empty, so that there is room.
            let _ = lines.try_send(Entry::Torn { time: now });
        }
        let lost = Arc::new(AtomicU64::new(0));
        let counted = lost.clone();
        let write = move || keep(trail, &queue, &counted);
        let writer = std::thread::Builder::new().name("audit-trail".to_owned()).spawn(write).map_err(unavailable)?;
        Ok(Trail(Arc::new(Handle { lines: Some(lines), lost, writer: Some(writer) })))
    }

    /// Notes a read. Never waits and never fails: what cannot be kept is counted.
    pub fn note(&self, read: Read) {
        let sent = self.0.lines.as_ref().map(|lines| lines.try_send(Entry::Read(read)));
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

/// A trail that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many lines it has.
    pub lines: usize,
    /// How many lines could not be kept when they came.
    pub lost: u64,
    /// The hash of the last line, or of none: kept elsewhere, it proves later that no line was taken away.
    pub hash: String,
    /// Whether a last line was cut short.
    pub torn: bool,
    /// How long it is without that line.
    bytes: u64,
}

impl Default for Verified {
    /// A trail without a line.
    fn default() -> Self {
        Verified { lines: 0, lost: 0, hash: blake3::Hash::from_bytes([0; 32]).to_string(), torn: false, bytes: 0 }
    }
}

/// Follows the chain of a trail from its first line to its last.
///
/// # Errors
/// [`Error::Changed`] at the first line that does not follow; [`Error::Unavailable`] if the file cannot be read.
pub fn verify(path: &Path) -> Result<Verified, Error> {
    let mut lost = 0_u64;
    let verified = walk(path, &mut |entry| {
        if let Entry::Lost { count, .. } = entry {
            lost = lost.saturating_add(count);
        }
    })?;
    Ok(Verified { lost, ..verified })
}

/// The entries of a trail, oldest first, its chain followed on the way.
///
/// # Errors
/// As [`verify`].
pub fn list(path: &Path) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    walk(path, &mut |entry| entries.push(entry))?;
    Ok(entries)
}

fn walk(path: &Path, visit: &mut dyn FnMut(Entry)) -> Result<Verified, Error> {
    let unavailable = |cause| Error::Unavailable { file: path.to_owned(), cause };
    let mut lines = BufReader::new(File::open(path).map_err(unavailable)?);
    let (mut verified, mut line) = (Verified::default(), Vec::new());
    loop {
        line.clear();
        let read = lines.read_until(b'\n', &mut line).map_err(unavailable)?;
        if read == 0 {
            return Ok(verified);
        }
        if line.pop() != Some(b'\n') {
            verified.torn = true;
            return Ok(verified);
        }
        let changed = || Error::Changed { file: path.to_owned(), line: verified.lines.saturating_add(1) };
        let text = std::str::from_utf8(&line).map_err(|_| changed())?;
        let (entry, hash) = parts(text).ok_or_else(changed)?;
        if chained(&verified.hash, entry) != hash {
            return Err(changed());
        }
        visit(serde_json::from_str(entry).map_err(|_| changed())?);
        verified.hash = hash.to_owned();
        verified.lines = verified.lines.saturating_add(1);
        verified.bytes = verified.bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
}

/// A name beside a file that is free.
fn aside(path: &Path) -> PathBuf {
    let named = |number: u32| path.with_extension(format!("changed-{number}.jsonl"));
    (1..).map(named).find(|name| !name.exists()).unwrap_or_else(|| named(0))
}

/// The entry of a line, as it was hashed, and the hash.
fn parts(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("{\"entry\":")?.strip_suffix("\"}")?.rsplit_once(",\"hash\":\"")
}

fn chained(before: &str, entry: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before.as_bytes());
    hasher.update(entry.as_bytes());
    hasher.finalize().to_string()
}

/// The file that is appended to.
struct Tail {
    path: PathBuf,
    /// None as long as its file system can only be read.
    file: Option<File>,
    end: u64,
    hash: String,
}

/// Opens the file of a trail, which is made if it does not exist.
fn open_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    // Who called what is not for everyone.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl Tail {
    /// Appends entries, all or none, durable when this returns.
    fn append(&mut self, entries: &[Entry]) -> io::Result<()> {
        let (mut text, mut hash) = (String::new(), self.hash.clone());
        for entry in entries {
            let entry = serde_json::to_string(entry)?;
            hash = chained(&hash, &entry);
            text.push_str(&format!("{{\"entry\":{entry},\"hash\":\"{hash}\"}}\n"));
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(open_file(&self.path)?),
        };
        // What a failed append, or a crash, left behind.
        file.set_len(self.end)?;
        file.seek(SeekFrom::Start(self.end))?;
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        self.end = self.end.saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX));
        self.hash = hash;
        Ok(())
    }
}

/// Writes what comes until nobody can note any more.
fn keep(mut trail: Tail, queue: &Receiver<Entry>, lost: &AtomicU64) {
    let (mut waiting, mut is_failing) = (VecDeque::new(), false);
    loop {
        let came = if is_failing { queue.recv_timeout(AGAIN) } else { queue.recv().map_err(Into::into) };
        let ended = came == Err(RecvTimeoutError::Disconnected);
        for entry in came.into_iter().chain(queue.try_iter()) {
            if waiting.len() < WAITING {
                waiting.push_back(entry);
            } else {
                lost.fetch_add(1, Ordering::Relaxed);
            }
        }
        let missing = lost.swap(0, Ordering::Relaxed);
        let note = (missing > 0).then(|| Entry::Lost { time: Timestamp::now(), count: missing });
        let entries: Vec<Entry> = waiting.iter().cloned().chain(note).collect();
        if entries.is_empty() && ended {
            return;
        }
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
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;
    use crate::domain::spoilt::{cases, spoilt};

    fn now() -> Timestamp {
        "2026-11-25T03:10:00Z".parse().unwrap()
    }

    fn read(number: usize) -> Read {
        Read {
            time: now(),
            actor: "centre".to_owned(),
            origin: "127.0.0.1:9".to_owned(),
            method: "ContactService/GetContact".to_owned(),
            objects: vec![format!("organisations/x/contacts/c{number}")],
            result: "Ok".to_owned(),
            break_glass: (number == 2).then(|| "a \"quoted\" reason".to_owned()),
        }
    }

    fn trail_of(count: usize) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let trail = Trail::open(&path, now()).unwrap();
        (0..count).for_each(|number| trail.note(read(number)));
        drop(trail);
        (folder, path)
    }

    #[test]
    fn what_was_noted_is_listed_and_the_chain_goes_on_after_a_restart() {
        let (_folder, path) = trail_of(3);
        let trail = Trail::open(&path, now()).unwrap();
        trail.note(read(3));
        drop(trail);
        assert_eq!(list(&path).unwrap(), (0..4).map(|number| Entry::Read(read(number))).collect::<Vec<_>>());
        let found = verify(&path).unwrap();
        assert_eq!((found.lines, found.lost, found.torn), (4, 0, false));
    }

    proptest! {
        #![proptest_config(cases(64))]
        #[test]
        fn any_change_of_the_trail_is_told(at in any::<prop::sample::Index>(), bit in 0_u8..8, gone in 0_usize..5) {
            let (_folder, path) = trail_of(5);
            let whole = std::fs::read(&path).unwrap();
            let mut bytes = whole.clone();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            std::fs::write(&path, &bytes).unwrap();
            // The last line end may look cut short; then the line is not there.
            let told = verify(&path).map_or(true, |found| found.torn);
            prop_assert!(told, "byte {}", at);
            // A line that is gone is told, unless it is the last one: then the hash is another.
            let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
            let without: Vec<u8> = lines.iter().enumerate().filter(|(line, _)| *line != gone).flat_map(|(_, line)| line.to_vec()).collect();
            std::fs::write(&path, without).unwrap();
            prop_assert_eq!(verify(&path).is_err(), gone < 4);
        }
    }

    proptest! {
        #[test]
        fn no_input_makes_a_trail_panic(bytes in {
            let (_folder, path) = trail_of(3);
            spoilt(vec![std::fs::read(path).unwrap()])
        }) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(FILE);
            std::fs::write(&path, bytes).unwrap();
            prop_assert_eq!(verify(&path).map(|found| found.lines).ok(), list(&path).map(|entries| entries.len()).ok());
        }
    }

    #[test]
    fn a_last_line_cut_short_is_cut_off_and_noted_and_a_changed_trail_is_put_aside() {
        let (folder, path) = trail_of(2);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
        drop(Trail::open(&path, now()).unwrap());
        assert_eq!(list(&path).unwrap(), [Entry::Read(read(0)), Entry::Torn { time: now() }]);
        std::fs::write(&path, &whole[9..]).unwrap();
        drop(Trail::open(&path, now()).unwrap());
        assert_eq!(list(&path).unwrap(), []);
        assert_eq!(std::fs::read(folder.path().join("audit.changed-1.jsonl")).unwrap(), whole[9..]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn on_a_full_disk_lines_wait_in_bounded_memory_and_what_is_lost_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
        let hash = blake3::Hash::from_bytes([0; 32]).to_string();
        let (lines, queue) = sync_channel(4 * WAITING);
        let lost = AtomicU64::new(0);
        let count = 2 * WAITING + 5;
        (0..count).for_each(|number| lines.try_send(Entry::Read(read(number))).unwrap());
        drop(lines);
        // It ends while the disk is full: what it had is lost, and it ends.
        let tail = |file| Tail { path: path.clone(), file, end: 0, hash: hash.clone() };
        keep(tail(Some(full())), &queue, &lost);
        assert_eq!(lost.load(Ordering::Relaxed), (count - WAITING) as u64);
        // With room again, also where the file could not even be opened, the count is a line.
        let (lines, queue) = sync_channel(WAITING);
        lines.try_send(Entry::Read(read(1))).unwrap();
        drop(lines);
        keep(tail(None), &queue, &lost);
        assert_eq!(verify(&path).unwrap().lost, (count - WAITING) as u64);
        assert_eq!(verify(&path).unwrap().lines, 2);
    }
}
