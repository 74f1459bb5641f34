//! Every record as a tree of named fields.
//!
//! A record is written down once, as a struct inside `fields!`; its tree ([`Value`]) is what the wire,
//! the store, the dataset, the filter language, diffs and merges all work on, so that none of them knows
//! thirteen record types.
//!
//! **Invariants.** A value that equals its type's default is absent from the tree. Reading a tree names
//! *every* fault in it, each with its path, and an unknown field is a fault. This module knows no format.

use std::collections::BTreeMap;

use super::name::Name;

/// One value of a record's tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A text, also the written form of names, dates and codes.
    Text(String),
    /// An ordered list.
    List(Vec<Value>),
    /// Named values.
    Fields(Fields),
}

/// Named values, in the order of their names.
pub type Fields = BTreeMap<String, Value>;

impl Value {
    /// The word for this kind of value in messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Bool(_) => "a truth value",
            Value::Integer(_) => "a whole number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Fields(_) => "a group of fields",
        }
    }

    /// The fields, if this is a group of them.
    pub fn fields(&self) -> Option<&Fields> {
        match self {
            Value::Fields(fields) => Some(fields),
            Value::Bool(_) | Value::Integer(_) | Value::Text(_) | Value::List(_) => None,
        }
    }

    /// The named value inside, if this is a group of fields that has it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields().and_then(|fields| fields.get(name))
    }
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a dotted path with indices: `channels[0].value`.
    pub path: String,
    /// Why, as a code that programs may match on: `REQUIRED`, `UNKNOWN_FIELD`, `NOT_A_NAME` ...
    pub reason: &'static str,
    /// Why, and what would be right, for a person.
    pub message: String,
}

/// Collects every fault of one input.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// Adds a fault.
    pub fn add(&mut self, path: &Path<'_>, reason: &'static str, message: impl Into<String>) {
        self.0.push(Fault { path: path.to_string(), reason, message: message.into() });
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Where in a tree we are; built on the way down without allocation.
#[derive(Debug, Clone, Copy)]
pub enum Path<'a> {
    /// The record itself.
    Root,
    /// A named field.
    Field(&'a Path<'a>, &'a str),
    /// An element of a list.
    Item(&'a Path<'a>, usize),
}

impl<'a> Path<'a> {
    /// The path of a field below this one.
    pub fn field(&'a self, name: &'a str) -> Path<'a> {
        Path::Field(self, name)
    }

    /// The path of a list element below this one.
    pub fn item(&'a self, index: usize) -> Path<'a> {
        Path::Item(self, index)
    }
}

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Field(Path::Root, name) => f.write_str(name),
            Path::Field(parent, name) => write!(f, "{parent}.{name}"),
            Path::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// What trees a type of value has: what filters and orders are checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    /// A truth value; absent: false.
    Bool,
    /// A whole number; absent: 0.
    Integer,
    /// A text; absent: empty.
    Text,
    /// The name of a record.
    Name,
    /// A civil date.
    Date,
    /// A civil date-time or a time stamp.
    Moment,
    /// One of these words.
    Word {
        /// The name of the enum.
        name: &'static str,
        /// Its words, in their order.
        words: &'static [&'static str],
        /// The word that an absent value stands for.
        default: Option<&'static str>,
    },
    /// A text in several languages.
    Texts,
    /// A value that may be absent without standing for a default.
    Optional(Box<Schema>),
    /// A list.
    List(Box<Schema>),
    /// Named values.
    Fields(Vec<(&'static str, Schema)>),
}

/// A type that can stand in a record.
pub trait Field: Sized {
    /// What trees this type has.
    fn schema() -> Schema;

    /// The tree of this value; `None` when it equals the default.
    fn to_value(&self) -> Option<Value>;

    /// The tree of this value as an element of a list, where also a default is written: a list keeps its length.
    fn to_item(&self) -> Value {
        self.to_value().unwrap_or(Value::Fields(Fields::new()))
    }

    /// Reads a value; on any fault, says all of them in `faults` and returns `None`.
    fn from_value(value: Option<Value>, at: &Path<'_>, faults: &mut Faults) -> Option<Self>;

    /// Calls `visit` with every resource name in this value that refers to another record.
    fn references(&self, at: &Path<'_>, visit: &mut dyn FnMut(&Path<'_>, &Name)) {
        let _ = (at, visit);
    }
}

/// Says that a value has the wrong kind.
pub(crate) fn wrong_kind(at: &Path<'_>, faults: &mut Faults, want: &str, got: &Value) {
    faults.add(at, "WRONG_KIND", format!("expected {want}, got {}", got.kind()));
}

/// Says that a required value is missing.
pub(crate) fn required(at: &Path<'_>, faults: &mut Faults) {
    faults.add(at, "REQUIRED", "this field is required");
}

/// The text of a value, or a fault.
pub(crate) fn text(value: Value, at: &Path<'_>, faults: &mut Faults) -> Option<String> {
    match value {
        Value::Text(text) if text.len() > MAX_TEXT_BYTES => {
            faults.add(at, "TOO_LONG", format!("longer than {MAX_TEXT_BYTES} bytes"));
            None
        }
        Value::Text(text) if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') => {
            faults.add(at, "CONTROL_CHARACTER", "contains a control character");
            None
        }
        Value::Text(text) => Some(text),
        other @ (Value::Bool(_) | Value::Integer(_) | Value::List(_) | Value::Fields(_)) => {
            wrong_kind(at, faults, "a text", &other);
            None
        }
    }
}

/// The longest text of one field. Keeps the largest record far below the 128 KiB above which sled 0.34
/// moves a value into a blob file that it never syncs.
pub const MAX_TEXT_BYTES: usize = 4096;

/// The longest list in a record: AIP-144 asks for a documented bound of about a hundred; the largest real
/// one (the municipalities on the water of one arrangement) has forty.
pub const MAX_LIST: usize = 400;

impl Field for String {
    fn schema() -> Schema {
        Schema::Text
    }
    fn to_value(&self) -> Option<Value> {
        (!self.is_empty()).then(|| Value::Text(self.clone()))
    }
    fn to_item(&self) -> Value {
        Value::Text(self.clone())
    }
    fn from_value(value: Option<Value>, at: &Path<'_>, faults: &mut Faults) -> Option<Self> {
        value.map_or_else(|| Some(String::new()), |value| text(value, at, faults))
    }
}

impl Field for bool {
    fn schema() -> Schema {
        Schema::Bool
    }
    fn to_value(&self) -> Option<Value> {
        self.then_some(Value::Bool(true))
    }
    fn to_item(&self) -> Value {
        Value::Bool(*self)
    }
    fn from_value(value: Option<Value>, at: &Path<'_>, faults: &mut Faults) -> Option<Self> {
        match value {
            None => Some(false),
            Some(Value::Bool(value)) => Some(value),
            Some(other) => {
                wrong_kind(at, faults, "a truth value", &other);
                None
            }
        }
    }
}

impl Field for u32 {
    fn schema() -> Schema {
        Schema::Integer
    }
    fn to_value(&self) -> Option<Value> {
        (*self != 0).then(|| Value::Integer(i64::from(*self)))
    }
    fn to_item(&self) -> Value {
        Value::Integer(i64::from(*self))
    }
    fn from_value(value: Option<Value>, at: &Path<'_>, faults: &mut Faults) -> Option<Self> {
        match value {
            None => Some(0),
            Some(Value::Integer(number)) => {
                let parsed = u32::try_from(number).ok().filter(|number| *number <= i32::MAX as u32);
                if parsed.is_none() {
                    faults.add(at, "OUT_OF_RANGE", "must be between 0 and 2147483647");
                }
                parsed
            }
            Some(other) => {
                wrong_kind(at, faults, "a whole number", &other);
                None
            }
        }
    }
}

impl<T: Field> Field for Option<T> {
    fn schema() -> Schema {
        Schema::Optional(Box::new(T::schema()))
    }
    fn to_value(&self) -> Option<Value> {
        self.as_ref().and_then(Field::to_value)
    }
    fn from_value(value: Option<Value>, at: &Path<'_>, faults: &mut Faults) -> Option<Self> {
        match value {
            None => Some(None),
            some => T::from_value(some, at, faults).map(Some),
        }
    }
    fn references(&self, at: &Path<'_>, visit: &mut dyn FnMut(&Path<'_>, &Name)) {
        if let Some(inner) = self {
            inner.references(at, visit);
        }
    }
}

impl<T: Field> Field for Vec<T> {
    fn schema() -> Schema {
        Schema::List(Box::new(T::schema()))
    }
    fn to_value(&self) -> Option<Value> {
        (!self.is_empty()).then(|| Value::List(self.iter().map(Field::to_item).collect()))
    }
    fn from_value(value: Option<Value>, at: &Path<'_>, faults: &mut Faults) -> Option<Self> {
        match value {
            None => Some(Vec::new()),
            Some(Value::List(items)) if items.len() > MAX_LIST => {
                faults.add(at, "TOO_MANY", format!("more than {MAX_LIST} elements"));
                None
            }
            Some(Value::List(items)) => {
                let length = items.len();
                let parsed: Vec<T> = items
                    .into_iter()
                    .enumerate()
                    .filter_map(|(index, item)| T::from_value(Some(item), &at.item(index), faults))
                    .collect();
                (parsed.len() == length).then_some(parsed)
            }
            Some(other) => {
                wrong_kind(at, faults, "a list", &other);
                None
            }
        }
    }
    fn references(&self, at: &Path<'_>, visit: &mut dyn FnMut(&Path<'_>, &Name)) {
        for (index, item) in self.iter().enumerate() {
            item.references(&at.item(index), visit);
        }
    }
}

/// Declares structs that are [`Field`]s field by field.
macro_rules! fields {
    ($( $(#[$meta:meta])* pub struct $name:ident { $( $(#[$fmeta:meta])* pub $field:ident : $ty:ty, )* } )*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name { $( $(#[$fmeta])* pub $field: $ty, )* }

        impl $crate::domain::field::Field for $name {
            fn schema() -> $crate::domain::field::Schema {
                $crate::domain::field::Schema::Fields(vec![
                    $( (stringify!($field), <$ty as $crate::domain::field::Field>::schema()), )*
                ])
            }

            fn to_value(&self) -> Option<$crate::domain::field::Value> {
                let mut fields = $crate::domain::field::Fields::new();
                $( if let Some(value) = $crate::domain::field::Field::to_value(&self.$field) {
                    fields.insert(stringify!($field).to_owned(), value);
                } )*
                (!fields.is_empty()).then_some($crate::domain::field::Value::Fields(fields))
            }

            fn from_value(
                value: Option<$crate::domain::field::Value>,
                at: &$crate::domain::field::Path<'_>,
                faults: &mut $crate::domain::field::Faults,
            ) -> Option<Self> {
                let mut fields = match value {
                    Some($crate::domain::field::Value::Fields(fields)) => fields,
                    Some(other) => {
                        $crate::domain::field::wrong_kind(at, faults, "a group of fields", &other);
                        return None;
                    }
                    None => {
                        $crate::domain::field::required(at, faults);
                        return None;
                    }
                };
                $( let $field = <$ty as $crate::domain::field::Field>::from_value(
                    fields.remove(stringify!($field)), &at.field(stringify!($field)), faults); )*
                for unknown in fields.keys() {
                    faults.add(&at.field(unknown), "UNKNOWN_FIELD", concat!("no such field in ", stringify!($name)));
                }
                if !fields.is_empty() {
                    return None;
                }
                Some(Self { $( $field: $field?, )* })
            }

            fn references(
                &self,
                at: &$crate::domain::field::Path<'_>,
                visit: &mut dyn FnMut(&$crate::domain::field::Path<'_>, &$crate::domain::name::Name),
            ) {
                $( $crate::domain::field::Field::references(&self.$field, &at.field(stringify!($field)), visit); )*
            }
        }
    )* };
}

/// Declares an enum whose values are written as upper-case words, the same in code, proto, dataset and store.
///
/// `$default`, when given, is the value an absent field has.
macro_rules! words {
    ($( $(#[$meta:meta])* pub enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $word:literal, )+ } $(default $default:ident)? )*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$vmeta])* $variant, )+ }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The word of this value.
            pub const fn word(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }

            /// The value of a word; `None` if there is no such word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $( $word => Some(Self::$variant), )+ _ => None }
            }
        }

        impl $crate::domain::field::Field for $name {
            #[allow(unused_mut, unused_assignments, reason = "an enum without a default has none to name")]
            fn schema() -> $crate::domain::field::Schema {
                let mut default = None;
                $( default = Some(Self::$default.word()); )?
                $crate::domain::field::Schema::Word { name: stringify!($name), words: &[ $($word),+ ], default }
            }

            #[allow(unreachable_code, reason = "an enum without a default has nothing left out")]
            fn to_value(&self) -> Option<$crate::domain::field::Value> {
                $( if *self == Self::$default { return None; } )?
                Some($crate::domain::field::Value::Text(self.word().to_owned()))
            }

            fn to_item(&self) -> $crate::domain::field::Value {
                $crate::domain::field::Value::Text(self.word().to_owned())
            }

            #[allow(unreachable_code, reason = "an enum without a default is required")]
            fn from_value(
                value: Option<$crate::domain::field::Value>,
                at: &$crate::domain::field::Path<'_>,
                faults: &mut $crate::domain::field::Faults,
            ) -> Option<Self> {
                let Some(value) = value else {
                    $( return Some(Self::$default); )?
                    $crate::domain::field::required(at, faults);
                    return None;
                };
                let word = $crate::domain::field::text(value, at, faults)?;
                let found = Self::from_word(&word);
                if found.is_none() {
                    faults.add(at, "UNKNOWN_VALUE", format!("'{word}' is not one of {}", [$($word),+].join(", ")));
                }
                found
            }
        }
    )* };
}

pub(crate) use {fields, words};
