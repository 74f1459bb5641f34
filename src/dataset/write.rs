//! Writes records as the files of a dataset, for people to read, compare and change.
//!
//! **Invariants.** The same records give the same bytes: files, records and fields stand in a fixed order. A source
//! that has a key is written as its key.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::{Error, SOURCES_FILE, Sources};
use crate::domain::calamity_type::{CalamityLevel, CalamityType};
use crate::domain::field::{Fields, Value};
use crate::domain::name::{Collection, Name};
use crate::domain::record::{Record, Resource};

/// The line length above which a list is broken into one line per element.
const WIDTH: usize = 120;

/// Writes records as a dataset into a directory, which is made if it does not exist. What is made is for its owner only:
/// confidential values may be in it. Files of an earlier export that hold nothing any more are left: whether to delete a
/// file is for the caller to say.
///
/// # Errors
/// [`Error::File`] if a file cannot be written.
pub fn write<'a>(
    directory: &Path,
    records: impl IntoIterator<Item = &'a Record>,
    sources: &Sources,
) -> Result<(), Error> {
    for (file, text) in files(records, sources) {
        let path = directory.join(file);
        let fail = |cause| Error::File { path: path.display().to_string(), cause };
        if let Some(folder) = path.parent() {
            make_folder(folder).map_err(fail)?;
        }
        make_file(&path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(fail)?;
    }
    Ok(())
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn make_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The files of these records and sources: path to text.
pub fn files<'a>(records: impl IntoIterator<Item = &'a Record>, sources: &Sources) -> BTreeMap<String, String> {
    let records: BTreeMap<&Name, &Record> = records.into_iter().map(|record| (record.name(), record)).collect();
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for (name, record) in &records {
        let text = files.entry(file_of(record, &records)).or_default();
        let mut fields = record.to_fields();
        fields.remove("name");
        shorten_sources(&mut fields, sources);
        table(text, name.as_str(), &fields);
    }
    let mut text = String::new();
    for (key, source) in sources {
        table(&mut text, key, source);
    }
    files.insert(SOURCES_FILE.to_owned(), text);
    files
}

/// The file a record is written to: large enough to be few, small enough to be read.
fn file_of(record: &Record, records: &BTreeMap<&Name, &Record>) -> String {
    let name = record.name();
    match record {
        Record::Area(area) => format!("areas/{}.toml", area.kind.word().to_ascii_lowercase().replace('_', "-")),
        Record::Organisation(_) | Record::Coverage(_) | Record::Station(_) | Record::Contact(_) => {
            let organisation = name.parent();
            format!("organisations/{}.toml", organisation.as_ref().unwrap_or(name).id())
        }
        Record::Arrangement(_) => format!("arrangements/{}.toml", name.id()),
        Record::Assignment(assignment) => {
            let first = assignment.calamity_types.first().map(|id| crisis_type(id.name(), records));
            format!("assignments/{}.toml", first.as_ref().map_or("any", |name| name.id()))
        }
        Record::Capability(_) | Record::CrisisFunction(_) | Record::CrisisProcess(_) | Record::Condition(_) => {
            format!("catalogue/{}.toml", folder(name.collection()))
        }
        Record::CalamityType(_) | Record::Term(_) | Record::Constraint(_) | Record::Profile(_) => {
            let folder = folder(name.collection());
            format!("{folder}/{folder}.toml")
        }
    }
}

/// A collection's word as file names are written: `calamityTypes` is `calamity-types`.
fn folder(collection: Collection) -> String {
    let mut folder = String::new();
    for letter in collection.word().chars() {
        if letter.is_ascii_uppercase() {
            folder.push('-');
        }
        folder.push(letter.to_ascii_lowercase());
    }
    folder
}

/// The crisis type that a calamity type belongs to, or the type itself if it belongs to none.
fn crisis_type(name: &Name, records: &BTreeMap<&Name, &Record>) -> Name {
    let found = |name: &Name| records.get(name).and_then(|record| CalamityType::from_record(record));
    match found(name) {
        Some(calamity) if calamity.level == CalamityLevel::IncidentType => calamity
            .parent
            .as_ref()
            .filter(|parent| found(parent.name()).is_some_and(|parent| parent.level == CalamityLevel::CrisisType))
            .map_or_else(|| name.clone(), |parent| parent.name().clone()),
        Some(_) | None => name.clone(),
    }
}

/// Writes each source that has a key as its key, with what differs.
fn shorten_sources(fields: &mut Fields, sources: &Sources) {
    for (name, value) in fields {
        match value {
            Value::Fields(source) if name == "source" => {
                if let Some(short) = shortened(source, sources) {
                    *value = short;
                }
            }
            Value::Fields(fields) => shorten_sources(fields, sources),
            Value::List(items) => {
                for item in items {
                    if let Value::Fields(fields) = item {
                        shorten_sources(fields, sources);
                    }
                }
            }
            Value::Bool(_) | Value::Integer(_) | Value::Text(_) => {}
        }
    }
}

fn shortened(source: &Fields, sources: &Sources) -> Option<Value> {
    if let Some((key, _)) = sources.iter().find(|(_, known)| *known == source) {
        return Some(Value::Text(key.clone()));
    }
    // An override can change a field but not remove one.
    let same = |known: &Fields| {
        ["title", "uri"].iter().all(|field| known.get(*field) == source.get(*field))
            && known.keys().all(|field| source.contains_key(field))
    };
    let (key, known) = sources.iter().find(|(_, known)| same(known))?;
    let mut short: Fields =
        source.clone().into_iter().filter(|(field, value)| known.get(field) != Some(value)).collect();
    short.insert("key".to_owned(), Value::Text(key.clone()));
    Some(Value::Fields(short))
}

fn table(text: &mut String, name: &str, fields: &Fields) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push('[');
    quoted(text, name);
    text.push_str("]\n");
    for (field, value) in fields {
        let mut line = String::new();
        key(&mut line, field);
        line.push_str(" = ");
        let start = line.len();
        inline(&mut line, value);
        match value {
            Value::List(items) if line.chars().count() > WIDTH => {
                line.truncate(start);
                line.push_str("[\n");
                for item in items {
                    line.push_str("  ");
                    inline(&mut line, item);
                    line.push_str(",\n");
                }
                line.push(']');
            }
            Value::List(_) | Value::Bool(_) | Value::Integer(_) | Value::Text(_) | Value::Fields(_) => {}
        }
        text.push_str(&line);
        text.push('\n');
    }
}

fn inline(text: &mut String, value: &Value) {
    match value {
        Value::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
        Value::Integer(number) => text.push_str(&number.to_string()),
        Value::Text(written) => quoted(text, written),
        Value::List(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                inline(text, item);
            }
            text.push(']');
        }
        Value::Fields(fields) if fields.is_empty() => text.push_str("{}"),
        Value::Fields(fields) => {
            for (index, (field, value)) in fields.iter().enumerate() {
                text.push_str(if index == 0 { "{ " } else { ", " });
                key(text, field);
                text.push_str(" = ");
                inline(text, value);
            }
            text.push_str(" }");
        }
    }
}

fn key(text: &mut String, key: &str) {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { text.push_str(key) } else { quoted(text, key) }
}

fn quoted(text: &mut String, written: &str) {
    text.push('"');
    for letter in written.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            letter if letter.is_control() => {
                // Writing to a text cannot fail.
                let _ = write!(text, "\\u{:04X}", u32::from(letter));
            }
            letter => text.push(letter),
        }
    }
    text.push('"');
}
