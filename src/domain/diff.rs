//! What differs between two trees, field by field: for history, dry runs and people.
//!
//! **Invariants.** Nothing is said of what is equal, and something of everything that is not. A value said to stand
//! before or after does stand at its path: the path counts list elements as they stand after, or, where nothing
//! stands after, before.

use super::change::Write;
use super::field::{Fields, Path, Value, words};
use super::name::Name;

words! {
    /// What a write does to a record; the same words as `enum DiffKind` in the proto.
    pub enum DiffKind {
        /// It was not there before.
        Created = "CREATED",
        /// Some of its fields differ.
        Changed = "CHANGED",
        /// It is there no longer.
        Deleted = "DELETED",
    }
}

/// What a write does to one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordDiff {
    /// The record.
    pub name: Name,
    /// Whether it comes, goes or changes.
    pub kind: DiffKind,
    /// The fields that differ, in the order of their names.
    pub fields: Vec<FieldDiff>,
    /// The fields that differ too, and whose values are withheld from whoever reads this.
    pub redacted: Vec<String>,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDiff {
    /// Where, as a dotted path with indices: `channels[0].value`.
    pub path: String,
    /// What stood there; `None` if nothing.
    pub before: Option<Value>,
    /// What stands there; `None` if nothing.
    pub after: Option<Value>,
}

impl RecordDiff {
    /// What a write does to its record; `None` if it changes only what is kept beside it.
    pub fn of(write: &Write) -> Option<Self> {
        let tree = |stored: &Option<super::record::Stored>| stored.as_ref().map(|stored| stored.record.to_fields());
        let (before, after) = (tree(&write.before), tree(&write.after));
        let kind = match (&before, &after) {
            (None, None) => return None,
            (Some(before), Some(after)) if before == after => return None,
            (None, Some(_)) => DiffKind::Created,
            (Some(_), None) => DiffKind::Deleted,
            (Some(_), Some(_)) => DiffKind::Changed,
        };
        let fields = diff(&before.unwrap_or_default(), &after.unwrap_or_default());
        Some(RecordDiff { name: write.name.clone(), kind, fields, redacted: Vec::new() })
    }

    /// The same for somebody from whom these fields are withheld; `None` if there are none either.
    pub fn seen(write: &Write, redacted: Vec<String>) -> Option<Self> {
        match RecordDiff::of(write) {
            Some(diff) => Some(RecordDiff { redacted, ..diff }),
            None if redacted.is_empty() => None,
            None => {
                let (name, kind) = (write.name.clone(), DiffKind::Changed);
                Some(RecordDiff { name, kind, fields: Vec::new(), redacted })
            }
        }
    }
}

/// What differs between two trees, in the order of the fields' names.
pub fn diff(before: &Fields, after: &Fields) -> Vec<FieldDiff> {
    let mut found = Vec::new();
    compare_fields(before, after, &Path::Root, &mut found);
    found
}

fn compare_fields(before: &Fields, after: &Fields, at: &Path<'_>, found: &mut Vec<FieldDiff>) {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        compare(before.get(name), after.get(name), &at.field(name), found);
    }
}

fn compare(before: Option<&Value>, after: Option<&Value>, at: &Path<'_>, found: &mut Vec<FieldDiff>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Some(Value::Fields(before)), Some(Value::Fields(after))) => compare_fields(before, after, at, found),
        (Some(Value::List(before)), Some(Value::List(after))) => compare_lists(before, after, at, found),
        (before, after) => {
            found.push(FieldDiff { path: at.to_string(), before: before.cloned(), after: after.cloned() });
        }
    }
}

/// Compares two lists, each element with the one it came from.
fn compare_lists(before: &[Value], after: &[Value], at: &Path<'_>, found: &mut Vec<FieldDiff>) {
    let origins = origins(before, after);
    let kept: Vec<usize> = origins.iter().flatten().copied().collect();
    if !kept.is_sorted() {
        // The order is itself what changed: channels are tried, and precedence is given, in the order written.
        let (before, after) = (Value::List(before.to_vec()), Value::List(after.to_vec()));
        found.push(FieldDiff { path: at.to_string(), before: Some(before), after: Some(after) });
        return;
    }
    for (index, (item, origin)) in after.iter().zip(&origins).enumerate() {
        compare(origin.and_then(|origin| before.get(origin)), Some(item), &at.item(index), found);
    }
    for (index, item) in before.iter().enumerate().filter(|(index, _)| !kept.contains(index)) {
        compare(Some(item), None, &at.item(index), found);
    }
}

/// For each element after, the one before that it came from: the same one; else one with the same key; else, for what
/// has no key, the next one that is left.
fn origins(before: &[Value], after: &[Value]) -> Vec<Option<usize>> {
    let mut origins = vec![None; after.len()];
    let mut taken = vec![false; before.len()];
    let mut pair = |alike: &dyn Fn(&Value, &Value) -> bool| {
        for (item, origin) in after.iter().zip(&mut origins).filter(|(_, origin)| origin.is_none()) {
            let free = before.iter().zip(&mut taken).enumerate();
            let next = free.into_iter().find(|(_, (earlier, taken))| !**taken && alike(earlier, item));
            if let Some((index, (_, taken))) = next {
                *taken = true;
                *origin = Some(index);
            }
        }
    };
    pair(&|earlier, later| earlier == later);
    pair(&|earlier, later| key(earlier).is_some_and(|earlier| Some(earlier) == key(later)));
    pair(&|earlier, later| is_group(earlier) && is_group(later) && key(earlier).is_none() && key(later).is_none());
    origins
}

/// The fields that say which one an element of a list is, whatever else is said of it.
const KEYS: [&str; 11] = [
    "area",
    "organisation",
    "function",
    "calamity_type",
    "arrangement",
    "contact",
    "system",
    "kind",
    "category",
    "purpose",
    "text",
];

/// What tells a list element from the others; `None` if nothing does. A name or a word is its own key.
fn key(item: &Value) -> Option<Vec<&Value>> {
    match item {
        Value::Fields(fields) => {
            let found: Vec<&Value> =
                KEYS.iter().filter_map(|key| fields.get(*key)).filter(|value| !is_group(value)).collect();
            (!found.is_empty()).then_some(found)
        }
        Value::Bool(_) | Value::Integer(_) | Value::Text(_) | Value::List(_) => Some(vec![item]),
    }
}

fn is_group(value: &Value) -> bool {
    matches!(value, Value::Fields(_))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::arbitrary::record;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn edge(area: &str, start: &str) -> Value {
        Value::Fields(Fields::from([("area".to_owned(), text(area)), ("start".to_owned(), text(start))]))
    }

    fn list(items: &[Value]) -> Fields {
        Fields::from([("within".to_owned(), Value::List(items.to_vec()))])
    }

    fn said(before: &Fields, after: &Fields) -> Vec<(String, Option<Value>, Option<Value>)> {
        diff(before, after).into_iter().map(|diff| (diff.path, diff.before, diff.after)).collect()
    }

    #[test]
    fn an_element_put_first_does_not_change_those_behind_it() {
        let before = list(&[edge("areas/a", "2001"), edge("areas/b", "2002")]);
        let after = list(&[edge("areas/c", "2003"), edge("areas/a", "2001"), edge("areas/b", "2004")]);
        assert_eq!(
            said(&before, &after),
            [
                ("within[0]".to_owned(), None, Some(edge("areas/c", "2003"))),
                ("within[2].start".to_owned(), Some(text("2002")), Some(text("2004"))),
            ]
        );
        let gone = said(&after, &list(&[edge("areas/b", "2004")]));
        assert_eq!(gone.iter().map(|(path, ..)| path.as_str()).collect::<Vec<_>>(), ["within[0]", "within[1]"]);
    }

    #[test]
    fn a_new_order_is_a_difference_of_the_list() {
        let (a, b) = (edge("areas/a", "2001"), edge("areas/b", "2002"));
        let said = said(&list(&[a.clone(), b.clone()]), &list(&[b, a]));
        assert_eq!(said.iter().map(|(path, ..)| path.as_str()).collect::<Vec<_>>(), ["within"]);
    }

    #[test]
    fn texts_come_and_go_instead_of_changing() {
        let names = |names: &[&str]| list(&names.iter().map(|name| text(name)).collect::<Vec<_>>());
        assert_eq!(
            said(&names(&["areas/a", "areas/b"]), &names(&["areas/a", "areas/c"])),
            [
                ("within[1]".to_owned(), None, Some(text("areas/c"))),
                ("within[1]".to_owned(), Some(text("areas/b")), None)
            ]
        );
    }

    /// What stands at a path, found the plain way.
    fn standing(fields: &Fields, path: &str) -> Option<Value> {
        let mut here = Value::Fields(fields.clone());
        for step in path.replace('[', ".[").split('.') {
            here = match (here, step.strip_prefix('[').and_then(|index| index.strip_suffix(']'))) {
                (Value::List(items), Some(index)) => items.get(index.parse::<usize>().unwrap())?.clone(),
                (here, _) => here.get(step)?.clone(),
            };
        }
        Some(here)
    }

    proptest! {
        #[test]
        fn what_is_said_is_so_and_nothing_is_left_out(records in prop::collection::vec(record(), 2..10)) {
            let pairs = records.iter().flat_map(|before| records.iter().map(move |after| (before, after)));
            for (before, after) in pairs.filter(|(before, after)| before.collection() == after.collection()) {
                let (before, after) = (before.to_fields(), after.to_fields());
                let found = diff(&before, &after);
                prop_assert_eq!(found.is_empty(), before == after);
                for FieldDiff { path, before: earlier, after: later } in &found {
                    prop_assert_ne!(earlier, later);
                    match later {
                        Some(_) => prop_assert_eq!(&standing(&after, path), later),
                        None => prop_assert_eq!(&standing(&before, path), earlier),
                    }
                }
                prop_assert_eq!(diff(&after, &before).len(), found.len());
            }
        }
    }
}
