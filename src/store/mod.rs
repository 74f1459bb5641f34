//! Where the directory is kept: the contract of every store, and the stores themselves.
//!
//! **Invariants.** A store knows revisions, records and batches; it knows no wire format, no plan and no
//! reader of the directory. It never decides what is right to write, only whether it is the next thing to write.
//! Every backend passes `conformance.rs`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::change::{Batch, RequestMark};
use crate::domain::field::Fields;
use crate::domain::name::Name;
use crate::domain::record::{Revision, Stored};

pub mod memory;
pub mod embedded;

pub mod record;

#[cfg(test)]
pub(crate) mod conformance;
#[cfg(test)]
pub(crate) mod sample;

/// Where the directory is kept. Every call blocks; one thread owns the store and is its only writer.
///
/// # The contract
/// - **Order.** Revisions run without a gap from 1; an empty store is at revision 0.
/// - **Atomic.** A batch is there whole or not at all, also after a power cut. Of a group, the batches that are
///   there are the first ones.
/// - **Durable.** When [`commit`](Store::commit) returns `Ok`, the whole group survives a power cut.
/// - **Refused, not mixed.** A group that does not begin right after the store's revision is refused with
///   [`Error::Conflict`] and changes nothing.
/// - **Unavailable is not lost.** After [`Error::Unavailable`] or [`Error::Full`] the store stands at the revision it
///   had, and the commit may be tried again without reopening the store. If the store is reopened instead, before
///   anything else was committed, it may hold the first batches of the failed group; their request marks make a
///   repetition safe.
/// - **Never silent.** Damage is reported as [`Error::Corrupt`]; it is neither skipped nor repaired in silence.
pub trait Store: Send {
    /// Everything that the store holds.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it cannot be read whole, [`Error::Unavailable`] if it cannot be read at the moment.
    fn load(&mut self) -> Result<Contents, Error>;

    /// Writes these batches, in order, and returns when they are durable.
    ///
    /// # Errors
    /// [`Error::Conflict`] if the first is not the store's next revision or the others do not follow it;
    /// [`Error::Unavailable`] if they cannot be written at the moment, [`Error::Full`] if there is no room for them.
    fn commit(&mut self, group: &[Batch]) -> Result<(), Error>;

    /// The accepted writes, as a handle of its own: it can be read while the store is written, and outlives the store.
    fn history(&self) -> Arc<dyn History>;
}

/// The accepted writes of a store, oldest first. Every call blocks.
pub trait History: Send + Sync {
    /// At most `limit` batches, from the one right after `after`; none if there is none.
    ///
    /// # Errors
    /// [`Error::Compacted`] if the first of them is no longer kept; [`Error::Corrupt`] if one cannot be read.
    fn after(&self, after: Revision, limit: usize) -> Result<Vec<Batch>, Error>;

    /// The revision before the oldest batch that is kept: 0 unless older ones were compacted.
    fn begins_after(&self) -> Revision;

    /// What proves that the history was not rewritten; `None` if the store keeps no chain.
    fn seal(&self) -> Option<Seal>;
}

/// A hash over the whole history up to a revision. Noted elsewhere, it shows later whether that history was rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The last acknowledged revision.
    pub revision: Revision,
    /// The hash, as 64 hexadecimal digits.
    pub hash: String,
}

/// Everything that a store holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    /// The revision of the last batch.
    pub revision: Revision,
    /// Every record, by name.
    pub records: Vec<Stored>,
    /// What the dataset ships for records that the office deleted, by name.
    pub withheld: Vec<(Name, Arc<Fields>)>,
    /// The marked requests accepted in the [`MARK_SECONDS`] before the newest batch, oldest first.
    pub requests: Vec<AcceptedRequest>,
}

/// A request that was accepted and must be recognised when it is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedRequest {
    /// Whose request.
    pub principal: String,
    /// Its mark.
    pub mark: RequestMark,
    /// The revision it made.
    pub revision: Revision,
    /// When.
    pub time: Timestamp,
}

impl AcceptedRequest {
    /// The marked request that made a batch, if it was marked.
    pub fn of(batch: &Batch) -> Option<Self> {
        let authorship = &batch.authorship;
        authorship.request.as_ref().map(|mark| AcceptedRequest {
            principal: authorship.principal.clone(),
            mark: mark.clone(),
            revision: batch.revision,
            time: authorship.time,
        })
    }
}

/// How long a repeated request is recognised: 24 hours, as the proto promises.
pub const MARK_SECONDS: i64 = 24 * 60 * 60;

/// Why a store could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The group does not follow what the store holds: another writer was there first.
    #[error("the store is at revision {current}, and what was to be written does not follow it")]
    Conflict {
        /// Where the store stands.
        current: Revision,
    },
    /// The store cannot be written or read at the moment: trying again may help.
    #[error("{0}")]
    Unavailable(String),
    /// What was asked for is older than what is kept.
    #[error("the history begins at revision {oldest}")]
    Compacted {
        /// The oldest revision kept.
        oldest: Revision,
    },
    /// There is no room on the disk. Nothing was written; writing goes on by itself when there is room.
    #[error("{0}")]
    Full(String),
    /// The store is damaged.
    #[error("{}: {problem}; whole up to revision {last_good}. {advice}", .file.display())]
    Corrupt {
        /// The damaged file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// The last revision that can be trusted.
        last_good: Revision,
        /// What an operator should do.
        advice: String,
    },
    /// Something in the program is wrong.
    #[error("internal: {0}")]
    Internal(String),
}

/// What an operator should do about a damaged ledger.
const LEDGER_ADVICE: &str = "Nothing was changed. Keep a copy of the data directory, then run 'crisisgids restore' with the newest backup into \
     an empty one; what the ledger holds up to that revision is whole.";

impl Error {
    /// A file that cannot be read or written, or has no room, as the operating system says.
    fn unavailable(path: &Path, error: &io::Error) -> Self {
        let mut said = format!("{}: {error}", path.display());
        if error.kind() == io::ErrorKind::PermissionDenied {
            said.push_str("; the user that runs the program must be able to read and write it");
        }
        let is_full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        if is_full { Error::Full(said) } else { Error::Unavailable(said) }
    }

    /// A file of the ledger that is damaged after a revision.
    fn corrupt(path: &Path, problem: String, last_good: Revision) -> Self {
        Error::Corrupt { file: path.to_owned(), problem, last_good, advice: LEDGER_ADVICE.to_owned() }
    }

    /// A file of the ledger that must follow a revision and is not there.
    fn missing(path: &Path, last_good: Revision) -> Self {
        Error::corrupt(path, "the file is missing, though a store was kept here".to_owned(), last_good)
    }
}

/// Whether a group is what must come after `current`.
fn follows(current: Revision, group: &[Batch]) -> Result<(), Error> {
    let mut at = current;
    for batch in group {
        if batch.revision != at.next() {
            return Err(Error::Conflict { current });
        }
        at = batch.revision;
    }
    Ok(())
}
