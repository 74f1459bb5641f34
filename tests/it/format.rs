//! What earlier versions wrote is still read: `tests/golden/format-1` is a data directory as the first version left it,
//! less sled, which is made again. It was written once, by three changes, and is never written again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crisisgids::directory::Directory;
use crisisgids::domain::access::{Action, Permit, Principal};
use crisisgids::domain::name::Name;
use crisisgids::domain::record::Revision;
use crisisgids::store::embedded::EmbeddedStore;

use super::support::process::{output, program};

/// The hash over the history of format 1.
const HASH: &str = "c7e259e57436bbdc15f47d4df99bb42b26685087e0ad0fba9e72f5cd9932e380";

fn copied(from: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    folder
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn format_1() -> tempfile::TempDir {
    copied(&golden("format-1"))
}

#[test]
fn a_directory_of_format_1_opens_with_all_that_it_held() {
    let folder = format_1();
    let directory = Directory::open(Box::new(EmbeddedStore::open(folder.path()).unwrap())).unwrap();
    let permit = |action| Permit::request(Principal::local(), action).unwrap();
    let snapshot = directory.snapshot(&permit(Action::Read)).unwrap();
    assert_eq!(snapshot.revision(), Revision(3));
    let names: Vec<String> = snapshot.iter().map(|stored| stored.record.name().to_string()).collect();
    assert_eq!(names, ["areas/other", "organisations/one", "organisations/one/contacts/desk"]);
    let stored = |name: &str| Arc::clone(snapshot.stored(&Name::parse(name).unwrap()).unwrap());
    assert_eq!(stored("organisations/one").meta.revision, Revision(2));
    let seal = directory.seal(&permit(Action::Read)).unwrap().unwrap();
    assert_eq!((seal.revision, seal.hash.as_str()), (Revision(3), HASH));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let history = runtime.block_on(directory.history(&permit(Action::ReadHistory), Revision(0), 10)).unwrap();
    let reasons: Vec<&str> = history.iter().map(|seen| seen.batch.authorship.change_reason.as_str()).collect();
    assert_eq!(reasons, ["first", "second", "third"]);
    assert_eq!(history[1].batch.authorship.request.as_ref().map(|mark| mark.id.as_str()), Some(REQUEST));
}

/// The request id of the second change.
const REQUEST: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

#[test]
fn the_doctor_finds_a_directory_of_format_1_whole() {
    let folder = format_1();
    let (code, said, errors) = output(program(&["doctor", "--data-dir", "."]).current_dir(folder.path()));
    assert_eq!(code, Some(6), "sled is missing: {said}{errors}");
    let (code, said, errors) = output(program(&["doctor", "--repair", "--data-dir", "."]).current_dir(folder.path()));
    assert_eq!(code, Some(0), "{said}{errors}");
    assert!(said.contains(HASH), "{said}");
}

/// The hash over the forty writes of the directory that begins with a checkpoint.
const COMPACTED_HASH: &str = "a11dbd48b858b270dada52f68e4254ba69a15066f1efeb55f0220aaa41364b3d";

#[test]
fn a_directory_whose_ledger_begins_with_a_checkpoint_of_format_1_opens() {
    let folder = copied(&golden("format-1-compacted"));
    let directory = Directory::open(Box::new(EmbeddedStore::open(folder.path()).unwrap())).unwrap();
    let permit = |action| Permit::request(Principal::local(), action).unwrap();
    let snapshot = directory.snapshot(&permit(Action::Read)).unwrap();
    assert_eq!((snapshot.revision(), snapshot.iter().count()), (Revision(40), 7));
    assert_eq!(directory.history_begins_after(&permit(Action::Read)), Ok(Revision(27)));
    assert_eq!(directory.seal(&permit(Action::Read)).unwrap().unwrap().hash, COMPACTED_HASH);
}

#[test]
fn a_backup_of_format_1_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let file = golden("format-1.backup");
    let mut restore = program(&["restore", file.to_str().unwrap(), "--data-dir", "kept"]);
    let (code, said, errors) = output(restore.current_dir(folder.path()));
    assert_eq!(code, Some(0), "{said}{errors}");
    assert!(said.contains(HASH), "{said}");
}
