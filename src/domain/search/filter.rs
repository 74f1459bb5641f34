//! What a filter means: comparisons of known fields with values of their kind.
//!
//! **Invariants.** A [`Node`] was checked against a schema and is evaluated with the same one: every path leads to a field,
//! every operand has its field's kind. What does not fit in a tree (there is nothing such in an accepted record) holds for
//! no comparison.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{CalendarDate, Moment, Schema, Value, normal};

/// A part of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// Every one of these.
    All(Vec<Node>),
    /// One or more of these.
    Any(Vec<Node>),
    /// Not this.
    Not(Box<Node>),
    /// A comparison of a field.
    Compare(Comparison),
    /// A word, in normal form, in a name, display name or alias.
    Mentions(String),
}

/// A field, how it is compared, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comparison {
    pub(super) path: Vec<String>,
    pub(super) test: Test,
}

/// What must be true of one of the values of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    /// It is set.
    IsSet,
    /// The group of fields or the texts have this one.
    HasField(String),
    /// The text contains this normal form.
    Contains(String),
    /// The text is this one, with anything before or after it if so said.
    Like { anything_before: bool, text: String, anything_after: bool },
    /// It stands so to the operand.
    Is(Relation, Operand),
}

/// How a value must stand to an operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A value of a filter, in the kind of its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand {
    Bool(bool),
    Integer(i64),
    Text(String),
    Date(Date),
    Instant(Timestamp),
    /// The place of a word among the words of its enum.
    Word(usize),
}

impl Node {
    pub(super) fn asks_for(&self, field: &str) -> bool {
        match self {
            Node::All(nodes) | Node::Any(nodes) => nodes.iter().any(|node| node.asks_for(field)),
            Node::Not(node) => node.asks_for(field),
            Node::Compare(comparison) => comparison.path.first().is_some_and(|first| first == field),
            Node::Mentions(_) => false,
        }
    }

    pub(super) fn matches(&self, tree: &Value, schema: &Schema) -> bool {
        match self {
            Node::All(nodes) => nodes.iter().all(|node| node.matches(tree, schema)),
            Node::Any(nodes) => nodes.iter().any(|node| node.matches(tree, schema)),
            Node::Not(node) => !node.matches(tree, schema),
            Node::Compare(Comparison { path, test }) => {
                visit(Some(tree), schema, path, &mut |value, schema| test.holds(value, schema))
            }
            Node::Mentions(form) => mentions(tree, form),
        }
    }
}

/// Whether a record is called something with these letters.
fn mentions(tree: &Value, form: &str) -> bool {
    let is_called = |value: &Value| match value {
        Value::Text(text) => normal(text).contains(form),
        Value::Bool(_) | Value::Integer(_) | Value::List(_) | Value::Fields(_) => false,
    };
    let texts = |value: &Value| match value {
        Value::Fields(texts) => texts.values().any(is_called),
        Value::Bool(_) | Value::Integer(_) | Value::Text(_) | Value::List(_) => is_called(value),
    };
    let aliases = |value: &Value| match value {
        Value::List(items) => items.iter().any(|item| is_called(item.get("text").unwrap_or(item))),
        Value::Bool(_) | Value::Integer(_) | Value::Text(_) | Value::Fields(_) => false,
    };
    tree.get("name").is_some_and(is_called)
        || tree.get("display_names").is_some_and(texts)
        || ["aliases", "words"].iter().any(|field| tree.get(field).is_some_and(aliases))
}

/// The field of a text in several languages that means each of them: `display_names.text`.
const ANY_LANGUAGE: &str = "text";

/// Calls `test` with every value that a path leads to, until it says yes; whether it did.
///
/// An absent value is visited as `None` where it stands for a default, and not at all where it does not.
pub(super) fn visit(
    value: Option<&Value>,
    schema: &Schema,
    path: &[String],
    test: &mut dyn FnMut(Option<&Value>, &Schema) -> bool,
) -> bool {
    match schema {
        Schema::Optional(inner) => value.is_some() && visit(value, inner, path, test),
        Schema::List(element) => match value {
            Some(Value::List(items)) => items.iter().any(|item| visit(Some(item), element, path, test)),
            Some(_) | None => false,
        },
        Schema::Fields(known) => match path.split_first() {
            Some((first, rest)) => known
                .iter()
                .find(|(name, _)| name == first)
                .is_some_and(|(_, field)| visit(value.and_then(|value| value.get(first)), field, rest, test)),
            None => test(value, schema),
        },
        Schema::Texts => match path.first() {
            Some(field) if field == ANY_LANGUAGE => test(value, schema),
            Some(language) => {
                let text = value.and_then(|value| value.get(language));
                text.is_some() && test(text, &Schema::Text)
            }
            None => test(value, schema),
        },
        Schema::Bool
        | Schema::Integer
        | Schema::Text
        | Schema::Name
        | Schema::Date
        | Schema::Moment
        | Schema::Word { .. } => path.is_empty() && test(value, schema),
    }
}

impl Test {
    fn holds(&self, value: Option<&Value>, schema: &Schema) -> bool {
        if let (Schema::Texts, Test::Contains(_) | Test::Like { .. } | Test::Is(..)) = (schema, self) {
            return match value {
                Some(Value::Fields(texts)) => texts.values().any(|text| self.holds(Some(text), &Schema::Text)),
                Some(_) | None => false,
            };
        }
        let text = match value {
            Some(Value::Text(text)) => text.as_str(),
            Some(_) | None => "",
        };
        match self {
            Test::IsSet => value.is_some(),
            Test::HasField(field) => value.is_some_and(|value| value.get(field).is_some()),
            Test::Contains(form) => normal(text).contains(form),
            Test::Like { anything_before, text: part, anything_after } => match (anything_before, anything_after) {
                (true, true) => text.contains(part),
                (true, false) => text.ends_with(part),
                (false, true) => text.starts_with(part),
                (false, false) => text == part,
            },
            Test::Is(relation, operand) => {
                operand.compare(value, schema).is_some_and(|ordering| relation.accepts(ordering))
            }
        }
    }
}

impl Relation {
    fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Relation::Equal => ordering.is_eq(),
            Relation::Less => ordering.is_lt(),
            Relation::LessOrEqual => ordering.is_le(),
            Relation::Greater => ordering.is_gt(),
            Relation::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl Operand {
    /// How a value of a record stands to this operand; `None` if it has no such value.
    fn compare(&self, value: Option<&Value>, schema: &Schema) -> Option<Ordering> {
        let text = match value {
            Some(Value::Text(text)) => Some(text.as_str()),
            Some(_) | None => None,
        };
        match self {
            Operand::Bool(operand) => Some(matches!(value, Some(Value::Bool(true))).cmp(operand)),
            Operand::Integer(operand) => match value {
                Some(Value::Integer(number)) => Some(number.cmp(operand)),
                Some(_) | None => Some(0.cmp(operand)),
            },
            // An absent text is empty; an absent name is none.
            Operand::Text(operand) => match text {
                None if *schema == Schema::Text => Some("".cmp(operand)),
                text => Some(text?.cmp(operand)),
            },
            Operand::Date(operand) => Some(text?.parse::<Date>().ok()?.cmp(operand)),
            Operand::Instant(operand) => Some(instant(text?)?.cmp(operand)),
            Operand::Word(operand) => {
                let Schema::Word { words, default, .. } = schema else { return None };
                let word = text.or(*default)?;
                Some(words.iter().position(|known| *known == word)?.cmp(operand))
            }
        }
    }
}

/// The instant of a civil date-time of Europe/Amsterdam, or of a time stamp with its offset.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    Moment::parse(text).ok().map(Moment::instant).or_else(|| text.parse().ok())
}

/// What a path leads to, lists and options opened.
fn target<'s>(schema: &'s Schema, path: &[String]) -> Result<(&'s Schema, bool), String> {
    let (mut here, mut is_in_list) = (schema, false);
    for (depth, segment) in path.iter().enumerate() {
        here = opened(here, &mut is_in_list);
        let so_far = path.get(..depth).unwrap_or_default().join(".");
        if let Schema::Fields(known) = here {
            let Some((_, field)) = known.iter().find(|(name, _)| name == segment) else {
                let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
                let whose = if so_far.is_empty() { "there is".to_owned() } else { format!("'{so_far}' has") };
                return Err(format!("{whose} no field '{segment}'; the fields are {}", names.join(", ")));
            };
            here = field;
        } else if *here == Schema::Texts && segment == ANY_LANGUAGE {
            // As a message has it: the text of any language.
        } else if *here == Schema::Texts {
            if !(2..=35).contains(&segment.len()) {
                return Err(format!(
                    "'{segment}' is not a language code such as nl; '{so_far}.text' is the text in any"
                ));
            }
            here = &Schema::Text;
        } else {
            return Err(format!("'{so_far}' is {}; it has no field '{segment}'", kind(here)));
        }
    }
    Ok((opened(here, &mut is_in_list), is_in_list))
}

fn opened<'s>(schema: &'s Schema, is_in_list: &mut bool) -> &'s Schema {
    let mut schema = schema;
    while let Schema::Optional(inner) | Schema::List(inner) = schema {
        *is_in_list |= matches!(schema, Schema::List(_));
        schema = inner;
    }
    schema
}

/// Whether records can be ordered by a path; if not, why.
pub(super) fn orderable(schema: &Schema, path: &[String]) -> Result<(), String> {
    let (field, is_in_list) = target(schema, path)?;
    let path = path.join(".");
    if is_in_list {
        Err(format!("'{path}' is a list or in one: records cannot be ordered by it"))
    } else if matches!(field, Schema::Fields(_)) {
        Err(format!("'{path}' is a group of fields: order by one of them"))
    } else {
        Ok(())
    }
}

/// An operator as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Is(Relation),
    NotEqual,
    Has,
}

/// Why a field and a value cannot be compared.
#[derive(Debug)]
pub(super) enum Mismatch {
    /// There is no such field, or it has no such operator.
    Field(String),
    /// The value is not of the field's kind.
    Value(String),
}

/// A comparison, if the field exists and has the operator, and the value its kind.
pub(super) fn comparison(schema: &Schema, path: &[String], operator: Operator, value: &str) -> Result<Node, Mismatch> {
    let (field, _) = target(schema, path).map_err(Mismatch::Field)?;
    let path = path.to_vec();
    let test = match operator {
        Operator::Has if value == "*" => Test::IsSet,
        Operator::Has => has(field, &path, value)?,
        Operator::NotEqual => is(field, &path, Relation::Equal, value)?,
        Operator::Is(relation) => is(field, &path, relation, value)?,
    };
    let node = Node::Compare(Comparison { path, test });
    Ok(if operator == Operator::NotEqual { Node::Not(Box::new(node)) } else { node })
}

fn has(field: &Schema, path: &[String], value: &str) -> Result<Test, Mismatch> {
    if *field == Schema::Text {
        let form = normal(value);
        if form.is_empty() {
            return Err(Mismatch::Value(format!("'{value}' has neither a letter nor a digit")));
        }
        Ok(Test::Contains(form))
    } else if matches!(field, Schema::Fields(_) | Schema::Texts) {
        target(field, &[value.to_owned()]).map_err(Mismatch::Value)?;
        Ok(Test::HasField(value.to_owned()))
    } else {
        is(field, path, Relation::Equal, value)
    }
}

fn is(field: &Schema, path: &[String], relation: Relation, value: &str) -> Result<Test, Mismatch> {
    let path = path.join(".");
    let expected = |what: &str| Mismatch::Value(format!("'{path}' is compared with {what}, not with '{value}'"));
    let operand = match field {
        Schema::Bool if relation == Relation::Equal => match value {
            "true" => Operand::Bool(true),
            "false" => Operand::Bool(false),
            _ => return Err(expected("true or false")),
        },
        Schema::Bool => return Err(Mismatch::Field(format!("'{path}' is a truth value: only =, != and : apply"))),
        Schema::Integer => Operand::Integer(value.parse().map_err(|_| expected("a whole number"))?),
        Schema::Text | Schema::Name | Schema::Texts if relation == Relation::Equal => return Ok(like(value)),
        Schema::Text | Schema::Name => Operand::Text(value.to_owned()),
        Schema::Texts => {
            return Err(Mismatch::Field(format!("'{path}' has a text per language: only =, != and : apply")));
        }
        Schema::Date => Operand::Date(date(value).ok_or_else(|| expected("a date such as 2026-11-23"))?),
        Schema::Moment => Operand::Instant(
            instant(value).ok_or_else(|| expected("a date (2026-11-23) or a time stamp (2026-11-23T14:10:00Z)"))?,
        ),
        Schema::Word { name, words, .. } => {
            Operand::Word(word(name, words, value).ok_or_else(|| expected(&format!("one of {}", words.join(", "))))?)
        }
        Schema::Fields(known) => {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let message = format!("'{path}' is a group of fields; compare one of them: {}", names.join(", "));
            return Err(Mismatch::Field(message));
        }
        // What a path leads to is opened, so neither can stand here.
        Schema::Optional(inner) | Schema::List(inner) => return is(inner, &[path], relation, value),
    };
    Ok(Test::Is(relation, operand))
}

fn date(value: &str) -> Option<Date> {
    value.parse::<Date>().ok().filter(|date| CalendarDate(*date).to_string() == value)
}

fn like(value: &str) -> Test {
    let (anything_before, rest) = value.strip_prefix('*').map_or((false, value), |rest| (true, rest));
    let (anything_after, text) = rest.strip_suffix('*').map_or((false, rest), |rest| (true, rest));
    Test::Like { anything_before, text: text.to_owned(), anything_after }
}

/// The place of a word, with or without the prefix of its enum: `MUNICIPALITY`, `AREA_KIND_MUNICIPALITY`.
fn word(name: &str, words: &[&str], value: &str) -> Option<usize> {
    let mut prefix = String::new();
    for (index, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && index > 0 {
            prefix.push('_');
        }
        prefix.push(letter.to_ascii_uppercase());
    }
    let bare = |word: &str| value.strip_suffix(word).and_then(|rest| rest.strip_suffix('_'));
    // The proto may say more: the status of a validity is a VALIDITY_STATUS there.
    let is_prefixed =
        |word: &str| bare(word).is_some_and(|said| said == prefix || said.ends_with(&format!("_{prefix}")));
    words.iter().position(|word| *word == value).or_else(|| words.iter().position(|word| is_prefixed(word)))
}

fn kind(schema: &Schema) -> &'static str {
    match schema {
        Schema::Bool => "a truth value",
        Schema::Integer => "a whole number",
        Schema::Text => "a text",
        Schema::Name => "the name of a record",
        Schema::Date => "a date",
        Schema::Moment => "a time",
        Schema::Word { .. } => "a word",
        Schema::Texts => "a text in several languages",
        Schema::Optional(_) => "optional",
        Schema::List(_) => "a list",
        Schema::Fields(_) => "a group of fields",
    }
}
