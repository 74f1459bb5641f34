//! Proving the ledger of a directory: every byte of every segment, in order. Nothing is changed.
//!
//! Opening, backing up and examining a ledger all prove it first, also while another process appends to it: a group
//! that is being written at that moment looks like a torn end.
//!
//! **Invariants.** One segment at a time is in memory. A damaged ledger is refused with the file, the last good
//! revision and what to do.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::checkpoint::{self, Checkpoint};
use super::disk::ARCHIVE;
use super::segment::{self, Head, Scan, file_name, first_of};
use super::witness::{self, Witness};
use crate::domain::record::Revision;
use crate::store::{Error, LEDGER_ADVICE};

/// What helps if a file has nothing to do with the ledger.
const FOREIGN: &str = "Or, if that file came from elsewhere: move it away.";

/// How a checkpoint can be made again.
const REBUILD: &str = "Or, if the archive beside it is whole: move the segments from there back and this file away; \
                       the ledger then begins with the first write again.";

/// What of a ledger lies in a directory.
#[derive(Debug)]
pub(super) struct LedgerFiles {
    directory: PathBuf,
    /// The revision of its newest checkpoint; 0 without one.
    checkpoint: Revision,
    /// The first revisions of the segments after that, in order.
    firsts: Vec<Revision>,
    /// Files that the checkpoint replaced and that are not in the archive yet: they are not read.
    pub(super) replaced: Vec<PathBuf>,
    /// Where the newest segment must end, if that is known from elsewhere.
    end: Option<Head>,
    /// What had been acknowledged, as far as is known.
    pub(super) witness: WitnessFound,
}

/// What there is of a witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WitnessFound {
    /// There is a witness that can be read.
    Says(Witness),
    /// There is a witness that cannot be read.
    Unreadable,
    /// There is no witness, but another file shows that a store was kept here.
    Missing,
    /// No file shows that a store was kept here.
    Never,
}

/// A segment that was proved.
#[derive(Debug)]
pub(super) struct Proved<'a> {
    /// Its file.
    pub(super) path: PathBuf,
    /// Where the ledger stood before it.
    pub(super) base: Head,
    /// All of the file.
    pub(super) bytes: &'a [u8],
    /// What a scan of it found.
    pub(super) scan: Scan,
    /// Whether no other follows.
    pub(super) is_newest: bool,
}

impl LedgerFiles {
    /// Lists the files of a directory. A file whose name begins with one of `traces` shows that a store was kept here.
    pub(super) fn list(directory: &Path, traces: &[&str]) -> Result<Self, Error> {
        let (mut firsts, mut checkpoints, mut witness) = (Vec::new(), Vec::new(), WitnessFound::Never);
        for entry in fs::read_dir(directory).map_err(|error| Error::unavailable(directory, &error))? {
            let entry = entry.map_err(|error| Error::unavailable(directory, &error))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name == witness::FILE {
                let text = fs::read(entry.path()).map_err(|error| Error::unavailable(&entry.path(), &error))?;
                let said = Witness::parse(&String::from_utf8_lossy(&text));
                witness = said.map_or(WitnessFound::Unreadable, WitnessFound::Says);
            } else if witness == WitnessFound::Never && traces.iter().any(|trace| name.starts_with(trace)) {
                witness = WitnessFound::Missing;
            }
            firsts.extend(first_of(&name));
            checkpoints.extend(checkpoint::revision_of(&name));
        }
        if witness == WitnessFound::Never && !(firsts.is_empty() && checkpoints.is_empty()) {
            witness = WitnessFound::Missing;
        }
        let newest = checkpoints.iter().max().copied().unwrap_or_default();
        let older = checkpoints.iter().filter(|revision| **revision < newest).map(|at| checkpoint::file_name(*at));
        let before = firsts.iter().filter(|first| **first <= newest).map(|first| file_name(*first));
        let replaced = before.chain(older).map(|name| directory.join(name)).collect();
        firsts.retain(|first| *first > newest);
        firsts.sort_unstable();
        Ok(LedgerFiles { directory: directory.to_owned(), checkpoint: newest, firsts, replaced, end: None, witness })
    }

    /// Whether no store was ever kept here.
    pub(super) fn is_new(&self) -> bool {
        self.witness == WitnessFound::Never
    }

    /// The first revisions of the segments, in order.
    pub(super) fn segments(&self) -> &[Revision] {
        &self.firsts
    }

    /// Where the ledger stood before the oldest segment, as that says; none without segments.
    pub(super) fn stands_before(&self) -> Result<Option<Head>, Error> {
        self.firsts.first().map(|first| base_of(&self.path(*first), Revision::default)).transpose()
    }

    /// These files, read up to `head` only: what follows it in the newest segment is ignored.
    pub(super) fn up_to(self, head: Head) -> Self {
        LedgerFiles { end: Some(head), ..self }
    }

    /// Whether another listing has the same checkpoint and segments.
    pub(super) fn is_as(&self, other: &LedgerFiles) -> bool {
        (self.checkpoint, &self.firsts) == (other.checkpoint, &other.firsts)
    }

    /// What the ledger begins with: its newest checkpoint, or nothing.
    pub(super) fn beginning(&self) -> Result<Checkpoint, Error> {
        if self.checkpoint == Revision(0) {
            return Ok(Checkpoint::default());
        }
        let path = self.directory.join(checkpoint::file_name(self.checkpoint));
        let bytes = fs::read(&path).map_err(|error| Error::unavailable(&path, &error))?;
        let damage = |problem| Error::Corrupt {
            file: path.clone(),
            problem,
            last_good: Revision(0),
            advice: format!("{LEDGER_ADVICE} {FOREIGN} {REBUILD}"),
        };
        let checkpoint = Checkpoint::decode(&bytes).map_err(damage)?;
        if checkpoint.head.revision != self.checkpoint {
            return Err(damage(format!("it is the checkpoint of revision {}", checkpoint.head.revision)));
        }
        Ok(checkpoint)
    }

    /// How many bytes the segments have.
    pub(super) fn bytes(&self) -> Result<u64, Error> {
        let size = |first: &Revision| {
            let path = self.path(*first);
            fs::metadata(&path).map(|file| file.len()).map_err(|error| Error::unavailable(&path, &error))
        };
        self.firsts.iter().map(size).try_fold(0_u64, |sum, size| Ok(sum.saturating_add(size?)))
    }

    /// What the witness says; without a witness, the beginning of the ledger.
    pub(super) fn said(&self) -> Witness {
        match self.witness {
            WitnessFound::Says(witness) => witness,
            WitnessFound::Unreadable | WitnessFound::Missing | WitnessFound::Never => Witness::default(),
        }
    }

    /// Proves segment after segment from where the ledger begins, hands each on, and gives where it stands. One that
    /// ends before `acknowledged`, or before what the witness says, has lost something.
    pub(super) fn prove(
        &self,
        acknowledged: Revision,
        beginning: &Head,
        each: &mut dyn FnMut(Proved<'_>) -> Result<(), Error>,
    ) -> Result<Head, Error> {
        let mut head = *beginning;
        match self.firsts.first() {
            Some(first) if *first == beginning.revision.next() => {}
            // An archive tells that the segments here followed a checkpoint.
            Some(first) if self.checkpoint == Revision(0) && self.directory.join(ARCHIVE).is_dir() => {
                let before = checkpoint::file_name(Revision(first.0.saturating_sub(1)));
                return Err(Error::missing(&self.directory.join(before), Revision(0)));
            }
            Some(_) | None => return Err(Error::missing(&self.path(beginning.revision.next()), beginning.revision)),
        }
        for (index, first) in self.firsts.iter().enumerate() {
            let path = self.path(*first);
            let bytes = fs::read(&path).map_err(|error| Error::unavailable(&path, &error))?;
            let base = head;
            let ends =
                || segment::scan(&bytes, &base, None).map_or_else(|damage| damage.last_good, |scan| scan.head.revision);
            let next = self.firsts.get(index.saturating_add(1)).map(|next| base_of(&self.path(*next), ends));
            let next = next.transpose()?;
            let is_newest = next.is_none();
            let next = next.or(self.end);
            let scan = segment::scan(&bytes, &base, next.as_ref())
                .map_err(|damage| Error::corrupt(&path, damage.problem, damage.last_good))?;
            self.hold_against_witness(&path, &bytes, &base, &scan)?;
            if is_newest {
                self.ends_after(acknowledged, *first, &path, scan.head.revision)?;
            }
            head = scan.head;
            each(Proved { path, base, bytes: &bytes, scan, is_newest })?;
        }
        Ok(head)
    }

    fn hold_against_witness(&self, path: &Path, bytes: &[u8], base: &Head, scan: &Scan) -> Result<(), Error> {
        let Witness { revision, chain, .. } = self.said();
        let is_here = (base.revision..=scan.head.revision).contains(&revision);
        if is_here && segment::chain_at(bytes, base, revision) != Some(chain) {
            let problem = format!("revision {revision} is not what had been accepted");
            return Err(Error::corrupt(path, problem, base.revision));
        }
        Ok(())
    }

    fn ends_after(&self, acknowledged: Revision, first: Revision, path: &Path, last: Revision) -> Result<(), Error> {
        let witness = self.said();
        if witness.segment > first {
            return Err(Error::missing(&self.path(witness.segment), last));
        }
        let acknowledged = acknowledged.max(witness.revision);
        if last < acknowledged {
            let problem = format!("the ledger ends before revision {acknowledged}, which had been accepted");
            return Err(Error::corrupt(path, problem, last));
        }
        Ok(())
    }

    fn path(&self, first: Revision) -> PathBuf {
        self.directory.join(file_name(first))
    }
}

/// Where the ledger stood before a segment, as its header says; a header that cannot be read is damage after
/// `last_good`.
fn base_of(path: &Path, last_good: impl FnOnce() -> Revision) -> Result<Head, Error> {
    let mut header = Vec::new();
    let file = fs::File::open(path).map_err(|error| Error::unavailable(path, &error))?;
    let length = u64::try_from(segment::HEADER).unwrap_or(u64::MAX);
    file.take(length).read_to_end(&mut header).map_err(|error| Error::unavailable(path, &error))?;
    segment::base(&header).map_err(|problem| Error::Corrupt {
        file: path.to_owned(),
        problem,
        last_good: last_good(),
        advice: format!("{LEDGER_ADVICE} {FOREIGN}"),
    })
}
