//! Records, differences and history, on a screen.
//!
//! **Invariants.** Values are shown as the JSON of the contract, so that they can be found again in any other form.

use serde_json::Value;

use crate::proto::v1;

use super::paper::{Cell, Ink};
use super::view::View;
use super::words::{Say, label, moment};

impl View {
    /// A record, one field a line.
    pub(in crate::cli) fn record(&self, record: &Value) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(fields) = record.as_object() {
            for (field, value) in fields {
                self.field(field, value, 0, &mut lines);
            }
        }
        lines
    }

    fn field(&self, name: &str, value: &Value, depth: usize, lines: &mut Vec<String>) {
        let indent = depth.saturating_mul(2);
        let deeper = depth.saturating_add(1);
        match value {
            Value::Object(fields) => {
                lines.push(format!("{:indent$}{name}:", ""));
                fields.iter().for_each(|(field, value)| self.field(field, value, deeper, lines));
            }
            Value::Array(values) => values
                .iter()
                .enumerate()
                .for_each(|(index, value)| self.field(&format!("{name}[{index}]"), value, depth, lines)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                let text = format!("{:indent$}{name}: {}", "", in_words(value));
                lines.extend(self.paper.paragraph(&Cell::from(text), indent.saturating_add(2)));
            }
        }
    }

    /// A list of records: what each is called, and its name.
    pub(in crate::cli) fn records(&self, records: &[Value], revision: i64) -> Vec<String> {
        let rows = records.iter().map(|record| {
            let text = |field: &str| record.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
            vec![Cell::from(text("name")), Cell::from(self.called(record)), Cell::new(text("etag"), Ink::Faint)]
        });
        let rows: Vec<Vec<Cell>> = rows.collect();
        let mut lines = Vec::new();
        self.table_or_none(
            &[self.language.say("NAAM", "NAME"), self.language.say("HEET", "IS CALLED"), "ETAG"],
            &rows,
            &mut lines,
        );
        let text = format!("{} | {} {revision}", records.len(), self.language.say("revisie", "revision"));
        lines.extend(self.paper.paragraph(&Cell::new(text, Ink::Faint), 0));
        lines
    }

    /// What a record is called; a rule or coverage, by what it is about.
    fn called(&self, record: &Value) -> String {
        let names = record.get("displayNames").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let of = |code: &str| {
            names
                .iter()
                .find(|name| name.get("languageCode").and_then(Value::as_str) == Some(code))?
                .get("text")?
                .as_str()
        };
        let about = || {
            let fields = ["capability", "area", "role"].iter().filter_map(|field| record.get(*field)?.as_str());
            fields.collect::<Vec<_>>().join(" ")
        };
        of(self.language.code()).or_else(|| of("nl")).map_or_else(about, str::to_owned)
    }

    /// What differs in one record.
    pub(in crate::cli) fn diff(&self, diff: &v1::RecordDiff) -> Vec<String> {
        let (sign, ink) = match diff.kind() {
            v1::DiffKind::Created => ("+", Ink::Strong),
            v1::DiffKind::Changed => ("~", Ink::Amber),
            v1::DiffKind::Deleted => ("-", Ink::Red),
            v1::DiffKind::Unspecified => ("?", Ink::Plain),
        };
        let mut lines = self.paper.paragraph(&Cell::new(format!("{sign} {}", diff.name), ink), 2);
        // What comes or goes whole is not repeated field by field.
        if diff.kind() == v1::DiffKind::Changed {
            for field in &diff.fields {
                let nothing = self.language.say("(leeg)", "(not set)");
                let said = |json: &str| if json.is_empty() { nothing.to_owned() } else { json.to_owned() };
                let text = format!("    {}: {} -> {}", field.path, said(&field.before), said(&field.after));
                lines.extend(self.paper.paragraph(&Cell::from(text), 6));
            }
        }
        for path in &diff.redacted_fields {
            let text = format!("    {path}: {}", self.language.say("afgeschermd", "withheld from you"));
            lines.extend(self.paper.paragraph(&Cell::new(text, Ink::Faint), 6));
        }
        lines
    }

    /// Accepted writes, oldest first.
    pub(in crate::cli) fn history(&self, answer: &v1::ListChangesResponse) -> Vec<String> {
        let mut lines = Vec::new();
        for change in &answer.changes {
            let at = change.create_time.as_ref().map(|at| moment(self.language, at)).unwrap_or_default();
            let mut text = format!("{}  {at}  {}", change.revision, change.principal);
            if !change.change_reason.is_empty() {
                text.push_str(&format!(": {}", change.change_reason));
            }
            self.title(&mut lines, &text);
            if change.diffs.len() > MOST_DIFFS && !self.all {
                let counts = [v1::DiffKind::Created, v1::DiffKind::Changed, v1::DiffKind::Deleted].map(|kind| {
                    let count = change.diffs.iter().filter(|diff| diff.kind() == kind).count();
                    format!("{} {count}", label(self.language, "DiffKind", kind.into()))
                });
                lines.push(format!("  {}; --all", counts.join(", ")));
            } else {
                lines.extend(change.diffs.iter().flat_map(|diff| self.diff(diff)).map(|line| format!("  {line}")));
            }
        }
        if answer.changes.is_empty() {
            lines.push(self.language.say("geen wijzigingen", "no changes").to_owned());
        }
        lines
    }
}

/// Above this, the records of one write are counted.
const MOST_DIFFS: usize = 20;

fn in_words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::output::paper::Paper;
    use crate::domain::text::Language;

    const VIEW: View =
        View { language: Language::Dutch, paper: Paper { width: 80, colour: false }, all: false, compared: None };

    #[test]
    fn a_record_is_shown_field_by_field() {
        let record = json!({"name": "areas/gm0171", "aliases": [{"text": "NOP"}]});
        assert_eq!(VIEW.record(&record), ["aliases[0]:", "  text: NOP", "name: areas/gm0171"]);
    }

    #[test]
    fn a_list_shows_what_records_are_called_in_the_readers_language() {
        let names = json!([{"languageCode": "nl", "text": "Vuur"}, {"languageCode": "en", "text": "Fire"}]);
        let lines = VIEW.records(&[json!({"name": "capabilities/fire", "displayNames": names, "etag": "\"1\""})], 3);
        assert_eq!(lines, ["NAAM               HEET  ETAG", "capabilities/fire  Vuur  \"1\"", "1 | revisie 3"]);
    }

    #[test]
    fn a_difference_shows_both_values_of_each_field() {
        let field = v1::FieldDiff { path: "kind".to_owned(), before: String::new(), after: "\"x\"".to_owned() };
        let diff = v1::RecordDiff {
            name: "areas/a".to_owned(),
            kind: v1::DiffKind::Changed.into(),
            fields: vec![field],
            redacted_fields: vec!["channels[0].value".to_owned()],
        };
        let lines = ["~ areas/a", "    kind: (leeg) -> \"x\"", "    channels[0].value: afgeschermd"];
        assert_eq!(VIEW.diff(&diff), lines);
    }
}
