//! The few things that the ledger does to files, in one place, so that a test can note them and play a disk that forgets
//! what was not synced (`lost_cache.rs`).
//!
//! **Invariants.** Nothing of the ledger, its checkpoints or its witness is written, named or removed but through here.
//! What is not synced, file and directory each by itself, counts as not there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

/// Where segments that a checkpoint replaced are put away, inside the data directory.
pub(super) const ARCHIVE: &str = "archive";

/// A file that is written.
#[derive(Debug)]
pub(super) struct DiskFile {
    file: File,
    #[cfg(test)]
    number: u64,
}

impl DiskFile {
    /// A new file; one of the same name is emptied.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        #[cfg(test)]
        log::refused()?;
        Self::of(path, File::create(path)?, true)
    }

    /// A file that is there.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        #[cfg(test)]
        log::refused()?;
        Self::of(path, OpenOptions::new().write(true).open(path)?, false)
    }

    /// Any open file, which need not be writable.
    #[cfg(test)]
    pub(super) fn foreign(file: File) -> Self {
        DiskFile { file, number: 0 }
    }

    #[cfg(not(test))]
    fn of(_: &Path, file: File, _: bool) -> io::Result<Self> {
        Ok(DiskFile { file })
    }

    #[cfg(test)]
    fn of(path: &Path, file: File, is_new: bool) -> io::Result<Self> {
        let number = log::number();
        log::note(log::Step::Opened { path: path.to_owned(), number, is_new });
        Ok(DiskFile { file, number })
    }

    /// Writes bytes from an offset on.
    pub(super) fn write_at(&mut self, offset: usize, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset.try_into().map_err(io::Error::other)?))?;
        self.file.write_all(bytes)?;
        #[cfg(test)]
        log::note(log::Step::Written { number: self.number, offset, bytes: bytes.to_vec() });
        Ok(())
    }

    /// Makes it so many bytes long: the rest is cut off, or zeros.
    pub(super) fn set_len(&mut self, length: usize) -> io::Result<()> {
        self.file.set_len(length.try_into().map_err(io::Error::other)?)?;
        #[cfg(test)]
        log::note(log::Step::Resized { number: self.number, length });
        Ok(())
    }

    /// Makes what was written durable, where its length has not changed.
    pub(super) fn sync_data(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        #[cfg(test)]
        log::note(log::Step::Synced { number: self.number });
        Ok(())
    }

    /// Makes what was written and its length durable.
    pub(super) fn sync_all(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        #[cfg(test)]
        log::note(log::Step::Synced { number: self.number });
        Ok(())
    }
}

/// Gives a file another name; a file that has it is replaced.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(test)]
    log::refused()?;
    fs::rename(from, to)?;
    #[cfg(test)]
    log::note(log::Step::Renamed { from: from.to_owned(), to: to.to_owned() });
    Ok(())
}

/// Removes a file.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    #[cfg(test)]
    log::refused()?;
    fs::remove_file(path)?;
    #[cfg(test)]
    log::note(log::Step::Removed { path: path.to_owned() });
    Ok(())
}

/// Makes the names in a directory durable.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()?;
    #[cfg(test)]
    log::note(log::Step::NamesSynced { directory: directory.to_owned() });
    Ok(())
}

/// What was done to files, noted per thread.
#[cfg(test)]
pub(super) mod log {
    use std::cell::{Cell, RefCell};
    use std::io;
    use std::path::PathBuf;

    /// One thing done.
    #[derive(Debug, Clone)]
    pub(in crate::store::embedded) enum Step {
        Opened {
            path: PathBuf,
            number: u64,
            is_new: bool,
        },
        Written {
            number: u64,
            offset: usize,
            bytes: Vec<u8>,
        },
        Resized {
            number: u64,
            length: usize,
        },
        Synced {
            number: u64,
        },
        Renamed {
            from: PathBuf,
            to: PathBuf,
        },
        Removed {
            path: PathBuf,
        },
        NamesSynced {
            directory: PathBuf,
        },
        /// What was asked for was acknowledged up to a revision.
        Acknowledged(u64),
    }

    thread_local! {
        static LOG: RefCell<(u64, Option<Vec<Step>>)> = const { RefCell::new((0, None)) };
    }

    thread_local! {
        static IS_READ_ONLY: Cell<bool> = const { Cell::new(false) };
    }

    /// Whether this thread finds every file system one that can only be read.
    pub(in crate::store::embedded) fn read_only(is: bool) {
        IS_READ_ONLY.set(is);
    }

    pub(super) fn refused() -> io::Result<()> {
        if IS_READ_ONLY.get() { Err(io::ErrorKind::ReadOnlyFilesystem.into()) } else { Ok(()) }
    }

    pub(in crate::store::embedded) fn number() -> u64 {
        LOG.with_borrow_mut(|(number, _)| {
            *number += 1;
            *number
        })
    }

    pub(in crate::store::embedded) fn note(step: Step) {
        LOG.with_borrow_mut(|(_, log)| log.iter_mut().for_each(|log| log.push(step.clone())));
    }

    /// Notes what `work` does.
    pub(in crate::store::embedded) fn of(work: impl FnOnce()) -> Vec<Step> {
        LOG.with_borrow_mut(|(_, log)| *log = Some(Vec::new()));
        work();
        LOG.with_borrow_mut(|(_, log)| log.take()).unwrap_or_default()
    }
}
