//! Reads the files of a dataset into records.
//!
//! **Invariants.** Every file is read to its end, whatever is wrong with it or with another; a record that is
//! written but faulty still counts as written, so that one fault does not appear as many dangling references.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Dataset, Error, Extent, File, FileFault, SOURCES_FILE, Sources, is_dataset_file};
use crate::domain::field::{Fault, Faults, Field, Fields, Path, Value};
use crate::domain::invariant::{check_alone, check_among, circles};
use crate::domain::name::Name;
use crate::domain::record::Record;
use crate::domain::source::Source;

/// Reads these files as one dataset.
pub(super) fn dataset(mut files: Vec<File>, extent: Extent) -> Result<Dataset, Error> {
    // The order of the files decides which of two definitions is called the second.
    files.retain(|file| is_dataset_file(&file.path));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut faults = Vec::new();
    let texts: Vec<Text<'_>> = files.iter().filter_map(|file| Text::of(file, &mut faults)).collect();
    let documents: Vec<Document<'_>> = texts.into_iter().map(|text| Document::parse(text, &mut faults)).collect();

    let mut sources = Keys::new();
    for document in documents.iter().filter(|document| document.text.path == SOURCES_FILE) {
        document.sources(&mut sources, &mut faults);
    }
    let mut written: BTreeMap<Name, Position<'_>> = BTreeMap::new();
    let mut records = BTreeMap::new();
    for document in documents.iter().filter(|document| document.text.path != SOURCES_FILE) {
        document.records(&sources, &mut written, &mut records, &mut faults);
    }
    check(&records, &written, extent, &mut faults);
    if faults.is_empty() {
        let sources = sources.into_iter().filter_map(|(key, source)| Some((key, source?))).collect::<Sources>();
        return Ok(Dataset { records: records.into_values().collect(), sources });
    }
    faults.sort();
    Err(Error::Faults(faults))
}

/// Names what is wrong with these records by the rules of the domain.
fn check(
    records: &BTreeMap<Name, Record>,
    written: &BTreeMap<Name, Position<'_>>,
    extent: Extent,
    faults: &mut Vec<FileFault>,
) {
    let find = |name: &Name| records.get(name).cloned();
    let mut wrong: BTreeMap<&Name, Faults> = BTreeMap::new();
    for (name, record) in records {
        let wrong = wrong.entry(name).or_default();
        check_alone(record, wrong);
        check_among(record, &|other| extent == Extent::Part || written.contains_key(other), &find, wrong);
    }
    for circle in circles(records.keys(), &find) {
        if let Some(wrong) = circle.way.first().and_then(|name| wrong.get_mut(name)) {
            wrong.add(&Path::Root.field(circle.field), "CIRCLE", circle.message);
        }
    }
    for (name, wrong) in wrong {
        if let Some(place) = written.get(name) {
            place.report(wrong, faults);
        }
    }
}

/// The sources by key; `None` for one that is faulty, so that its fault is not said again at every fact.
type Keys = BTreeMap<String, Option<Fields>>;

/// A file that is text.
#[derive(Debug, Clone, Copy)]
struct Text<'a> {
    path: &'a str,
    text: &'a str,
}

impl<'a> Text<'a> {
    fn of(file: &'a File, faults: &mut Vec<FileFault>) -> Option<Self> {
        match std::str::from_utf8(&file.bytes) {
            Ok(text) => Some(Text { path: &file.path, text }),
            Err(error) => {
                faults.push(FileFault {
                    file: file.path.clone(),
                    line: None,
                    record: String::new(),
                    path: String::new(),
                    reason: "NOT_UTF8",
                    message: format!("is not UTF-8 text: {error}"),
                });
                None
            }
        }
    }

    /// The line of a byte, from 1.
    fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        before.filter(|byte| **byte == b'\n').count().saturating_add(1)
    }

    fn fault(&self, offset: Option<usize>, record: &str, fault: Fault) -> FileFault {
        FileFault {
            file: self.path.to_owned(),
            line: offset.map(|offset| self.line(offset)),
            record: record.to_owned(),
            path: fault.path,
            reason: fault.reason,
            message: fault.message,
        }
    }
}

/// A parsed file.
struct Document<'a> {
    text: Text<'a>,
    table: DeTable<'a>,
}

/// Where a record is written.
#[derive(Clone, Copy)]
struct Position<'a> {
    text: Text<'a>,
    key: &'a Spanned<std::borrow::Cow<'a, str>>,
    value: &'a Spanned<DeValue<'a>>,
}

impl Position<'_> {
    fn report(&self, wrong: Faults, faults: &mut Vec<FileFault>) {
        if wrong.is_empty() {
            return;
        }
        let mut offsets = BTreeMap::new();
        offsets_of(self.value, &Path::Root, &mut offsets);
        for fault in wrong.0 {
            let offset = nearest(&fault.path, &offsets).unwrap_or_else(|| self.key.span().start);
            faults.push(self.text.fault(Some(offset), self.key.get_ref(), fault));
        }
    }
}

impl<'a> Document<'a> {
    fn parse(text: Text<'a>, faults: &mut Vec<FileFault>) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text.text);
        faults.extend(errors.into_iter().map(|error| {
            let message = error.message().to_owned();
            let fault = Fault { path: String::new(), reason: "NOT_TOML", message };
            text.fault(error.span().map(|span| span.start), "", fault)
        }));
        Document { text, table: table.into_inner() }
    }

    fn places(&self) -> impl Iterator<Item = Position<'_>> {
        self.table.iter().map(|(key, value)| Position { text: self.text, key, value })
    }

    fn sources(&self, sources: &mut Keys, faults: &mut Vec<FileFault>) {
        for place in self.places() {
            let mut wrong = Faults::default();
            let value = to_value(place.value.get_ref(), &Path::Root, &mut wrong);
            let source = Source::from_value(Some(value), &Path::Root, &mut wrong);
            let fields = match source.and_then(|source| source.to_value()) {
                Some(Value::Fields(fields)) => Some(fields),
                Some(_) | None => None,
            };
            sources.insert(place.key.get_ref().to_string(), fields);
            place.report(wrong, faults);
        }
    }

    fn records<'d>(
        &'d self,
        sources: &Keys,
        written: &mut BTreeMap<Name, Position<'d>>,
        records: &mut BTreeMap<Name, Record>,
        faults: &mut Vec<FileFault>,
    ) {
        for place in self.places() {
            let mut wrong = Faults::default();
            match Name::parse(place.key.get_ref()) {
                Err(fault) => wrong.0.push(fault),
                Ok(name) => {
                    if let Some(first) = written.get(&name) {
                        let (file, line) = (first.text.path, first.text.line(first.key.span().start));
                        wrong.add(&Path::Root, "DUPLICATE", format!("is also written in {file}:{line}"));
                    } else {
                        written.insert(name.clone(), place);
                        if let Some(record) = read_record(&name, place.value.get_ref(), sources, &mut wrong) {
                            records.insert(name, record);
                        }
                    }
                }
            }
            place.report(wrong, faults);
        }
    }
}

fn read_record(name: &Name, value: &DeValue<'_>, sources: &Keys, wrong: &mut Faults) -> Option<Record> {
    let Value::Fields(mut fields) = to_value(value, &Path::Root, wrong) else {
        wrong.add(&Path::Root, "WRONG_KIND", "a record is written as a table");
        return None;
    };
    expand_sources(&mut fields, sources, &Path::Root, wrong);
    if fields.insert("name".to_owned(), Value::Text(name.as_str().to_owned())).is_some() {
        wrong.add(&Path::Root.field("name"), "UNKNOWN_FIELD", "the table's key is the name; leave this out");
    }
    let before = wrong.0.len();
    let record = Record::from_fields(name.collection(), fields, &Path::Root, wrong);
    // A number that TOML writes but a record cannot hold was named already; once is enough.
    let (named, mut rest) = (wrong.0.drain(..before).collect::<Vec<_>>(), std::mem::take(&mut wrong.0));
    rest.retain(|fault| !named.iter().any(|earlier| earlier.path == fault.path));
    wrong.0 = named.into_iter().chain(rest).collect();
    if wrong.is_empty() { record } else { None }
}

/// The tree of a TOML value; dates and times become their written form.
fn to_value(value: &DeValue<'_>, at: &Path<'_>, faults: &mut Faults) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(truth) => Value::Bool(*truth),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => {
                faults.add(at, "OUT_OF_RANGE", format!("{number} is too large"));
                Value::Integer(0)
            }
        },
        DeValue::Float(number) => {
            faults.add(at, "WRONG_KIND", format!("{number} is a fraction; write a whole number or a quoted text"));
            Value::Integer(0)
        }
        DeValue::Datetime(moment) => {
            let written = moment.to_string();
            // Opening hours are to the minute, which TOML before 1.1 cannot write.
            let minutes = written.strip_suffix(":00").filter(|short| moment.date.is_none() && short.len() == 5);
            Value::Text(minutes.map_or_else(|| written.clone(), str::to_owned))
        }
        DeValue::Array(items) => Value::List(
            items.iter().enumerate().map(|(index, item)| to_value(item.get_ref(), &at.item(index), faults)).collect(),
        ),
        DeValue::Table(table) => Value::Fields(
            table
                .iter()
                .map(|(key, item)| {
                    (key.get_ref().to_string(), to_value(item.get_ref(), &at.field(key.get_ref()), faults))
                })
                .collect(),
        ),
    }
}

/// Replaces every `source = "KEY"` and `source = { key = "KEY", .. }` by the source of that key.
fn expand_sources(fields: &mut Fields, sources: &Keys, at: &Path<'_>, faults: &mut Faults) {
    if let Some(source) = fields.remove("source")
        && let Some(source) = expand_source(source, sources, &at.field("source"), faults)
    {
        fields.insert("source".to_owned(), source);
    }
    for (name, value) in fields.iter_mut().filter(|(name, _)| *name != "source") {
        expand_within(value, sources, &at.field(name), faults);
    }
}

fn expand_within(value: &mut Value, sources: &Keys, at: &Path<'_>, faults: &mut Faults) {
    match value {
        Value::Fields(fields) => expand_sources(fields, sources, at, faults),
        Value::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                expand_within(item, sources, &at.item(index), faults);
            }
        }
        Value::Bool(_) | Value::Integer(_) | Value::Text(_) => {}
    }
}

/// The source that a key stands for; `None` if there is none, or none that may be used.
fn expand_source(value: Value, sources: &Keys, at: &Path<'_>, faults: &mut Faults) -> Option<Value> {
    let (key, overrides) = match value {
        Value::Text(key) => (key, Fields::new()),
        Value::Fields(mut fields) => match fields.remove("key") {
            Some(Value::Text(key)) => (key, fields),
            Some(_) => {
                faults.add(&at.field("key"), "WRONG_KIND", "expected the key of a source, a text");
                return None;
            }
            // A source written out in place.
            None => return Some(Value::Fields(fields)),
        },
        Value::Bool(_) | Value::Integer(_) | Value::List(_) => return Some(value),
    };
    let Some(source) = sources.get(&key) else {
        faults.add(at, "UNKNOWN_SOURCE", format!("'{key}' is not a key of {SOURCES_FILE}"));
        return None;
    };
    let mut source = source.clone()?;
    source.extend(overrides);
    Some(Value::Fields(source))
}

/// The byte at which each field is written, by path.
fn offsets_of(value: &Spanned<DeValue<'_>>, at: &Path<'_>, into: &mut BTreeMap<String, usize>) {
    match value.get_ref() {
        DeValue::Table(table) => {
            for (key, item) in table {
                let at = at.field(key.get_ref());
                into.insert(at.to_string(), key.span().start);
                offsets_of(item, &at, into);
            }
        }
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let at = at.item(index);
                into.insert(at.to_string(), item.span().start);
                offsets_of(item, &at, into);
            }
        }
        DeValue::String(_) | DeValue::Boolean(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => {}
    }
}

/// Where a field is written, or else the nearest one around it that is written at all.
fn nearest(path: &str, offsets: &BTreeMap<String, usize>) -> Option<usize> {
    let mut path = path;
    loop {
        if let Some(offset) = offsets.get(path) {
            return Some(*offset);
        }
        path = path.get(..path.rfind(['.', '['])?)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::files;
    use crate::domain::spoilt::spoilt;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
    }

    const SOURCES: &str = "[S1]\ntitle = \"Wet\"\nconfidence = \"DATED\"\nas_of = 2017-05-10\n";

    /// What is said of these files, one line per fault.
    fn faults_of(files: &[(&str, &str)]) -> Vec<String> {
        match dataset(files.iter().map(|(path, text)| file(path, text)).collect(), Extent::Whole) {
            Ok(_) => Vec::new(),
            Err(Error::Faults(faults)) => faults.iter().map(ToString::to_string).collect(),
            Err(error @ Error::File { .. }) => panic!("{error}"),
        }
    }

    #[test]
    fn a_record_stands_under_its_name_and_sources_are_expanded() {
        let text = r#"
["areas/urk"]
display_names = { nl = "Urk", en = "Urk" }
kind = "PLACE"
validity = { start = 1939-10-03 }
source = { key = "S1", note = "article 1" }
aliases = [{ text = "t Eiland", source = "S1" }]
"#;
        let read = dataset(vec![file("areas/a.toml", text), file(SOURCES_FILE, SOURCES)], Extent::Whole).unwrap();
        let fields = read.records.first().unwrap().to_fields();
        assert_eq!(fields["name"], Value::Text("areas/urk".to_owned()));
        assert_eq!(fields["validity"].get("start"), Some(&Value::Text("1939-10-03".to_owned())));
        assert_eq!(fields["source"].get("note"), Some(&Value::Text("article 1".to_owned())));
        assert_eq!(fields["source"].get("as_of"), Some(&Value::Text("2017-05-10".to_owned())));
        let Value::List(aliases) = &fields["aliases"] else { panic!("{fields:?}") };
        assert_eq!(aliases[0].get("source").unwrap().get("title"), Some(&Value::Text("Wet".to_owned())));
    }

    #[test]
    fn every_fault_of_every_file_is_said_with_its_line() {
        let a = r#"["areas/a"]
display_names = { nl = "A", en = "A" }
kind = "PLAATS"
within = [{ area = "areas/a" },
  { area = "areas/nowhere" }]
colour = "red"

["areas/b"]
display_names = { nl = "B", en = "B" }
kind = "PLACE"
within = [
  { area = "areas/nowhere" },
  { area = "areas/a", source = "S9" },
]

["streets/c"]
"#;
        let b = "[\"areas/b\"]\nkind = 1.5\n";
        assert_eq!(
            faults_of(&[("b.toml", b), ("a.toml", a), (SOURCES_FILE, SOURCES)]),
            [
                "a.toml:3: areas/a: kind: 'PLAATS' is not one of OBJECT, PLACE, ROAD, RAIL, WATER, MUNICIPALITY, \
                 SAFETY_REGION, PROVINCE, COUNTRY",
                "a.toml:6: areas/a: colour: no such field in Area",
                "a.toml:13: areas/b: within[1].source: 'S9' is not a key of sources.toml",
                "a.toml:16: streets/c: 'streets/c' is not a resource name such as areas/gm0171",
                "b.toml:1: areas/b: is also written in a.toml:8",
            ]
        );
    }

    #[test]
    fn a_reference_that_leads_nowhere_is_said_with_its_line() {
        let text = "[\"areas/b\"]\ndisplay_names = { nl = \"B\" }\nkind = \"PLACE\"\nwithin = [\n  { area = \"areas/x\" },\n]\n";
        assert_eq!(faults_of(&[("a.toml", text)]), ["a.toml:5: areas/b: within[0].area: 'areas/x' does not exist"]);
    }

    #[test]
    fn the_rules_of_the_domain_are_held_with_file_and_line() {
        let a = "[\"areas/a\"]\ndisplay_names = { nl = \"A\" }\nkind = \"PLACE\"\nwithin = [{ area = \"areas/b\" }]\n";
        let b = "[\"areas/b\"]\ndisplay_names = { nl = \"B\" }\nkind = \"PLACE\"\nwithin = [{ area = \"areas/a\" }]\n";
        assert_eq!(
            faults_of(&[
                ("a.toml", a),
                ("b.toml", b),
                (
                    "c.toml",
                    "[\"organisations/o/stations/s\"]\nkind = \"x\"\narea = \"areas/a\"\ndisplay_names = { nl = \"S\" }\n"
                )
            ]),
            [
                "a.toml:4: areas/a: within: lies within itself: areas/a > areas/b > areas/a",
                "c.toml:1: organisations/o/stations/s: name: 'organisations/o' does not exist",
            ]
        );
    }

    #[test]
    fn a_reference_to_a_faulty_record_is_not_a_second_fault() {
        let text = "[\"areas/a\"]\n[\"areas/b\"]\ndisplay_names = { nl = \"B\" }\nkind = \"PLACE\"\nwithin = [{ area = \"areas/a\" }]\n";
        let faults = faults_of(&[("a.toml", text)]);
        assert!(faults.iter().all(|fault| fault.starts_with("a.toml:1: areas/a:")), "{faults:?}");
    }

    #[test]
    fn a_faulty_source_is_one_fault_however_often_it_is_named() {
        let text = "[\"areas/b\"]\ndisplay_names = { nl = \"B\" }\nkind = \"PLACE\"\nsource = \"S1\"\n";
        let sources = "[S1]\ntitle = \"Wet\"\nconfidence = \"SURE\"\n";
        let faults = faults_of(&[("a.toml", text), (SOURCES_FILE, sources)]);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("sources.toml:3: S1: confidence: 'SURE'"), "{faults:?}");
    }

    #[test]
    fn a_file_that_is_not_toml_hides_no_other_fault() {
        let broken = "[\"areas/a\"]\nkind = \n";
        let faults = faults_of(&[("a.toml", broken), ("b.toml", "[\"areas/b\"]\nkind = 99999999999999999999\n")]);
        assert!(faults.iter().any(|fault| fault.starts_with("a.toml:2")), "{faults:?}");
        assert!(faults.iter().any(|fault| fault.contains("99999999999999999999 is too large")), "{faults:?}");
    }

    #[test]
    fn bytes_that_are_not_text_are_a_fault() {
        let wrong = File { path: "a.toml".to_owned(), bytes: vec![0xff, 0xfe] };
        assert!(
            matches!(dataset(vec![wrong], Extent::Whole), Err(Error::Faults(faults)) if faults[0].reason == "NOT_UTF8")
        );
    }

    #[test]
    fn a_part_of_a_dataset_may_name_what_lies_outside_of_it() {
        let text =
            "[\"areas/a\"]\ndisplay_names = { nl = \"A\" }\nkind = \"PLACE\"\nwithin = [{ area = \"areas/b\" }]\n";
        let dangling =
            |error| matches!(error, Error::Faults(faults) if faults.iter().any(|one| one.reason == "DANGLING"));
        assert!(dangling(dataset(vec![file("areas.toml", text)], Extent::Whole).unwrap_err()));
        assert_eq!(dataset(vec![file("areas.toml", text)], Extent::Part).unwrap().records.len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn no_input_makes_a_dataset_panic(
            texts in proptest::collection::vec(spoilt(seeds()), 1..4), sources in spoilt(vec![SOURCES.as_bytes().to_vec()]),
        ) {
            let named = texts.into_iter().enumerate().map(|(n, bytes)| File { path: format!("areas/{n}.toml"), bytes });
            let files = named.chain([File { path: SOURCES_FILE.to_owned(), bytes: sources }]);
            for extent in [Extent::Whole, Extent::Part] {
                let _ = dataset(files.clone().collect(), extent);
            }
        }
    }

    /// Small pieces of what ships, a record of each collection.
    fn seeds() -> Vec<Vec<u8>> {
        let records = crate::dataset::shipped().unwrap().records;
        let of_each: BTreeMap<_, _> = records.iter().map(|record| (record.collection(), record)).collect();
        let files = of_each.into_values().flat_map(|record| files([record], &Sources::default()).into_values());
        files.map(String::into_bytes).collect()
    }
}
