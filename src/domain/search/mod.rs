//! Lists of records: which, in what order, and where to go on.
//!
//! **Filters** follow AIP-160. `kind = PLACE AND within.area:areas/gm0171` is a comparison of fields by `=`, `!=`, `<`,
//! `<=`, `>`, `>=` and `:` (has); `AND` (or a blank), `OR`, `NOT` (or `-`) and parentheses combine; **`OR` binds tighter
//! than `AND`**. Words without a field are sought in names, display names and aliases.
//!
//! - Fields are the record's own, at any depth by dots, and `uid`, `etag`, `create_time`, `update_time`, `origin`
//!   (`SHIPPED`, `OFFICE`, `EDITED`). A list holds for any of its elements; a text in several languages for any of them,
//!   `display_names.nl` for one.
//! - Values are compared by their kind: dates as dates, words of an enum in their order (with or without the prefix that
//!   the proto gives them), names and texts letter by letter. Quotes are needed for values with blanks or brackets.
//! - `=` on a text takes one `*` at either end. `!=` is the negation of `=`.
//! - `:` on a text means that it contains the value, case and marks aside; on a group of fields that it has one; on texts
//!   that they have a language; elsewhere it is `=`. `field:*` means that the field is set.
//! - A field that is absent has its default, unless its group or the field itself is optional: then no comparison holds.
//! - At most [`MAX_FILTER_BYTES`], [`MAX_DEPTH`] deep, [`MAX_TERMS`] terms. There are no functions.
//!
//! **Orders** are fields with an optional `desc`: `kind, update_time desc`; not through lists. Display names are ordered in
//! Dutch without case and marks. Equal records are in order of their names, so every order is total.
//!
//! **Cursors** name the last record given by its order keys and name, not by its place: going on in a later snapshot
//! gives each record that stays the same exactly once, whatever is added or deleted meanwhile.

mod filter;
mod parse;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::sync::Arc;

use super::error::Error;
use super::field::{Fields, Schema, Value};
use super::name::{Collection, Name};
use super::record::{Origin, Record, Stored};
use super::source::CalendarDate;
use super::text::Language;
use super::validity::Moment;
use super::words::normal;
use filter::Node;

/// The longest filter. Longer ones are written by programs, which can send names instead.
pub const MAX_FILTER_BYTES: usize = 1024;
/// How deep parentheses and negations may nest.
pub const MAX_DEPTH: usize = 16;
/// How many comparisons and words a filter may have.
pub const MAX_TERMS: usize = 64;
/// How many fields an order may name.
pub const MAX_ORDER_FIELDS: usize = 8;

/// A filter over the records of one collection, checked against its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    schema: Arc<Schema>,
    root: Option<Node>,
}

impl Filter {
    /// Parses a filter; an empty one lets every record through.
    ///
    /// # Errors
    /// [`Error::Filter`] with the position where reading stopped, and what would be right.
    pub fn parse(text: &str, collection: Collection) -> Result<Self, Error> {
        let schema = Arc::new(schema(collection));
        let root = parse::parse(text, &schema)?;
        Ok(Filter { schema, root })
    }

    /// Whether it asks for this field of a record, or for one inside it.
    pub fn asks_for(&self, field: &str) -> bool {
        self.root.as_ref().is_some_and(|root| root.asks_for(field))
    }

    /// Whether a record passes.
    pub fn matches(&self, stored: &Stored) -> bool {
        self.root.as_ref().is_none_or(|root| root.matches(&tree(stored), &self.schema))
    }
}

/// An order of the records of one collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    schema: Arc<Schema>,
    fields: Vec<OrderField>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct OrderField {
    path: Vec<String>,
    is_descending: bool,
}

impl Order {
    /// Parses an order such as `kind, update_time desc`; an empty one is the order of names.
    ///
    /// # Errors
    /// [`Error::Filter`] with the position and what would be right.
    pub fn parse(text: &str, collection: Collection) -> Result<Self, Error> {
        let schema = Arc::new(schema(collection));
        let fail = |position: usize, message: String| Error::Filter {
            field: "order_by",
            position: position.saturating_add(1),
            message,
        };
        if text.trim().is_empty() {
            return Ok(Order { schema, fields: Vec::new() });
        }
        let (mut fields, mut position) = (Vec::new(), 0usize);
        for part in text.split(',') {
            let words: Vec<&str> = part.split_whitespace().collect();
            let (path, is_descending) = match words.as_slice() {
                [path] | [path, "asc"] => (*path, false),
                [path, "desc"] => (*path, true),
                _ => return Err(fail(position, "expected a field, then perhaps 'desc'".to_owned())),
            };
            let path: Vec<String> = path.split('.').map(str::to_owned).collect();
            filter::orderable(&schema, &path).map_err(|message| fail(position, message))?;
            if fields.len() >= MAX_ORDER_FIELDS {
                return Err(fail(position, format!("an order has at most {MAX_ORDER_FIELDS} fields")));
            }
            fields.push(OrderField { path, is_descending });
            position = position.saturating_add(part.chars().count()).saturating_add(1);
        }
        Ok(Order { schema, fields })
    }

    /// The keys that a record is ordered by.
    fn keys(&self, stored: &Stored) -> Vec<Key> {
        if self.fields.is_empty() {
            return Vec::new();
        }
        let tree = tree(stored);
        self.fields
            .iter()
            .map(|field| {
                let mut key = None;
                filter::visit(Some(&tree), &self.schema, &field.path, &mut |value, schema| {
                    key = sort_key(value, schema);
                    true
                });
                key
            })
            .collect()
    }

    fn compare(&self, a: (&[Key], &Name), b: (&[Key], &Name)) -> Ordering {
        let by_keys = self.fields.iter().zip(a.0.iter().zip(b.0)).map(|(field, (a, b))| {
            let ordering = a.cmp(b);
            if field.is_descending { ordering.reverse() } else { ordering }
        });
        by_keys.fold(Ordering::Equal, Ordering::then).then_with(|| a.1.cmp(b.1))
    }
}

/// A value to order by; an absent one comes first.
pub type Key = Option<Value>;

/// The last record of a page: its order keys and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Its keys in the order that the page has.
    pub keys: Vec<Key>,
    /// Its name.
    pub name: Name,
}

/// Some records of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The records, in order.
    pub items: Vec<Arc<Stored>>,
    /// Where to go on; `None` at the end.
    pub next: Option<Cursor>,
}

/// The records that pass a filter, in an order, after a cursor, at most `size` of them.
///
/// A cursor of another order is the caller's to refuse; here it only begins elsewhere.
pub fn page<'a>(
    records: impl IntoIterator<Item = &'a Arc<Stored>>,
    filter: &Filter,
    order: &Order,
    after: Option<&Cursor>,
    size: usize,
) -> Page {
    let mut found: Vec<(Vec<Key>, &Arc<Stored>)> = records
        .into_iter()
        .filter(|stored| filter.matches(stored))
        .map(|stored| (order.keys(stored), stored))
        .filter(|(keys, stored)| {
            let place = (keys.as_slice(), stored.record.name());
            after.is_none_or(|cursor| order.compare(place, (&cursor.keys, &cursor.name)).is_gt())
        })
        .collect();
    found.sort_by(|(a_keys, a), (b_keys, b)| {
        order.compare((a_keys.as_slice(), a.record.name()), (b_keys.as_slice(), b.record.name()))
    });
    let has_more = found.len() > size;
    found.truncate(size);
    let last = found.last().filter(|_| has_more);
    let next = last.map(|(keys, stored)| Cursor { keys: keys.clone(), name: stored.record.name().clone() });
    Page { items: found.into_iter().map(|(_, stored)| Arc::clone(stored)).collect(), next }
}

/// The words of a record's origin.
const ORIGINS: &[&str] = &["SHIPPED", "OFFICE", "EDITED"];

/// The fields of a collection's records, those that the server keeps among them.
fn schema(collection: Collection) -> Schema {
    let kept = [
        ("uid", Schema::Text),
        ("etag", Schema::Text),
        ("create_time", Schema::Moment),
        ("update_time", Schema::Moment),
        ("origin", Schema::Word { name: "Origin", words: ORIGINS, default: None }),
    ];
    let mut schema = Record::schema(collection);
    // Every record is a group of fields.
    if let Schema::Fields(fields) = &mut schema {
        fields.extend(kept);
    }
    schema
}

/// The tree of a record, with what the server keeps beside it.
fn tree(stored: &Stored) -> Value {
    let mut fields: Fields = stored.record.to_fields();
    let origin = match stored.meta.origin {
        Origin::Shipped => "SHIPPED",
        Origin::Office => "OFFICE",
        Origin::Edited(_) => "EDITED",
    };
    let kept = [
        ("uid", stored.meta.uid.clone()),
        ("etag", stored.meta.etag()),
        ("create_time", stored.meta.create_time.to_string()),
        ("update_time", stored.meta.update_time.to_string()),
        ("origin", origin.to_owned()),
    ];
    fields.extend(kept.map(|(name, text)| (name.to_owned(), Value::Text(text))));
    Value::Fields(fields)
}

/// What a value is ordered by: something whose own order is the order of its kind.
fn sort_key(value: Option<&Value>, schema: &Schema) -> Key {
    match (schema, value) {
        (Schema::Bool, Some(Value::Bool(truth))) => Some(Value::Bool(*truth)),
        (Schema::Bool, _) => Some(Value::Bool(false)),
        (Schema::Integer, Some(Value::Integer(number))) => Some(Value::Integer(*number)),
        (Schema::Integer, _) => Some(Value::Integer(0)),
        (Schema::Text, Some(Value::Text(text))) => Some(Value::Text(text.clone())),
        (Schema::Text, _) => Some(Value::Text(String::new())),
        (Schema::Name | Schema::Date, value) => value.cloned(),
        (Schema::Moment, Some(Value::Text(text))) => {
            filter::instant(text).map(|instant| Value::Integer(instant.as_microsecond()))
        }
        (Schema::Word { words, default, .. }, value) => {
            let word = match value {
                Some(Value::Text(word)) => Some(word.as_str()),
                Some(_) | None => *default,
            };
            let place = words.iter().position(|known| word == Some(*known))?;
            i64::try_from(place).ok().map(Value::Integer)
        }
        (Schema::Texts, Some(Value::Fields(texts))) => {
            let text = texts.get(Language::Dutch.code()).or_else(|| texts.values().next());
            match text {
                Some(Value::Text(text)) => Some(Value::Text(normal(text))),
                Some(_) | None => None,
            }
        }
        (Schema::Moment | Schema::Texts, _) => None,
        // Nobody can order by these.
        (Schema::Optional(_) | Schema::List(_) | Schema::Fields(_), _) => None,
    }
}
