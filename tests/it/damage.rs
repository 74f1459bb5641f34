//! Torn and rotten disks: one file of a data directory is damaged, and the directory is opened again.
//!
//! Every case ends in one of two ways: all data is there, or the directory is refused with the file, the last good
//! revision and what to do. `CRISISGIDS_DAMAGE_ROUNDS` says how often each kind of damage is tried on each file; a few
//! times by default, so that the suite stays quick.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crisisgids::directory::Directory;
use crisisgids::domain::access::{Action, Permit, Principal};
use crisisgids::domain::record::Revision;
use crisisgids::store::Error;
use crisisgids::store::embedded::{EmbeddedStore, Layout};

use super::support::chance::Chance;
use super::support::days;

/// How many writes the damaged directory holds.
const WRITES: u64 = 24;

/// What may happen to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Damage {
    Bit,
    Zeros,
    Cut,
    Tail,
    Gone,
    Older,
    Foreign,
}

const ALL: [Damage; 7] =
    [Damage::Bit, Damage::Zeros, Damage::Cut, Damage::Tail, Damage::Gone, Damage::Older, Damage::Foreign];

fn rounds() -> usize {
    std::env::var("CRISISGIDS_DAMAGE_ROUNDS").map_or(2, |rounds| rounds.parse().expect("a number of rounds"))
}

fn permit(action: Action) -> Permit {
    Permit::request(Principal::local(), action).unwrap()
}

/// What a directory holds: its revision, and of each record the name and etag.
fn held(folder: &Path, layout: Layout) -> Result<(Revision, BTreeMap<String, u64>), Error> {
    let directory = Directory::open(Box::new(EmbeddedStore::open_with(folder, layout)?)).unwrap();
    let snapshot = directory.snapshot(&permit(Action::Read)).unwrap();
    let records = snapshot.iter().map(|stored| (stored.record.name().to_string(), stored.meta.revision.0)).collect();
    Ok((snapshot.revision(), records))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, target).map(drop).unwrap() }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn damage(file: &Path, older: &Path, what: Damage, chance: &mut Chance) {
    let mut bytes = fs::read(file).unwrap();
    // What is written ahead of the ledger is zeros; most of the damage is to go where something stands.
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    match what {
        Damage::Bit => match bytes.get_mut(chance.below(written)) {
            Some(byte) => *byte ^= 1 << chance.below(8),
            None => bytes.push(1),
        },
        Damage::Zeros => {
            let start = chance.below(written) / 512 * 512;
            let end = bytes.len().min(start + 4096);
            bytes.get_mut(start..end).unwrap().fill(0);
        }
        Damage::Cut => bytes.truncate(chance.below(written)),
        Damage::Tail => bytes.truncate(written.saturating_sub(1 + chance.below(600))),
        Damage::Gone => return fs::remove_file(file).unwrap(),
        Damage::Older => bytes = fs::read(older).unwrap_or_default(),
        Damage::Foreign => bytes = b"this is another file altogether".repeat(1 + chance.below(400)),
    }
    fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn whatever_happens_to_a_file_all_data_is_right_or_the_damage_is_told() {
    campaign(Layout::default()).await;
}

#[tokio::test]
async fn the_same_of_a_directory_whose_ledger_begins_with_a_checkpoint() {
    let names = campaign(Layout { segment: 4096, ahead: 1024, keep_seconds: Some(4 * 86_400) }).await;
    for kind in ["checkpoint-", "archive/ledger-"] {
        assert!(names.iter().any(|name| name.starts_with(kind)), "{names:?}");
    }
}

/// Damages every file of a directory of this layout in every way, and gives the names of the files.
async fn campaign(layout: Layout) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let (whole, older) = (folder.path().join("whole"), folder.path().join("older"));
    for (last, copied) in [(WRITES / 2, Some(&older)), (WRITES, None)] {
        let directory = Directory::open(Box::new(EmbeddedStore::open_with(&whole, layout).unwrap())).unwrap();
        let first = directory.revisions().borrow().0 + 1;
        for number in first..=last {
            days::write(&directory, i64::try_from(number).unwrap()).await;
        }
        drop(directory);
        copied.into_iter().for_each(|older| copy(&whole, older));
    }
    let right = held(&whole, layout).unwrap();
    assert_eq!((right.0, right.1.len()), (Revision(WRITES), 9));

    let (mut chance, mut survived, mut refused) = (Chance(20_261_125), 0, 0);
    let names: Vec<PathBuf> = files(&whole).iter().map(|file| file.strip_prefix(&whole).unwrap().to_owned()).collect();
    for name in &names {
        for what in ALL {
            for round in 0..rounds() {
                let victim = folder.path().join("victim");
                copy(&whole, &victim);
                damage(&victim.join(name), &older.join(name), what, &mut chance);
                match held(&victim, layout) {
                    Ok(held) => {
                        assert_eq!(held, right, "{what:?} of {} in round {round}", name.display());
                        survived += 1;
                    }
                    Err(Error::Corrupt { file, last_good, advice, .. }) => {
                        assert!(last_good <= Revision(WRITES) && advice.contains("restore"), "{what:?}: {advice}");
                        assert_eq!(file, victim.join(name), "{what:?} of {}", name.display());
                        refused += 1;
                    }
                    Err(error) => panic!("{what:?} of {}: {error}", name.display()),
                }
                fs::remove_dir_all(&victim).unwrap();
            }
        }
    }
    assert!(survived > 0 && refused > 0, "{survived} survived, {refused} refused");
    println!("{survived} survived, {refused} refused with a message");
    names.into_iter().map(|name| name.to_str().unwrap().to_owned()).collect()
}
