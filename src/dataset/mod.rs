//! The dataset: a directory of TOML files to records and back, and the copy inside the binary.
//!
//! **Invariants.** Reading names every fault of every file at once, with file, line, record and field; it gives
//! either a dataset, in which every rule of the domain holds and, if it is whole, every reference leads to a record, or
//! none.
//! What [`files`] writes, [`read`](fn@read) reads back as the same records. It knows no store, no server and no wire format.

pub mod demo;
mod read;
mod write;

use std::collections::BTreeMap;
use std::path::Path;

use include_dir::{Dir, include_dir};

use crate::domain::field::Fields;
use crate::domain::record::Record;

pub use self::write::{files, write};

/// The copy inside the binary.
static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/config/dataset");

/// The file of a dataset directory that holds the sources.
const SOURCES_FILE: &str = "sources.toml";

/// The sources of a dataset by key: the facts name them by key instead of repeating them.
pub type Sources = BTreeMap<String, Fields>;

/// What a dataset directory says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dataset {
    /// Its records, by name.
    pub records: Vec<Record>,
    /// Its sources.
    pub sources: Sources,
}

/// What is wrong at one place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileFault {
    /// The file, relative to the dataset directory.
    pub file: String,
    /// The line, from 1, if the fault has one.
    pub line: Option<usize>,
    /// The record or source as the file calls it; empty if the fault is the file's.
    pub record: String,
    /// Where in the record; empty if the fault is the record's.
    pub path: String,
    /// Why, as a code.
    pub reason: &'static str,
    /// Why, and what would be right, for a person.
    pub message: String,
}

impl std::fmt::Display for FileFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        for part in [&self.record, &self.path] {
            if !part.is_empty() {
                write!(f, ": {part}")?;
            }
        }
        write!(f, ": {}", self.message)
    }
}

/// Why a dataset cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or directory cannot be read or written.
    #[error("{path}: {cause}")]
    File {
        /// Which.
        path: String,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The files say something wrong; all faults are named, by file and line.
    #[error("{} faults in the dataset:\n{}", .0.len(), lines(.0))]
    Faults(Vec<FileFault>),
}

fn lines(faults: &[FileFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// How much of a dataset some files hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// All of it: every reference leads to a record in it.
    Whole,
    /// Some of it: a reference may lead out of it.
    Part,
}

/// The text of one file of a dataset.
#[derive(Debug, Clone)]
struct File {
    /// Its path relative to the dataset directory, with `/`.
    path: String,
    /// Its bytes: whether they are text is the reader's to say.
    bytes: Vec<u8>,
}

/// Reads the copy inside the binary.
///
/// # Errors
/// [`Error::Faults`] if it is faulty, which a test rules out for every build.
pub fn shipped() -> Result<Dataset, Error> {
    let mut found = Vec::new();
    let mut open = vec![&SHIPPED];
    while let Some(directory) = open.pop() {
        open.extend(directory.dirs());
        found.extend(
            directory
                .files()
                .map(|file| File { path: file.path().to_string_lossy().into_owned(), bytes: file.contents().to_vec() }),
        );
    }
    read::dataset(found, Extent::Whole)
}

/// Reads a dataset directory: every `.toml` file in it and in its folders.
///
/// # Errors
/// [`Error::File`] if a file cannot be read, [`Error::Faults`] if any says something wrong.
pub fn read(directory: &Path) -> Result<Dataset, Error> {
    read::dataset(found(directory)?, Extent::Whole)
}

/// Reads a directory that holds a part of a dataset, such as the office's own records: what they name may lie outside
/// of it, and is for the server to check.
///
/// # Errors
/// [`Error::File`] if a file cannot be read, [`Error::Faults`] if any says something wrong.
pub fn read_part(directory: &Path) -> Result<Dataset, Error> {
    read::dataset(found(directory)?, Extent::Part)
}

/// The files of a dataset directory.
fn found(directory: &Path) -> Result<Vec<File>, Error> {
    let fail = |path: &Path| {
        let path = path.display().to_string();
        move |cause| Error::File { path, cause }
    };
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).map_err(fail(&folder))? {
            let entry = entry.map_err(fail(&folder))?;
            let path = entry.path();
            // The entry's own type: a link to a folder is not followed, so the walk ends.
            if entry.file_type().map_err(fail(&path))?.is_dir() {
                open.push(path);
            } else {
                let relative = path.strip_prefix(directory).unwrap_or(&path);
                let relative = relative.to_string_lossy().replace('\\', "/");
                if is_dataset_file(&relative) {
                    found.push(File { path: relative, bytes: std::fs::read(&path).map_err(fail(&path))? });
                }
            }
        }
    }
    Ok(found)
}

/// Whether a file holds data; an editor's hidden copies and notes beside the data do not.
fn is_dataset_file(path: &str) -> bool {
    path.ends_with(".toml") && !path.split('/').any(|part| part.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::arbitrary::{base, changes, later};
    use crate::domain::change::Change;
    use crate::domain::record::Origin;
    use crate::domain::snapshot::Snapshot;

    /// One test, so that a faulty dataset is told once.
    #[test]
    fn the_shipped_dataset_loads_and_can_be_planned_and_written_back() {
        let dataset = shipped().unwrap_or_else(|error| panic!("{error}"));
        let ship = |record: &Record| Change::Ship { shipped: Arc::new(record.to_fields()), record: record.clone() };
        let (empty, changes) = (Snapshot::default(), dataset.records.iter().map(ship).collect::<Vec<_>>());
        let batch = empty.plan(&changes, &later(&empty)).unwrap_or_else(|error| panic!("{error:?}"));
        let snapshot = empty.after([&batch]);
        assert_eq!(snapshot.iter().map(|stored| stored.record.clone()).collect::<Vec<_>>(), dataset.records);
        assert!(snapshot.iter().all(|stored| stored.meta.origin == Origin::Shipped));

        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), &dataset.records, &dataset.sources).unwrap();
        assert_eq!(read(directory.path()).unwrap_or_else(|error| panic!("{error}")), dataset);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_the_same(batches in prop::collection::vec(changes(), 1..8)) {
            let snapshot = batches.iter().fold(base(), |snapshot, changes| {
                snapshot.plan(changes, &later(&snapshot)).map_or_else(|_| snapshot.clone(), |batch| snapshot.after([&batch]))
            });
            let records: Vec<Record> = snapshot.iter().map(|stored| stored.record.clone()).collect();
            let directory = tempfile::tempdir().unwrap();
            write(directory.path(), &records, &Sources::new()).unwrap();
            prop_assert_eq!(read(directory.path()).unwrap().records, records);
        }
    }
}
