//! One process for one data directory.
//!
//! **Invariants.** The lock is one of the operating system, so that it is released when the process ends, however it
//! ends. The file only names the process that holds the lock. On a read-only file system the name cannot be written;
//! the lock holds all the same.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use crate::store::Error;

const FILE: &str = "lock";

/// Held as long as this lives.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    _file: File,
    is_read_only: bool,
}

impl DirectoryLock {
    /// Takes the lock of a directory, or fails at once and names the process that holds it.
    pub(super) fn take(directory: &Path) -> Result<Self, Error> {
        let path = directory.join(FILE);
        let failed = |error: std::io::Error| Error::unavailable(&path, &error);
        let written = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let is_read_only = written.as_ref().is_err_and(|error| error.kind() == ErrorKind::ReadOnlyFilesystem);
        let mut file = if is_read_only { File::open(&path) } else { written }.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // The name of the holder is a courtesy; that the lock is held is certain.
                let _ = file.read_to_string(&mut holder);
                let holder = match holder.trim() {
                    "" => "another process".to_owned(),
                    pid => format!("process {pid}"),
                };
                let directory = directory.display();
                return Err(Error::Unavailable(format!("{directory} is in use by {holder}; stop that one first")));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        if !is_read_only {
            file.set_len(0).map_err(failed)?;
            // On a full disk no process is named.
            let _ = writeln!(file, "{}", std::process::id());
        }
        Ok(DirectoryLock { _file: file, is_read_only })
    }

    /// Whether nothing can be written beside it.
    pub(super) fn is_read_only(&self) -> bool {
        self.is_read_only
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_at_once_and_told_who_the_first_is() {
        let directory = tempfile::tempdir().unwrap();
        let first = DirectoryLock::take(directory.path()).unwrap();
        let refused = DirectoryLock::take(directory.path()).unwrap_err().to_string();
        assert!(refused.contains(&format!("in use by process {};", std::process::id())), "{refused}");
        drop(first);
        DirectoryLock::take(directory.path()).unwrap();
    }
}
