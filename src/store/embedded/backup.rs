//! A backup: the whole ledger in one file that proves itself.
//!
//! ```text
//!  0  magic "CGbackup", format u32, 4 zeros
//! 16  the checkpoint that the ledger begins with: length u64, its bytes; 0 u64 without one (not in format 1)
//!     for each segment: length u64, its bytes up to the last frame
//!     0 u64; where the ledger stands: revision u64, count u64, digest u128, chain
//!     blake3 of everything before
//! ```
//!
//! A backup is made from the files, also while a server appends to them: they only grow, and every frame is proved as
//! it is read. A group that is written at that moment is in the backup whole or not at all.
//!
//! **Invariants.** A backup and a restored directory come into being whole, by a rename, after they were proved.
//! Nothing that is there is ever overwritten. One segment at a time is in memory.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::checkpoint::Checkpoint;
use super::data_directory::{TRACES, create};
use super::disk::sync_directory;
use super::proof::LedgerFiles;
use super::segment::{self, Head};
use super::witness::Witness;
use crate::domain::record::Revision;
use crate::store::Error;

const MAGIC: [u8; 8] = *b"CGbackup";
const FORMAT: u32 = 2;
/// Magic, format, zeros.
const LEAD: usize = 16;

/// How often a copy is begun again because the ledger went on in another segment meanwhile: with segments of 16 MiB
/// already the second time is rare.
const TRIES: u32 = 5;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The last revision in it.
    pub revision: Revision,
    /// The hash over everything up to that revision, as 64 hexadecimal digits.
    pub hash: String,
    /// The size of the file, in bytes.
    pub bytes: u64,
}

/// Copies the ledger of a data directory into a new file. `advance` is told how many bytes of how many are done.
///
/// # Errors
/// [`Error::Corrupt`] if the ledger is damaged; [`Error::Unavailable`] if there is none, if the file exists already or
/// cannot be written; [`Error::Full`] if there is no room for it.
pub fn back_up(directory: &Path, file: &Path, advance: &mut dyn FnMut(u64, u64)) -> Result<Backup, Error> {
    if file.symlink_metadata().is_ok() {
        return Err(Error::Unavailable(format!("{} exists already; choose another file", file.display())));
    }
    let unfinished = beside(file, ".unfinished");
    let made = (|| {
        for _ in 0..TRIES {
            let kept = LedgerFiles::list(directory, &TRACES)?;
            if kept.is_new() {
                return Err(Error::Unavailable(format!("no directory is kept in {}", directory.display())));
            }
            let copied = copy(&kept, &unfinished, advance);
            // If another segment was begun meanwhile, the copy may hold a group that was never acknowledged, or look
            // damaged.
            if LedgerFiles::list(directory, &[])?.is_as(&kept) {
                return copied;
            }
        }
        Err(Error::Unavailable("the ledger grows faster than it can be copied; try again".to_owned()))
    })();
    let failed = |error: io::Error| Error::unavailable(file, &error);
    match made {
        Ok(backup) => {
            fs::rename(&unfinished, file).map_err(failed)?;
            sync_directory(&parent(file)).map_err(failed)?;
            Ok(backup)
        }
        Err(error) => {
            // It may never have been made.
            let _ = fs::remove_file(&unfinished);
            Err(error)
        }
    }
}

/// Makes a data directory of a backup, proved as a whole before it stands there. `advance` is told how many bytes
/// of how many are done.
///
/// # Errors
/// [`Error::Corrupt`] if the backup is damaged; [`Error::Unavailable`] if the directory is not empty or cannot be
/// written; [`Error::Full`] if there is no room for it.
pub fn restore(file: &Path, directory: &Path, advance: &mut dyn FnMut(u64, u64)) -> Result<Backup, Error> {
    let failed = |error: io::Error| Error::unavailable(directory, &error);
    if directory.exists() && fs::read_dir(directory).map_err(failed)?.next().is_some() {
        let said = format!("{} is not empty; restore into an empty or a new directory", directory.display());
        return Err(Error::Unavailable(said));
    }
    let unfinished = beside(directory, ".restoring");
    if unfinished.symlink_metadata().is_ok() {
        let said = format!("{} is left of a restore that was cut short; remove it first", unfinished.display());
        return Err(Error::Unavailable(said));
    }
    create(&unfinished).map_err(|error| Error::unavailable(&unfinished, &error))?;
    let unpacked = unpack(file, &unfinished, advance).and_then(|backup| {
        if directory.exists() {
            fs::remove_dir(directory).map_err(failed)?;
        }
        fs::rename(&unfinished, directory).map_err(failed)?;
        sync_directory(&parent(directory)).map_err(failed)?;
        Ok(backup)
    });
    if unpacked.is_err() {
        // What went wrong is the answer; that something is left, the next try says.
        let _ = fs::remove_dir_all(&unfinished);
    }
    unpacked
}

fn copy(kept: &LedgerFiles, file: &Path, advance: &mut dyn FnMut(u64, u64)) -> Result<Backup, Error> {
    let failed = |error: io::Error| Error::unavailable(file, &error);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // What is in it is not for everyone.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = Hashing::new(BufWriter::new(options.open(file).map_err(failed)?));
    out.write_all(&MAGIC).and_then(|()| out.write_all(&FORMAT.to_le_bytes())).map_err(failed)?;
    out.write_all(&[0; 4]).map_err(failed)?;
    let total = kept.bytes()?;
    let checkpoint = kept.beginning()?;
    let is_first = checkpoint.head == Head::default();
    let encoded = if is_first { Some(Vec::new()) } else { checkpoint.encode() };
    let encoded = encoded.ok_or_else(|| Error::Internal("a checkpoint cannot be written".to_owned()))?;
    out.write_part(&encoded).map_err(failed)?;
    let head = kept.prove(Revision(0), &checkpoint.head, &mut |proved| {
        let whole = proved.bytes.get(..proved.scan.end.min(proved.bytes.len())).unwrap_or_default();
        let length = u64::try_from(proved.scan.end).unwrap_or(u64::MAX);
        out.write_all(&length.to_le_bytes()).and_then(|()| out.write_all(whole)).map_err(failed)?;
        // The padding of the last frame may be missing from the file.
        out.write_all(&vec![0; proved.scan.end.saturating_sub(whole.len())]).map_err(failed)?;
        advance(out.bytes, total.max(out.bytes));
        Ok(())
    })?;
    out.write_all(&0_u64.to_le_bytes()).and_then(|()| out.write_all(&head.bytes())).map_err(failed)?;
    let bytes = out.bytes.saturating_add(32);
    let (mut inner, hash) = out.finish();
    inner.write_all(hash.as_bytes()).map_err(failed)?;
    let written = inner.into_inner().map_err(|error| failed(error.into_error()))?;
    written.sync_all().map_err(failed)?;
    Ok(Backup { bytes, ..backup_of(&head) })
}

fn unpack(file: &Path, directory: &Path, advance: &mut dyn FnMut(u64, u64)) -> Result<Backup, Error> {
    let mut head = Head::default();
    let damaged = |problem: String, last_good: Revision| Error::Corrupt {
        file: file.to_owned(),
        problem,
        last_good,
        advice: "Nothing was restored; take another backup.".to_owned(),
    };
    let cut = |error: io::Error, last_good: Revision| {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            damaged("the file ends early".to_owned(), last_good)
        } else {
            Error::unavailable(file, &error)
        }
    };
    let input = File::open(file).map_err(|error| Error::unavailable(file, &error))?;
    let total = input.metadata().map_err(|error| Error::unavailable(file, &error))?.len();
    let mut input = Hashing::new(BufReader::new(input));
    let lead: [u8; LEAD] = input.array().map_err(|error| cut(error, head.revision))?;
    if !lead.starts_with(&MAGIC) {
        return Err(damaged("the file is no backup".to_owned(), head.revision));
    }
    let format = u32::from_le_bytes([lead[8], lead[9], lead[10], lead[11]]);
    if !(1..=FORMAT).contains(&format) {
        let problem = format!("format {format} is unknown; this program reads formats 1 to {FORMAT}");
        return Err(damaged(problem, head.revision));
    }
    if format > 1 {
        let length = u64::from_le_bytes(input.array().map_err(|error| cut(error, head.revision))?);
        let mut bytes = Vec::new();
        let read = (&mut input).take(length).read_to_end(&mut bytes).map_err(|error| cut(error, head.revision))?;
        if u64::try_from(read) != Ok(length) {
            return Err(damaged("the file ends early".to_owned(), head.revision));
        }
        if length > 0 {
            let checkpoint = Checkpoint::decode(&bytes).map_err(|problem| damaged(problem, head.revision))?;
            checkpoint.write(directory).map_err(|error| Error::unavailable(directory, &error))?;
            head = checkpoint.head;
        }
    }
    let mut newest = Revision(0);
    loop {
        let length = u64::from_le_bytes(input.array().map_err(|error| cut(error, head.revision))?);
        if length == 0 {
            break;
        }
        let mut bytes = Vec::new();
        let read = (&mut input).take(length).read_to_end(&mut bytes).map_err(|error| cut(error, head.revision))?;
        let scan = segment::scan(&bytes, &head, None).map_err(|damage| damaged(damage.problem, damage.last_good))?;
        if u64::try_from(read) != Ok(length) || scan.torn.is_some() || scan.end != bytes.len() {
            return Err(damaged("a segment is cut short".to_owned(), scan.head.revision));
        }
        newest = head.revision.next();
        let path = directory.join(segment::file_name(newest));
        write_synced(&path, &bytes).map_err(|error| Error::unavailable(&path, &error))?;
        head = scan.head;
        advance(input.bytes, total);
    }
    let said: [u8; 64] = input.array().map_err(|error| cut(error, head.revision))?;
    if newest == Revision(0) || said[..] != head.bytes() {
        return Err(damaged("it does not end where it says".to_owned(), head.revision));
    }
    let bytes = input.bytes.saturating_add(32);
    let (mut inner, hash) = input.finish();
    let mut sum = Vec::new();
    inner.read_to_end(&mut sum).map_err(|error| cut(error, head.revision))?;
    if sum != hash.as_bytes() {
        return Err(damaged("its checksum is wrong".to_owned(), head.revision));
    }
    Witness::of(newest, &head).write(directory).map_err(|error| Error::unavailable(directory, &error))?;
    Ok(Backup { bytes, ..backup_of(&head) })
}

fn backup_of(head: &Head) -> Backup {
    Backup { revision: head.revision, hash: blake3::Hash::from_bytes(head.chain).to_string(), bytes: 0 }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The path beside another whose name is longer by this.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

/// Hashes and counts what passes.
struct Hashing<T> {
    inner: T,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl<T> Hashing<T> {
    fn new(inner: T) -> Self {
        Hashing { inner, hasher: blake3::Hasher::new(), bytes: 0 }
    }

    fn pass(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }

    fn finish(self) -> (T, blake3::Hash) {
        (self.inner, self.hasher.finalize())
    }
}

impl<W: Write> Hashing<W> {
    /// Bytes, after how many they are.
    fn write_part(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes())?;
        self.write_all(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.write_all(bytes)?;
        self.pass(bytes);
        Ok(())
    }
}

impl<R: Read> Hashing<R> {
    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.pass(into.get(..read).unwrap_or_default());
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;
    use crate::domain::spoilt::{cases, spoilt};
    use crate::store::embedded::EmbeddedStore;
    use crate::store::sample::{expected, plain};
    use crate::store::{Contents, Store};

    /// A folder with a data directory of so many revisions, closed.
    fn kept(revisions: u64) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut store = EmbeddedStore::open(&folder.path().join("kept")).unwrap();
        plain(revisions).chunks(3).for_each(|group| store.commit(group).unwrap());
        folder
    }

    fn load(directory: &Path) -> Contents {
        EmbeddedStore::open(directory).unwrap().load().unwrap()
    }

    fn again(folder: &Path, file: &str, to: &str) -> Result<Backup, Error> {
        restore(&folder.join(file), &folder.join(to), &mut |_, _| {})
    }

    fn saved(folder: &Path, file: &str) -> Result<Backup, Error> {
        back_up(&folder.join("kept"), &folder.join(file), &mut |_, _| {})
    }

    #[test]
    fn what_was_backed_up_is_restored_with_its_history_and_hash() {
        let folder = kept(20);
        let backup = saved(folder.path(), "b").unwrap();
        assert_eq!(backup.revision, Revision(20));
        assert_eq!(backup.bytes, fs::metadata(folder.path().join("b")).unwrap().len());
        assert_eq!(again(folder.path(), "b", "other"), Ok(backup.clone()));
        let other = folder.path().join("other");
        assert_eq!(load(&other), expected(&plain(20)));
        let history = EmbeddedStore::open(&other).unwrap().history().after(Revision(0), 99);
        assert_eq!(history, Ok(plain(20)));
        let again = back_up(&other, &folder.path().join("c"), &mut |_, _| {}).unwrap();
        assert_eq!(again.hash, backup.hash, "the chain is the same");
    }

    #[test]
    fn a_store_that_is_being_written_is_backed_up_to_what_it_holds() {
        let folder = kept(0);
        let all = plain(400);
        let mut store = EmbeddedStore::open(&folder.path().join("kept")).unwrap();
        store.commit(&all[..1]).unwrap();
        let path = folder.path().to_owned();
        let copying = std::thread::spawn(move || {
            (0..20).map(|n| saved(&path, &format!("b{n}")).unwrap().revision.0).collect::<Vec<_>>()
        });
        all[1..].iter().for_each(|batch| store.commit(std::slice::from_ref(batch)).unwrap());
        drop(store);
        for (n, revision) in copying.join().unwrap().into_iter().enumerate() {
            again(folder.path(), &format!("b{n}"), &format!("d{n}")).unwrap();
            let count = usize::try_from(revision).unwrap();
            assert_eq!(load(&folder.path().join(format!("d{n}"))), expected(&all[..count]));
        }
    }

    #[test]
    fn nothing_that_is_there_is_overwritten() {
        let folder = kept(3);
        saved(folder.path(), "b").unwrap();
        assert!(saved(folder.path(), "b").unwrap_err().to_string().contains("exists already"));
        assert!(again(folder.path(), "b", "kept").unwrap_err().to_string().contains("not empty"));
        let nothing = back_up(&folder.path().join("none"), &folder.path().join("c"), &mut |_, _| {});
        assert!(matches!(nothing, Err(Error::Unavailable(_))), "{nothing:?}");
        assert_eq!(load(&folder.path().join("kept")), expected(&plain(3)));
    }

    proptest! {
        #![proptest_config(cases(96))]
        #[test]
        fn a_backup_with_any_bit_flipped_or_cut_off_anywhere_is_refused_and_leaves_nothing(
            at in any::<prop::sample::Index>(), bit in 0_u8..8, cut in any::<bool>(),
        ) {
            let folder = kept(7);
            saved(folder.path(), "b").unwrap();
            let file = folder.path().join("b");
            let mut bytes = fs::read(&file).unwrap();
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
            fs::write(&file, &bytes).unwrap();
            let refused = again(folder.path(), "b", "other");
            // A flipped zero of the lead says nothing, but the checksum covers it too.
            prop_assert!(matches!(refused, Err(Error::Corrupt { .. })), "{:?}", refused);
            let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            prop_assert_eq!(left.len(), 2, "{:?}", left);
        }

        #[test]
        fn no_input_makes_a_backup_panic(bytes in {
            let folder = kept(3);
            saved(folder.path(), "b").unwrap();
            spoilt(vec![fs::read(folder.path().join("b")).unwrap()])
        }) {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("b"), bytes).unwrap();
            let outcome = again(folder.path(), "b", "other");
            prop_assert_eq!(outcome.is_ok(), folder.path().join("other").exists());
        }
    }
}
