//! Care of a data directory: backup, restore, examination and repair.
//!
//! **Invariants.** An examination changes nothing. A repair makes again what can be made again from the ledger, and
//! says what that was; the ledger itself is never repaired. Everything but a backup wants a directory that no server
//! has open.

use std::path::Path;

use crate::domain::field::Faults;
use crate::domain::invariant;
use crate::domain::name::Name;
use crate::domain::record::{Record, Revision};
use crate::domain::snapshot::Snapshot;
use crate::store::embedded::EmbeddedStore;
use crate::store::embedded::examine::{Examination, examine};
use crate::store::{Contents, Store};

pub use crate::store::Error;
pub use crate::store::embedded::backup::{Backup, back_up};

/// How many records with the same fault are named.
const NAMED: usize = 20;

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Checksums, hash chain and batches of the ledger.
    Ledger,
    /// The end of the ledger, which a crash may leave torn.
    LedgerEnd,
    /// The segments that a checkpoint replaced, put away.
    Archive,
    /// The witness of what had been acknowledged.
    Witness,
    /// Sled, the view of the ledger.
    View,
    /// What records say of each other.
    References,
}

impl Check {
    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            Check::Ledger => "ledger",
            Check::LedgerEnd => "ledger end",
            Check::Archive => "archive",
            Check::Witness => "witness",
            Check::View => "sled",
            Check::References => "references",
        }
    }
}

/// How it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// As it must be.
    Whole,
    /// Not as it should be; the next start, or a repair, puts it right without loss.
    Repairable,
    /// Damaged: something accepted cannot be trusted.
    Damaged,
}

impl State {
    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            State::Whole => "whole",
            State::Repairable => "repairable",
            State::Damaged => "DAMAGED",
        }
    }
}

/// One thing that an examination found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// How it was found.
    pub state: State,
    /// In a sentence.
    pub says: String,
}

/// What an examination found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The last revision that can be trusted.
    pub revision: Revision,
    /// The hash over everything up to that revision; empty if the ledger is damaged.
    pub hash: String,
    /// Every check, in the order made.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The worst state found.
    pub fn state(&self) -> State {
        let has = |state| self.findings.iter().any(|finding| finding.state == state);
        match (has(State::Damaged), has(State::Repairable)) {
            (true, _) => State::Damaged,
            (false, true) => State::Repairable,
            (false, false) => State::Whole,
        }
    }
}

/// What a restore made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The backup.
    pub backup: Backup,
    /// How many records the directory holds.
    pub records: usize,
}

/// Makes a data directory of a backup and opens it once, so that it is known to be one. `advance` is told how many
/// bytes of how many are done.
///
/// # Errors
/// [`Error::Corrupt`] if the backup is damaged; [`Error::Unavailable`] if the directory is not empty or cannot be
/// written; [`Error::Full`] if there is no room.
pub fn restore(file: &Path, directory: &Path, advance: &mut dyn FnMut(u64, u64)) -> Result<Restored, Error> {
    let backup = crate::store::embedded::backup::restore(file, directory, advance)?;
    let Contents { records, .. } = EmbeddedStore::open(directory)?.load()?;
    Ok(Restored { backup, records: records.len() })
}

/// Examines a data directory and changes nothing.
///
/// # Errors
/// [`Error::Unavailable`] if nothing is kept there, or a server has it open.
pub fn doctor(directory: &Path) -> Result<Report, Error> {
    let examination = match examine(directory) {
        Ok(examination) => examination,
        Err(error @ Error::Corrupt { .. }) => {
            let Error::Corrupt { last_good, .. } = &error else { return Err(error) };
            let finding = Finding { check: Check::Ledger, state: State::Damaged, says: error.to_string() };
            return Ok(Report { revision: *last_good, hash: String::new(), findings: vec![finding] });
        }
        Err(error) => return Err(error),
    };
    let Examination { contents, hash, checkpoint, segments, replaced, archive, torn, witness, view } = examination;
    let revision = contents.revision;
    let count = contents.records.len();
    let found = |check, wrong: Option<String>, whole: String| match wrong {
        None => Finding { check, state: State::Whole, says: whole },
        Some(wrong) => Finding { check, state: State::Repairable, says: wrong },
    };
    let findings = vec![
        found(Check::Ledger, None, ledger_says(checkpoint, revision, segments, count)),
        found(Check::LedgerEnd, torn.map(torn_end), "no write was cut short".to_owned()),
        archive_finding(replaced, archive),
        found(Check::Witness, witness.map(str::to_owned), "the ledger holds what it says".to_owned()),
        found(Check::View, view, format!("a view of the ledger at revision {revision}")),
        references(contents),
    ];
    Ok(Report { revision, hash, findings })
}

/// Puts right what can be put right without loss: opens the directory as a server would and closes it. Gives what was
/// found before, and after.
///
/// # Errors
/// As [`doctor`]; nothing is touched if the ledger is damaged.
pub fn repair(directory: &Path) -> Result<(Report, Report), Error> {
    let before = doctor(directory)?;
    if before.state() != State::Repairable {
        return Ok((before.clone(), before));
    }
    drop(EmbeddedStore::open(directory)?);
    Ok((before, doctor(directory)?))
}

fn ledger_says(checkpoint: Revision, revision: Revision, segments: usize, count: usize) -> String {
    let (first, segments) = (checkpoint.next(), format!("in {segments} segments, {count} records"));
    if checkpoint == Revision(0) {
        return format!("revisions {first} to {revision} {segments}");
    }
    format!("a checkpoint at revision {checkpoint}, then revisions {first} to {revision} {segments}")
}

fn archive_finding(replaced: usize, wrong: Option<String>) -> Finding {
    let (state, says) = match (replaced, wrong) {
        (0, None) => (State::Whole, "what was put away leads to where the ledger begins".to_owned()),
        (0, Some(wrong)) => (State::Damaged, wrong),
        (replaced, _) => {
            (State::Repairable, format!("{replaced} files that a checkpoint replaced are not put away yet"))
        }
    };
    Finding { check: Check::Archive, state, says }
}

fn torn_end(why: &str) -> String {
    format!("the last write was cut short before it was acknowledged: {why}")
}

/// Whether every record is what it must be among the others.
fn references(contents: Contents) -> Finding {
    let snapshot = Snapshot::new(contents.revision, contents.records, contents.withheld);
    let exists = |name: &Name| snapshot.stored(name).is_some();
    let find = |name: &Name| -> Option<Record> { snapshot.stored(name).map(|stored| stored.record.clone()) };
    let mut wrong = Vec::new();
    for stored in snapshot.iter() {
        let mut faults = Faults::default();
        invariant::check_alone(&stored.record, &mut faults);
        invariant::check_among(&stored.record, &exists, &find, &mut faults);
        wrong.extend(
            faults.0.first().map(|fault| format!("{} {}: {}", stored.record.name(), fault.path, fault.message)),
        );
    }
    let more = wrong.len().saturating_sub(NAMED);
    let (state, says) = match wrong.len() {
        0 => (State::Whole, "every record that is named exists".to_owned()),
        count => {
            wrong.truncate(NAMED);
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            (State::Damaged, format!("{count} records are not what they must be: {}{more}", wrong.join("; ")))
        }
    };
    Finding { check: Check::References, state, says }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::store::sample;

    fn kept() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut store = EmbeddedStore::open(folder.path()).unwrap();
        sample::plain(30).chunks(4).for_each(|group| store.commit(group).unwrap());
        folder
    }

    fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.is_file() && path.file_name().is_some_and(|name| name != "lock"));
        files.sort();
        files.into_iter().map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
    }

    fn states(report: &Report) -> Vec<(Check, State)> {
        let bad = report.findings.iter().filter(|finding| finding.state != State::Whole);
        bad.map(|finding| (finding.check, finding.state)).collect()
    }

    #[test]
    fn a_whole_directory_is_found_whole_and_left_as_it_is() {
        let folder = kept();
        let before = files(folder.path());
        let report = doctor(folder.path()).unwrap();
        assert_eq!((report.state(), report.revision), (State::Whole, Revision(30)), "{report:?}");
        assert_eq!(report.hash.len(), 64);
        assert_eq!(files(folder.path()), before);
    }

    #[test]
    fn what_can_be_made_again_is_told_and_made_again_when_asked() {
        let folder = kept();
        let whole = doctor(folder.path()).unwrap();
        fs::remove_dir_all(folder.path().join("sled")).unwrap();
        fs::write(folder.path().join("ledger.witness"), "rot").unwrap();
        let before = files(folder.path());
        let found = [(Check::Witness, State::Repairable), (Check::View, State::Repairable)];
        assert_eq!(states(&doctor(folder.path()).unwrap()), found);
        assert_eq!(files(folder.path()), before, "an examination changes nothing");
        let (told, after) = repair(folder.path()).unwrap();
        assert_eq!((states(&told), after), (found.to_vec(), whole));
    }

    #[test]
    fn a_damaged_ledger_is_told_with_the_last_good_revision_and_left_alone() {
        let folder = kept();
        let file = folder.path().join("ledger-00000000000000000001.seg");
        let mut bytes = fs::read(&file).unwrap();
        bytes[230] ^= 1;
        fs::write(&file, bytes).unwrap();
        let before = files(folder.path());
        let (report, after) = repair(folder.path()).unwrap();
        assert_eq!(states(&report), [(Check::Ledger, State::Damaged)]);
        assert!(report.revision < Revision(4) && report.findings[0].says.contains("00001.seg"), "{report:?}");
        assert_eq!((after, files(folder.path())), (report, before));
    }

    #[test]
    fn what_only_sled_still_knows_of_is_told_as_lost() {
        let folder = kept();
        let older = tempfile::tempdir().unwrap();
        let mut store = EmbeddedStore::open(older.path()).unwrap();
        sample::plain(30)[..20].chunks(4).for_each(|group| store.commit(group).unwrap());
        drop(store);
        for (path, bytes) in files(older.path()) {
            fs::write(folder.path().join(Path::new(&path).file_name().unwrap()), bytes).unwrap();
        }
        let report = doctor(folder.path()).unwrap();
        assert_eq!((states(&report), report.revision), (vec![(Check::Ledger, State::Damaged)], Revision(20)));
        assert!(report.findings[0].says.contains("ends before revision 30"), "{report:?}");
    }

    #[test]
    fn behind_a_file_that_is_no_segment_the_last_good_revision_is_that_of_the_segment_before_it() {
        let folder = kept();
        fs::write(folder.path().join("ledger-00000000000000000031.seg"), "foreign").unwrap();
        let report = doctor(folder.path()).unwrap();
        assert_eq!((states(&report), report.revision), (vec![(Check::Ledger, State::Damaged)], Revision(30)));
        assert!(report.findings[0].says.contains("00031.seg"), "{report:?}");
    }

    #[test]
    fn what_is_no_data_directory_is_not_made_one() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), folder.path().join("none")] {
            assert!(matches!(doctor(&path), Err(Error::Unavailable(_))));
            assert!(matches!(repair(&path), Err(Error::Unavailable(_))));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_directory_that_a_server_has_open_is_left_to_it() {
        let folder = kept();
        let _open = EmbeddedStore::open(folder.path()).unwrap();
        assert!(doctor(folder.path()).unwrap_err().to_string().contains("in use by process"));
    }
}
