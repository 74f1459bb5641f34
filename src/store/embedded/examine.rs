//! Examining the store of a data directory without changing it.
//!
//! **Invariants.** The lock is held meanwhile, so that nothing moves. Sled is opened in a copy, because opening it
//! writes; the copy is removed. It lies beside sled, or among the temporary files where nothing can be written there.
//! What is damaged in the ledger is an error, for nothing behind it can be judged; what is wrong beside it is found and
//! told.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::checkpoint::Checkpoint;
use super::compact;
use super::data_directory::{TRACES, create};
use super::entries::{apply, decode};
use super::lock::DirectoryLock;
use super::proof::{LedgerFiles, WitnessFound};
use super::segment::{self, Head};
use super::sled::{DIRECTORY, LedgerView};
use super::tally::Tally;
use crate::domain::record::Revision;
use crate::store::record::decode_batch;
use crate::store::{Contents, Error};

/// What an examination found.
#[derive(Debug)]
pub struct Examination {
    /// Everything that the ledger holds, without the marked requests.
    pub contents: Contents,
    /// The hash over the whole ledger, as 64 hexadecimal digits.
    pub hash: String,
    /// The revision of the checkpoint that the ledger begins with; 0 if it begins with the first write.
    pub checkpoint: Revision,
    /// How many segments the ledger has.
    pub segments: usize,
    /// How many files that the checkpoint replaced are not put away yet.
    pub replaced: usize,
    /// What is wrong with the segments that a checkpoint replaced and that were put away, as far as they are still there.
    pub archive: Option<String>,
    /// Why something after the last accepted write was never acknowledged, if there is something.
    pub torn: Option<&'static str>,
    /// What is wrong with the witness.
    pub witness: Option<&'static str>,
    /// What is wrong with sled, the view of the ledger.
    pub view: Option<String>,
}

/// Proves the ledger of a directory, replays it, and holds witness and sled against it.
///
/// # Errors
/// [`Error::Corrupt`] if the ledger is damaged; [`Error::Unavailable`] if there is none, or a process has it open.
pub fn examine(directory: &Path) -> Result<Examination, Error> {
    if !directory.is_dir() || LedgerFiles::list(directory, &TRACES)?.is_new() {
        return Err(Error::Unavailable(format!("no directory is kept in {}", directory.display())));
    }
    let lock = DirectoryLock::take(directory)?;
    let kept = LedgerFiles::list(directory, &TRACES)?;
    let Checkpoint { head: checkpoint, mut entries } = kept.beginning()?;
    let mut torn = None;
    // Sled may know of more than the ledger has: then that was accepted, and is lost.
    let viewed = viewed(directory, lock.is_read_only())?;
    let acknowledged = viewed.as_ref().map_or(Revision(0), |head| head.revision);
    let head = kept.prove(acknowledged, &checkpoint, &mut |proved| {
        torn = proved.scan.torn;
        segment::frames(proved.bytes, &proved.scan, &mut |frame| {
            let unreadable =
                |problem: String| Error::corrupt(&proved.path, problem, Revision(frame.revision.0.saturating_sub(1)));
            let batch = decode_batch(frame.batch)
                .map_err(|error| unreadable(format!("revision {} cannot be read: {error}", frame.revision)))?;
            apply(&batch, &mut entries)?;
            // The digest is held against the last frame only: summed for each, the work grows with the square.
            if u64::try_from(entries.len()) != Ok(frame.tally.count) {
                return Err(unreadable(format!("revision {} does not add up", frame.revision)));
            }
            Ok(())
        })
    })?;
    if Tally::of(&entries) != head.tally {
        return Err(Error::Internal("the batches of the ledger do not add up to its tally".to_owned()));
    }
    let mut contents = decode(&entries)?;
    contents.revision = head.revision;
    Ok(Examination {
        contents,
        hash: blake3::Hash::from_bytes(head.chain).to_string(),
        checkpoint: checkpoint.revision,
        segments: kept.segments().len(),
        replaced: kept.replaced.len(),
        archive: match kept.replaced.len() {
            0 => compact::examine_archive(directory, &checkpoint).err().map(|error| error.to_string()),
            _ => None,
        },
        torn,
        witness: match kept.witness {
            WitnessFound::Says(_) => None,
            WitnessFound::Unreadable => Some("it cannot be read"),
            WitnessFound::Missing | WitnessFound::Never => Some("it is missing"),
        },
        view: view_fault(viewed, &head),
    })
}

/// Where the ledger stands, as sled says; or what is wrong with sled.
fn viewed(directory: &Path, is_read_only: bool) -> Result<Result<Head, String>, Error> {
    let path = directory.join(DIRECTORY);
    if !path.is_dir() {
        return Ok(Err("it is missing".to_owned()));
    }
    let elsewhere = std::env::temp_dir().join(format!("{DIRECTORY}.examined-{}", Uuid::new_v4()));
    let beside = Some(directory.join(format!("{DIRECTORY}.examined"))).filter(|_| !is_read_only);
    let copied = beside.and_then(|beside| copy_whole(&path, &beside).ok());
    let copy = match copied {
        Some(copy) => copy,
        // Nothing can be written beside it, or there is no room.
        None => copy_whole(&path, &elsewhere).map_err(|error| Error::unavailable(&elsewhere, &error))?,
    };
    let found = LedgerView::open(&copy).map(|(view, held)| {
        drop(view);
        held.head
    });
    fs::remove_dir_all(&copy).map_err(|error| Error::unavailable(&copy, &error))?;
    Ok(found)
}

/// What is wrong with a sled that says so, beside a ledger that stands here.
fn view_fault(found: Result<Head, String>, head: &Head) -> Option<String> {
    match found {
        Err(why) => Some(why),
        Ok(found) if found == *head => None,
        Ok(found) if found.revision < head.revision => Some(format!("it stands at revision {}", found.revision)),
        Ok(_) => Some("it is a view of another ledger".to_owned()),
    }
}

/// Copies a folder; leaves nothing if it cannot.
fn copy_whole(from: &Path, to: &Path) -> io::Result<PathBuf> {
    match copy_tree(from, to) {
        Ok(()) => Ok(to.to_owned()),
        Err(error) => {
            if to.exists() {
                fs::remove_dir_all(to)?;
            }
            Err(error)
        }
    }
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    create(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
