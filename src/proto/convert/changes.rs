//! What a change does to records, as messages.
//!
//! **Invariants.** What may not be seen is taken away before; here its fields are only named.

use crate::domain::change::Batch;
use crate::domain::diff::{FieldDiff, RecordDiff};
use crate::domain::field::Value;
use crate::proto::v1;

/// What a batch does, to all of its records.
pub fn record_diffs(batch: &Batch) -> Vec<v1::RecordDiff> {
    batch.writes.iter().filter_map(RecordDiff::of).map(|diff| record_diff(&diff)).collect()
}

/// What changed in one record, each value as JSON.
pub fn record_diff(diff: &RecordDiff) -> v1::RecordDiff {
    let kind = v1::DiffKind::from_str_name(&format!("DIFF_KIND_{}", diff.kind.word())).unwrap_or_default();
    let said = |value: Option<&Value>| value.map(|value| json(value).to_string()).unwrap_or_default();
    let field = |field: &FieldDiff| v1::FieldDiff {
        path: field.path.clone(),
        before: said(field.before.as_ref()),
        after: said(field.after.as_ref()),
    };
    v1::RecordDiff {
        name: diff.name.to_string(),
        kind: kind.into(),
        fields: diff.fields.iter().map(field).collect(),
        redacted_fields: diff.redacted.clone(),
    }
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(truth) => (*truth).into(),
        Value::Integer(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Fields(fields) => fields.iter().map(|(name, value)| (name.clone(), json(value))).collect(),
    }
}
