//! Changes: what a caller wants, and the batch that the store will write.
//!
//! **Invariants.** [`Batch`] is the whole truth of one write: applied to the snapshot of its base revision it gives
//! the snapshot of its own. It is built only by [`Snapshot::plan`](super::snapshot::Snapshot::plan), which has no effect.

use std::sync::Arc;

use jiff::Timestamp;

use super::field::Fields;
use super::name::Name;
use super::record::{Record, Revision, Stored};

/// What a caller wants for one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A record that must not exist yet.
    Create(Record),
    /// A record as it shall be. The etag, if given, must be the present one.
    Update {
        /// The record.
        record: Record,
        /// The etag the caller saw.
        etag: Option<String>,
    },
    /// A record as it shall be, whether it exists or not.
    Put(Record),
    /// A record that shall be gone.
    Delete {
        /// Its name.
        name: Name,
        /// The etag the caller saw.
        etag: Option<String>,
    },
    /// A record as a dataset ships it: the new base of the three-way merge, with what shall stand.
    Ship {
        /// The record as shipped.
        shipped: Arc<Fields>,
        /// The record as it shall stand: the shipped one, or merged with the office's changes.
        record: Record,
    },
    /// A record as a dataset ships it that the office deleted, and that shall stay gone.
    Withhold {
        /// Its name.
        name: Name,
        /// The record as shipped: what the next dataset is compared with.
        shipped: Arc<Fields>,
    },
    /// A record that the dataset no longer ships and that shall go.
    Withdraw(Name),
}

impl Change {
    /// The record concerned.
    pub fn name(&self) -> &Name {
        match self {
            Change::Create(record) | Change::Put(record) => record.name(),
            Change::Update { record, .. } | Change::Ship { record, .. } => record.name(),
            Change::Delete { name, .. } | Change::Withhold { name, .. } | Change::Withdraw(name) => name,
        }
    }
}

/// Who writes, when, from where and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorship {
    /// Who.
    pub principal: String,
    /// From which address or program.
    pub peer: String,
    /// Why, in the caller's words.
    pub change_reason: String,
    /// When.
    pub time: Timestamp,
    /// The caller's request, if it can be repeated safely.
    pub request: Option<RequestMark>,
}

/// What makes a repeated request recognisable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestMark {
    /// The caller's id for it.
    pub id: String,
    /// A digest of its content: the same id with another content is refused.
    pub digest: [u8; 32],
}

/// One accepted write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The revision it makes: its base is the one before.
    pub revision: Revision,
    /// Who, when, why.
    pub authorship: Authorship,
    /// What, ordered by name, each name once.
    pub writes: Vec<Write>,
}

/// What one write does to one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Which.
    pub name: Name,
    /// What stood before; a record that is only withheld otherwise stands neither before nor after.
    pub before: Option<Stored>,
    /// What stands after.
    pub after: Option<Stored>,
    /// For a deleted record that the dataset ships: what it ships, so that the next dataset does not bring it back.
    pub withheld: Option<Arc<Fields>>,
}
