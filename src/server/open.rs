//! Opening the directory: the configured store, filled at its first start.
//!
//! **Invariants.** A store that holds anything is not touched: a newer dataset comes in by `apply`, which asks. The
//! first fill is one write like any other, with its author and reason. A demonstration keeps nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::audit::Trail;
use crate::config;
use crate::dataset::{self, demo};
use crate::directory::Directory;
use crate::domain::access::{Action, Permit, Principal};
use crate::domain::change::{Authorship, Change};
use crate::domain::error::Error as Refused;
use crate::domain::record::{Record, Revision};
use crate::store::Store;
use crate::store::embedded::{EmbeddedStore, Layout};
use crate::store::memory::MemoryStore;

/// Where the directory is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// In a folder of this machine, in files of this layout.
    Folder(PathBuf, Layout),
    /// In memory, with invented contacts over the dataset, and gone afterwards.
    Demo,
}

/// Why the directory cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store cannot be opened.
    #[error("{0}")]
    Store(#[from] crate::store::Error),
    /// What the store holds cannot be read, or the first fill cannot be written.
    #[error("{0}")]
    Directory(#[from] Refused),
    /// The dataset inside the binary is faulty.
    #[error("the dataset inside the program is faulty: {0}")]
    Dataset(#[from] dataset::Error),
    /// The audit trail cannot be had.
    #[error("the audit trail cannot be written: {0}")]
    Audit(#[from] crate::audit::Error),
    /// Opening panicked.
    #[error("opening the store failed: {0}")]
    Panicked(#[from] tokio::task::JoinError),
}

/// A directory that can be asked.
#[derive(Debug)]
pub struct Opened {
    /// The directory.
    pub directory: Arc<Directory>,
    /// How many records the first fill wrote, if this was the first start.
    pub filled: Option<usize>,
    /// The trail of callers who were given confidential values; none for a directory in memory.
    pub trail: Option<Trail>,
}

impl Storage {
    /// The storage that a configuration asks for.
    pub fn of(store: &config::Store) -> Self {
        let default = Layout::default();
        let segment = store.segment_size.len();
        let keep_seconds = store.keep_history.map(|kept| i64::try_from(kept.duration().as_secs()).unwrap_or(i64::MAX));
        let layout = Layout { segment, ahead: default.ahead.min(segment), keep_seconds };
        Storage::Folder(store.data_dir.clone(), layout)
    }

    /// The folder, if it is kept in one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Storage::Folder(folder, _) => Some(folder),
            Storage::Demo => None,
        }
    }

    /// Opens it, and fills it if it is empty. `now` is the time of that write.
    ///
    /// # Errors
    /// [`Error`], which says what to do where something can be done.
    pub async fn open(self, now: Timestamp) -> Result<Opened, Error> {
        let is_demo = self == Storage::Demo;
        let folder = self.folder().map(Path::to_owned);
        // The disk is read by a thread that may wait; a panic of the store in it is caught with it.
        let (directory, trail) = tokio::task::spawn_blocking(move || {
            let store: Box<dyn Store> = match self {
                Storage::Folder(folder, layout) => Box::new(EmbeddedStore::open_with(&folder, layout)?),
                Storage::Demo => Box::new(MemoryStore::default()),
            };
            // After the store, which has the folder made and to itself.
            let trail = folder.map(|folder| Trail::open(&folder, now)).transpose()?;
            Ok::<_, Error>((Directory::open(store)?, trail))
        })
        .await??;
        let filled = fill(&directory, is_demo, now).await?;
        Ok(Opened { directory: Arc::new(directory), filled, trail })
    }
}

/// Writes the dataset into an empty directory and says how many records that were.
async fn fill(directory: &Directory, is_demo: bool, now: Timestamp) -> Result<Option<usize>, Error> {
    let permit = |action| Permit::request(Principal::local(), action);
    if directory.snapshot(&permit(Action::Read)?)?.revision() != Revision::default() {
        return Ok(None);
    }
    let records = dataset::shipped()?.records;
    let today = TimeZone::UTC.to_datetime(now).date();
    let mut overlaid = if is_demo { demo::overlay(&records, today) } else { Vec::new() };
    let changes: Vec<Change> = records
        .into_iter()
        .map(|shipped| {
            let at = overlaid.iter().position(|record| record.name() == shipped.name());
            let record = at.map_or_else(|| shipped.clone(), |at| overlaid.swap_remove(at));
            ship(&shipped, record)
        })
        .collect();
    let authorship = Authorship {
        principal: Principal::local().name().to_owned(),
        peer: concat!("crisisgids ", env!("CARGO_PKG_VERSION")).to_owned(),
        change_reason: "first start: the dataset inside the program".to_owned(),
        time: now,
        request: None,
    };
    let written = directory.write(&permit(Action::Write)?, changes, authorship, false).await?;
    Ok(Some(written.batch.writes.len()))
}

fn ship(shipped: &Record, record: Record) -> Change {
    Change::Ship { shipped: Arc::new(shipped.to_fields()), record }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn revision(directory: &Directory) -> Revision {
        let permit = Permit::request(Principal::local(), Action::Read).unwrap();
        directory.snapshot(&permit).unwrap().revision()
    }

    #[tokio::test]
    async fn an_empty_store_is_filled_once_in_one_write() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::Folder(folder.path().join("data"), Layout::default());
        let first = storage.clone().open(now()).await.unwrap();
        assert_eq!(first.filled, Some(dataset::shipped().unwrap().records.len()));
        assert_eq!(revision(&first.directory), Revision(1));
        drop(first);
        let second = storage.open(now()).await.unwrap();
        assert_eq!(second.filled, None);
        assert_eq!(revision(&second.directory), Revision(1));
    }

    #[tokio::test]
    async fn a_demonstration_says_of_each_invented_contact_that_it_is_not_as_shipped() {
        use crate::domain::record::Origin;

        let opened = Storage::Demo.open(now()).await.unwrap();
        let permit = Permit::request(Principal::local(), Action::Read).unwrap();
        let snapshot = opened.directory.snapshot(&permit).unwrap();
        let mut invented = 0;
        for stored in snapshot.iter() {
            let Record::Contact(contact) = &stored.record else { continue };
            let fictional = contact.channels.iter().any(|channel| channel.fictional);
            assert_eq!(fictional, matches!(stored.meta.origin, Origin::Edited(_)), "{}", contact.name);
            invented += usize::from(fictional);
        }
        assert!(invented > 0);
    }
}
