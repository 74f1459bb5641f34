//! Examining the store of a data directory without changing it.
//!
//! **Invariants.** The lock is held meanwhile, so that nothing moves. Sled is opened in a copy, because opening it
//! writes; the copy is removed. It lies beside sled, or among the temporary files where nothing can be written there.
//! What is damaged in the ledger is an error, for nothing behind it can be judged; what is wrong beside it is found and
//! told.

use std::fs;
use std::io;
use std::path::Path;

use uuid::Uuid;

use super::checkpoint::Checkpoint;
use super::compact;
use super::embedded::{create, decode};
use super::lock::DirectoryLock;
use super::proof::{Kept, WitnessFound, corrupt, unavailable};
use super::record::decode_batch;
use super::segment::{self, Head};
use super::sled::{DIRECTORY, View};
use super::tally::{self, Tally};
use super::{Contents, Error};
use crate::domain::record::Revision;

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
    if !directory.is_dir() || Kept::list(directory, &[DIRECTORY])?.is_new() {
        return Err(Error::Unavailable(format!("no directory is kept in {}", directory.display())));
    }
    let lock = DirectoryLock::take(directory)?;
    let kept = Kept::list(directory, &[DIRECTORY])?;
    let Checkpoint { head: checkpoint, mut entries } = kept.beginning()?;
    let mut torn = None;
    let head = kept.prove(Revision(0), &checkpoint, &mut |proved| {
        torn = proved.scan.torn;
        segment::frames(proved.bytes, &proved.scan, &mut |frame| {
            let unreadable =
                |problem: String| corrupt(&proved.path, problem, Revision(frame.revision.0.saturating_sub(1)));
            let batch = decode_batch(frame.batch)
                .map_err(|error| unreadable(format!("revision {} cannot be read: {error}", frame.revision)))?;
            tally::apply(&batch, &mut entries)?;
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
        view: examine_view(directory, &head, lock.is_read_only()),
    })
}

/// What is wrong with the view of a ledger that stands here.
fn examine_view(directory: &Path, head: &Head, is_read_only: bool) -> Option<String> {
    let path = directory.join(DIRECTORY);
    if !path.is_dir() {
        return Some("it is missing".to_owned());
    }
    let copy = match is_read_only {
        false => directory.join(format!("{DIRECTORY}.examined")),
        true => std::env::temp_dir().join(format!("{DIRECTORY}.examined-{}", Uuid::new_v4())),
    };
    let found = copy_tree(&path, &copy).map_err(|error| format!("it cannot be copied to be examined: {error}"));
    let found = found.and_then(|()| View::open(&copy)).map(|(view, held)| {
        drop(view);
        held.head
    });
    let removed = fs::remove_dir_all(&copy);
    match (found, removed) {
        (Err(why), _) => Some(why),
        (Ok(_), Err(error)) => Some(unavailable(&copy, &error).to_string()),
        (Ok(found), Ok(())) if found == *head => None,
        (Ok(found), Ok(())) if found.revision < head.revision => {
            Some(format!("it stands at revision {}", found.revision))
        }
        (Ok(_), Ok(())) => Some("it is a view of another ledger".to_owned()),
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
