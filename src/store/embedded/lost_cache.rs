//! A disk that forgets: what the ledger did is noted, the power goes at every single step of it, and of everything that
//! was not synced then nothing, all, or any part is there. What was acknowledged must be.

#![expect(clippy::wildcard_enum_match_arm, reason = "each thing done concerns a part of the disk only")]

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use super::compact;
use super::disk::log::{self, Step};
use super::ledger::{Appended, Layout, Ledger};
use super::tally::Tallied;
use crate::domain::change::Batch;
use crate::domain::record::Revision;
use crate::domain::spoilt::cases;
use crate::store::History;
use crate::store::record::encode_batch;
use crate::store::sample;

/// Small files, so that few batches fill many; an hour a batch, so that most of them are put away.
const LAYOUT: Layout = Layout { segment: 4096, ahead: 1024, keep_seconds: Some(0) };

/// What a disk writes whole.
const SECTOR: usize = 512;

/// A file as it surely is, and what was done to it since.
#[derive(Debug, Clone, Default)]
struct SimulatedFile {
    durable: Vec<u8>,
    pending: Vec<Step>,
}

/// A disk: its files, and which names lead to them, surely and since.
#[derive(Debug, Default)]
struct Disk {
    files: Vec<SimulatedFile>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    pending_names: Vec<Step>,
    /// The files by the number under which they were opened.
    opened: HashMap<u64, usize>,
    acknowledged: u64,
}

/// What of the unsynced is there after the power went.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Nothing,
    All,
    /// Whatever these bits say.
    Any(u64),
}

impl Fate {
    fn keeps(&mut self) -> bool {
        match self {
            Fate::Nothing => false,
            Fate::All => true,
            Fate::Any(bits) => {
                // Xorshift: any sequence of bits will do.
                *bits ^= *bits << 13;
                *bits ^= *bits >> 7;
                *bits ^= *bits << 17;
                *bits & 4 != 0
            }
        }
    }
}

impl Disk {
    /// A disk on which everything in a directory is safe.
    fn of(directory: &Path) -> Self {
        let mut disk = Disk::default();
        for folder in [directory.to_owned(), directory.join("archive")].iter().filter(|folder| folder.is_dir()) {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
                disk.names.insert(path.clone(), disk.files.len());
                disk.files.push(SimulatedFile { durable: fs::read(path).unwrap(), pending: Vec::new() });
            }
        }
        disk.durable_names = disk.names.clone();
        disk
    }

    fn play(&mut self, step: &Step) {
        match step {
            Step::Opened { number, is_new: true, .. } => {
                self.opened.insert(*number, self.files.len());
                self.files.push(SimulatedFile::default());
                rename(&mut self.names, step, self.files.len() - 1);
                self.pending_names.push(step.clone());
            }
            Step::Opened { path, number, is_new: false } => {
                self.opened.insert(*number, self.names[path]);
            }
            Step::Written { number, .. } | Step::Resized { number, .. } => {
                self.files[self.opened[number]].pending.push(step.clone());
            }
            Step::Synced { number } => {
                let file = &mut self.files[self.opened[number]];
                for step in std::mem::take(&mut file.pending) {
                    apply(&mut file.durable, &step, &mut Fate::All);
                }
            }
            Step::Renamed { .. } | Step::Removed { .. } => {
                let file = self.opened_by(step);
                rename(&mut self.names, step, file);
                self.pending_names.push(step.clone());
            }
            Step::NamesSynced { directory } => {
                for step in std::mem::take(&mut self.pending_names) {
                    if concerns(&step, directory) {
                        let file = self.opened_by(&step);
                        rename(&mut self.durable_names, &step, file);
                    } else {
                        self.pending_names.push(step);
                    }
                }
            }
            Step::Acknowledged(revision) => self.acknowledged = *revision,
        }
    }

    fn opened_by(&self, step: &Step) -> usize {
        match step {
            Step::Opened { number, .. } => self.opened[number],
            _ => 0,
        }
    }

    /// What is found in `from` when the power comes back, put into another directory.
    fn after_power_cut(&self, from: &Path, mut fate: Fate) -> TempDir {
        let found = tempfile::tempdir().unwrap();
        let mut names = self.durable_names.clone();
        for step in &self.pending_names {
            // A file system keeps the order of names; how far it had come is open.
            if !fate.keeps() {
                break;
            }
            rename(&mut names, step, self.opened_by(step));
        }
        for (path, file) in names {
            let mut bytes = self.files[file].durable.clone();
            for step in &self.files[file].pending {
                apply(&mut bytes, step, &mut fate);
            }
            let path = found.path().join(path.strip_prefix(from).unwrap());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        found
    }
}

fn concerns(step: &Step, directory: &Path) -> bool {
    let is_in = |path: &Path| path.parent() == Some(directory);
    match step {
        Step::Opened { path, .. } | Step::Removed { path } => is_in(path),
        Step::Renamed { from, to } => is_in(from) || is_in(to),
        _ => false,
    }
}

fn rename(names: &mut BTreeMap<PathBuf, usize>, step: &Step, file: usize) {
    match step {
        Step::Opened { path, .. } => {
            names.insert(path.clone(), file);
        }
        Step::Renamed { from, to } => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        Step::Removed { path } => {
            names.remove(path);
        }
        _ => {}
    }
}

fn apply(bytes: &mut Vec<u8>, step: &Step, fate: &mut Fate) {
    match step {
        Step::Written { offset, bytes: new, .. } => {
            let mut at = *offset;
            let end = offset + new.len();
            while at < end {
                let next = ((at / SECTOR + 1) * SECTOR).min(end);
                if fate.keeps() {
                    bytes.resize(bytes.len().max(next), 0);
                    bytes[at..next].copy_from_slice(&new[at - offset..next - offset]);
                }
                at = next;
            }
        }
        Step::Resized { length, .. } if fate.keeps() => bytes.resize(*length, 0),
        _ => {}
    }
}

/// So many batches, one every five hours.
fn batches(count: u64) -> Vec<Batch> {
    let spread = |mut batch: Batch| {
        batch.authorship.time = sample::time(batch.revision.0 * 300);
        batch
    };
    sample::plain(count).into_iter().map(spread).collect()
}

fn entries(all: &[Batch], from: usize, to: usize) -> Vec<Appended> {
    let mut tallied = Tallied::default();
    let mut entries = Vec::new();
    for batch in &all[..to] {
        for (key, bytes) in super::entries::entries(batch).unwrap() {
            tallied.set(&key, bytes.as_ref());
        }
        entries.push(Appended {
            revision: batch.revision,
            tally: tallied.tally(),
            second: batch.authorship.time.as_second(),
            batch: encode_batch(batch).unwrap(),
        });
    }
    entries.split_off(from)
}

/// Opens the ledger of a directory and appends what it has not, in groups of these sizes; notes what is acknowledged.
fn go_on(directory: &Path, all: &[Batch], groups: &[usize]) {
    let mut ledger = Ledger::open(directory, LAYOUT, &[], Revision(0)).unwrap();
    log::note(Step::Acknowledged(ledger.head().revision.0));
    let mut groups = groups.iter().cycle();
    loop {
        let from = usize::try_from(ledger.head().revision.0).unwrap();
        let to = all.len().min(from + groups.next().unwrap());
        if from == to {
            return;
        }
        ledger.append(&entries(all, from, to)).unwrap();
        log::note(Step::Acknowledged(ledger.head().revision.0));
        compact::compact(&ledger).unwrap();
    }
}

/// What a directory holds is the beginning of everything that was written, and reaches at least to a revision.
fn is_right(directory: &Path, all: &[Batch], acknowledged: u64, case: &str) {
    let ledger = Ledger::open(directory, LAYOUT, &[], Revision(0)).unwrap_or_else(|error| panic!("{case}: {error}"));
    let head = ledger.head().revision.0;
    assert!(head >= acknowledged, "{case}: {acknowledged} was acknowledged, {head} is there");
    let beginning = ledger.beginning().unwrap();
    let first = usize::try_from(beginning.head.revision.0).unwrap();
    let history = ledger.reader().after(beginning.head.revision, usize::MAX).unwrap();
    assert_eq!(history, all[first..usize::try_from(head).unwrap()], "{case}");
    let mut held = BTreeMap::new();
    for batch in &all[..first] {
        super::entries::apply(batch, &mut held).unwrap();
    }
    assert_eq!(beginning.entries, held, "{case}");
}

/// How many of those who wrote and were cut off are followed by a second run.
const SECOND_RUNS: usize = 7;

proptest! {
    #![proptest_config(cases(6))]
    #[test]
    fn what_was_acknowledged_is_there_wherever_the_power_goes_and_whatever_was_not_synced(
        groups in prop::collection::vec(1_usize..6, 1..6), bits in 1_u64.., again in any::<prop::sample::Index>(),
    ) {
        let all = batches(40);
        let folder = tempfile::tempdir().unwrap();
        let steps = log::of(|| go_on(folder.path(), &all[..30], &groups));
        let put_away = steps.iter().filter(|step| matches!(step, Step::Renamed { to, .. } if to.parent().unwrap().ends_with("archive")));
        prop_assert!(put_away.count() > 1);
        let mut disk = Disk::default();
        for (at, step) in steps.iter().enumerate() {
            disk.play(step);
            for fate in [Fate::Nothing, Fate::All, Fate::Any(bits.wrapping_add(at as u64) | 1)] {
                let found = disk.after_power_cut(folder.path(), fate);
                is_right(found.path(), &all, disk.acknowledged, &format!("cut after step {at} {step:?}, {fate:?}"));
            }
        }
        // A second run, over what a first one left, is cut off too.
        let mut disk = Disk::default();
        let first = again.index(steps.len());
        steps[..=first].iter().for_each(|step| disk.play(step));
        let left = disk.after_power_cut(folder.path(), Fate::Any(bits));
        let mut second = Disk::of(left.path());
        let more = log::of(|| go_on(left.path(), &all, &groups));
        for (at, step) in more.iter().enumerate() {
            second.play(step);
            if at % SECOND_RUNS == first % SECOND_RUNS {
                let found = second.after_power_cut(left.path(), Fate::Any(bits ^ at as u64 | 1));
                let acknowledged = second.acknowledged.max(disk.acknowledged);
                is_right(found.path(), &all, acknowledged, &format!("cut after {first}, then after {at} {step:?}"));
            }
        }
    }
}
