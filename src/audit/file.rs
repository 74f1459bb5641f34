//! The files of a trail: lines chained by hash. The newest is appended to; those before it are sealed, and named in
//! order.
//!
//! ```text
//! audit-000001.jsonl   {"entry":{...},"hash":"..."}                                  each hash over the one before it
//! audit.jsonl          {"entry":{"event":"GOES_ON","from":"<last hash of 000001>",...},"hash":"..."}
//! ```
//!
//! **Invariants.** Each file has a chain of its own from its first line, so that a sealed one can be moved away and
//! still be followed; where two are beside each other, the later one says how the earlier one ended. A sealed file is
//! whole.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Error, Line};

/// The newest file, inside a data directory.
pub(super) const NEWEST: &str = "audit.jsonl";

/// How large a file becomes before it is sealed: some hundred thousand lines, read in a second when the server starts.
const SEALED_AT: u64 = 64 << 20;

/// A trail that was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many files it has.
    pub files: usize,
    /// How many lines.
    pub lines: usize,
    /// How many lines could not be kept when they came.
    pub lost: u64,
    /// How often a server found its newest file changed, and put it aside.
    pub put_aside: u64,
    /// The files that were put aside and are still there: an operator has to look into them.
    pub aside: Vec<PathBuf>,
    /// The hash that its first line continues from, if the files before it were moved elsewhere.
    pub from: Option<String>,
    /// The hash of the last line, or of none: kept elsewhere, it proves later that no line was taken away.
    pub hash: String,
    /// Whether a last line was cut short.
    pub torn: bool,
}

/// Follows the chain of a trail in a data directory from its first line to its last, and shows each entry on the way.
///
/// # Errors
/// [`Error::Changed`] at the first line that does not follow; [`Error::Unavailable`] if a file cannot be read, or if
/// there is none.
pub fn follow(folder: &Path, visit: &mut dyn FnMut(Line)) -> Result<Verified, Error> {
    let aside = put_aside(folder).map_err(|cause| Error::Unavailable { file: folder.to_owned(), cause })?;
    let mut all = Verified { files: 0, lines: 0, lost: 0, put_aside: 0, aside, from: None, hash: none(), torn: false };
    let files = open_all(folder)?;
    for (number, (path, file)) in files.iter().enumerate() {
        let found = walk(path, file, &mut |entry| {
            match &entry {
                Line::Lost { count, .. } => all.lost = all.lost.saturating_add(*count),
                Line::PutAside { .. } => all.put_aside = all.put_aside.saturating_add(1),
                Line::Read(_) | Line::Torn { .. } | Line::GoesOn { .. } => {}
            }
            visit(entry);
        })?;
        let changed = |line: usize| Error::Changed { file: path.clone(), line };
        if number == 0 {
            all.from = found.from;
        } else if found.lines > 0 && found.from.as_ref() != Some(&all.hash) {
            return Err(changed(1));
        }
        let is_newest = number.saturating_add(1) == files.len();
        if found.torn && !is_newest {
            return Err(changed(found.lines.saturating_add(1)));
        }
        if found.lines > 0 {
            all.hash = found.hash;
        }
        all.torn = found.torn;
        all.files = all.files.saturating_add(1);
        all.lines = all.lines.saturating_add(found.lines);
    }
    Ok(all)
}

/// The end of a trail, which is appended to.
pub(super) struct OpenTrail {
    folder: PathBuf,
    /// None while the file does not exist, or its file system is read-only.
    file: Option<File>,
    end: u64,
    hash: String,
    /// What is to be said before anything else.
    begin: Vec<Line>,
    sealed_at: u64,
}

impl OpenTrail {
    /// The end of the trail in a folder, whose newest file is made if it does not exist. A last line that was cut short
    /// is cut off and noted; a newest file whose chain is broken is moved aside for an investigation, which is noted
    /// too.
    pub(super) fn open(folder: &Path, now: Timestamp) -> Result<Self, Error> {
        let path = folder.join(NEWEST);
        let unavailable = |cause| Error::Unavailable { file: path.clone(), cause };
        let file = match open(folder) {
            Err(cause) if cause.kind() == io::ErrorKind::ReadOnlyFilesystem => None,
            opened => Some(opened.map_err(unavailable)?),
        };
        let found = match File::open(&path) {
            Err(cause) if file.is_none() && cause.kind() == io::ErrorKind::NotFound => Ok(FileWalk::default()),
            opened => walk(&path, &opened.map_err(unavailable)?, &mut drop),
        };
        let found = match found {
            Err(error @ Error::Changed { .. }) => {
                let aside = aside(&path);
                std::fs::rename(&path, &aside).map_err(unavailable)?;
                tracing::error!(%error, moved_to = %aside.display(), "the audit trail was changed; another is begun");
                let mut tail = Self::open(folder, now)?;
                let moved_to = aside.file_name().unwrap_or_default().to_string_lossy().into_owned();
                tail.begin.push(Line::PutAside { time: now, moved_to });
                return Ok(tail);
            }
            found => found?,
        };
        let goes_on = if found.lines == 0 { last_sealed(folder)? } else { None };
        let goes_on = goes_on.map(|from| Line::GoesOn { time: now, from });
        let torn = found.torn.then_some(Line::Torn { time: now });
        let begin = goes_on.into_iter().chain(torn).collect();
        Ok(OpenTrail {
            folder: folder.to_owned(),
            file,
            end: found.bytes,
            hash: found.hash,
            begin,
            sealed_at: SEALED_AT,
        })
    }

    /// This trail, with files that are sealed at another size.
    #[cfg(test)]
    pub(super) fn sealed_at(self, sealed_at: u64) -> Self {
        OpenTrail { sealed_at, ..self }
    }

    /// This trail, on another file.
    #[cfg(test)]
    pub(super) fn with_file(self, file: Option<File>) -> Self {
        OpenTrail { file, ..self }
    }

    /// Appends entries, all or none, durable when this returns.
    pub(super) fn append(&mut self, entries: &[Line]) -> io::Result<()> {
        if self.begin.is_empty() && entries.is_empty() {
            return Ok(());
        }
        if self.end >= self.sealed_at {
            self.seal()?;
        }
        let (mut text, mut hash) = (String::new(), self.hash.clone());
        for entry in self.begin.iter().chain(entries) {
            let entry = serde_json::to_string(entry)?;
            hash = chained(&hash, &entry);
            text.push_str(&format!("{{\"entry\":{entry},\"hash\":\"{hash}\"}}\n"));
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(open(&self.folder)?),
        };
        // What a failed append, or a crash, left behind.
        file.set_len(self.end)?;
        file.seek(SeekFrom::Start(self.end))?;
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        self.end = self.end.saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX));
        self.hash = hash;
        self.begin.clear();
        Ok(())
    }

    /// The newest file gets its number; the next line begins another. Cut short between the two, [`OpenTrail::open`]
    /// goes on.
    fn seal(&mut self) -> io::Result<()> {
        if let Some(file) = self.file.take() {
            // What a failed append left behind: a sealed file is whole.
            file.set_len(self.end)?;
            file.sync_data()?;
        }
        let number = sealed(&self.folder)?.last_key_value().map_or(0, |(number, _)| *number).saturating_add(1);
        std::fs::rename(self.folder.join(NEWEST), self.folder.join(format!("audit-{number:06}.jsonl")))?;
        let from = std::mem::replace(&mut self.hash, none());
        self.begin.insert(0, Line::GoesOn { time: Timestamp::now(), from });
        self.end = 0;
        Ok(())
    }
}

/// What one file holds.
struct FileWalk {
    lines: usize,
    /// What its first line says came before it.
    from: Option<String>,
    hash: String,
    torn: bool,
    /// How long it is without a line that was cut short.
    bytes: u64,
}

impl Default for FileWalk {
    fn default() -> Self {
        FileWalk { lines: 0, from: None, hash: none(), torn: false, bytes: 0 }
    }
}

fn walk(path: &Path, file: &File, visit: &mut dyn FnMut(Line)) -> Result<FileWalk, Error> {
    let mut lines = BufReader::new(file);
    let (mut found, mut line) = (FileWalk::default(), Vec::new());
    loop {
        line.clear();
        let unavailable = |cause| Error::Unavailable { file: path.to_owned(), cause };
        let read = lines.read_until(b'\n', &mut line).map_err(unavailable)?;
        if read == 0 {
            return Ok(found);
        }
        if line.pop() != Some(b'\n') {
            found.torn = true;
            return Ok(found);
        }
        let changed = || Error::Changed { file: path.to_owned(), line: found.lines.saturating_add(1) };
        let text = std::str::from_utf8(&line).map_err(|_| changed())?;
        let (entry, hash) = parts(text).ok_or_else(changed)?;
        if chained(&found.hash, entry) != hash {
            return Err(changed());
        }
        let entry = serde_json::from_str(entry).map_err(|_| changed())?;
        if let Line::GoesOn { from, .. } = &entry
            && found.lines == 0
        {
            found.from = Some(from.clone());
        }
        visit(entry);
        found.hash = hash.to_owned();
        found.lines = found.lines.saturating_add(1);
        found.bytes = found.bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
}

/// Every file of a trail, oldest first, opened at one moment: a server may seal one meanwhile.
fn open_all(folder: &Path) -> Result<Vec<(PathBuf, File)>, Error> {
    let list = || sealed(folder).map_err(|cause| Error::Unavailable { file: folder.to_owned(), cause });
    loop {
        let (before, mut files) = (list()?, Vec::new());
        for path in before.values().cloned().chain([folder.join(NEWEST)]) {
            match File::open(&path) {
                Ok(file) => files.push((path, file)),
                // It was sealed, and nothing came since.
                Err(cause) if cause.kind() == io::ErrorKind::NotFound && !files.is_empty() => {}
                Err(cause) => return Err(Error::Unavailable { file: path, cause }),
            }
        }
        if list()? == before {
            return Ok(files);
        }
    }
}

/// The sealed files by number.
fn sealed(folder: &Path) -> io::Result<BTreeMap<u32, PathBuf>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let (name, path) = {
            let entry = entry?;
            (entry.file_name(), entry.path())
        };
        let number = name.to_str().and_then(|name| name.strip_prefix("audit-")?.strip_suffix(".jsonl")?.parse().ok());
        files.extend(number.map(|number| (number, path)));
    }
    Ok(files)
}

/// The last hash of the newest sealed file; none if there is none, or if it is not whole, which [`follow`] will say.
fn last_sealed(folder: &Path) -> Result<Option<String>, Error> {
    let unavailable = |file: &Path| {
        let file = file.to_owned();
        move |cause| Error::Unavailable { file, cause }
    };
    let Some((_, path)) = sealed(folder).map_err(unavailable(folder))?.pop_last() else { return Ok(None) };
    match walk(&path, &File::open(&path).map_err(unavailable(&path))?, &mut drop) {
        Ok(found) => Ok(Some(found.hash)),
        Err(error @ Error::Changed { .. }) => {
            tracing::error!(%error, "a sealed file of the audit trail was changed");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Opens the newest file, which is made if it does not exist, and then stays.
fn open(folder: &Path) -> io::Result<File> {
    let path = folder.join(NEWEST);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    // The trail is not for every user of this machine.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let is_new = !path.exists();
    let file = options.open(path)?;
    if is_new {
        File::open(folder)?.sync_all()?;
    }
    Ok(file)
}

/// A name beside a file that is free.
fn aside(path: &Path) -> PathBuf {
    let named = |number: u32| path.with_extension(format!("changed-{number}.jsonl"));
    (1..).map(named).find(|name| !name.exists()).unwrap_or_else(|| named(0))
}

/// The files of such a name that are there.
fn put_aside(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        files.extend(entry.file_name().to_string_lossy().starts_with("audit.changed-").then(|| entry.path()));
    }
    files.sort();
    Ok(files)
}

/// The hash before a first line.
fn none() -> String {
    blake3::Hash::from_bytes([0; 32]).to_string()
}

/// The entry of a line, as it was hashed, and the hash.
fn parts(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("{\"entry\":")?.strip_suffix("\"}")?.rsplit_once(",\"hash\":\"")
}

fn chained(before: &str, entry: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before.as_bytes());
    hasher.update(entry.as_bytes());
    hasher.finalize().to_string()
}
