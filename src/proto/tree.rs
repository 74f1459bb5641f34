//! Records to and from messages, by the names of their fields: no record type is known here.
//!
//! A tree's word `MUNICIPALITY` is the enum value `AREA_KIND_MUNICIPALITY`; words of `Grip` carry the prefix
//! themselves. A text in several languages is `{nl: .., en: ..}` in the tree and `repeated LocalisedText` in a message,
//! wrapped in `LocalisedTexts` where a list of such texts is needed. What the server keeps beside a record is added on
//! the way out and not read on the way in.
//!
//! **Invariants.** A message's fields are its record's and [`KEPT`]; a test holds that for every collection. A value
//! that is its type's default is absent from the tree, and an empty group of fields is absent. Reading names every
//! fault with its path.

use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value as Wire,
};

use crate::domain::contact::Contact;
use crate::domain::error::Error;
use crate::domain::field::{Faults, Fields, Path, Value};
use crate::domain::name::Collection;
use crate::domain::record::{Meta, Origin, Record, Resource, Stored};

use super::{PACKAGE, descriptor};

/// The fields of a resource that are not its record's, but kept beside it by the server.
pub const KEPT: &[&str] = &["uid", "etag", "create_time", "update_time", "origin", "edited_fields", "redacted_fields"];

/// The message of a collection's records.
pub const fn message_name(collection: Collection) -> &'static str {
    match collection {
        Collection::Areas => "Area",
        Collection::Organisations => "Organisation",
        Collection::Coverages => "Coverage",
        Collection::Stations => "Station",
        Collection::Contacts => "Contact",
        Collection::CalamityTypes => "CalamityType",
        Collection::Terms => "Term",
        Collection::Capabilities => "Capability",
        Collection::CrisisFunctions => "CrisisFunction",
        Collection::CrisisProcesses => "CrisisProcess",
        Collection::Conditions => "Condition",
        Collection::Constraints => "Constraint",
        Collection::Assignments => "Assignment",
        Collection::Arrangements => "Arrangement",
        Collection::Profiles => "Profile",
    }
}

/// A record as its message, with what the server keeps beside it.
///
/// # Errors
/// [`Error::Internal`] if the contract lacks a field or a word of the record.
pub fn to_resource(stored: &Stored) -> Result<DynamicMessage, Error> {
    let record = &stored.record;
    let mut message = to_bare(record)?;
    keep(&mut message, &stored.meta, || record.to_fields())?;
    if let Some(contact) = Contact::from_record(record) {
        let withheld = contact.withheld_fields().into_iter().map(Wire::String).collect();
        set(&mut message, "redacted_fields", Wire::List(withheld))?;
    }
    Ok(message)
}

/// A record as its message, without anything that a server keeps beside it.
///
/// # Errors
/// [`Error::Internal`] if the contract lacks a field or a word of the record.
pub fn to_bare(record: &Record) -> Result<DynamicMessage, Error> {
    to_message(&record.to_fields(), descriptor(message_name(record.collection()))?)
}

/// A record of any collection as a `Record`.
///
/// # Errors
/// [`Error::Internal`] if the contract lacks a field or a word of the record.
pub fn to_envelope(stored: &Stored) -> Result<DynamicMessage, Error> {
    envelope(to_resource(stored)?)
}

/// The message of a record inside a `Record`.
///
/// # Errors
/// [`Error::Internal`] if it is no message of a record.
pub fn envelope(resource: DynamicMessage) -> Result<DynamicMessage, Error> {
    let mut envelope = DynamicMessage::new(descriptor("Record")?);
    let field = envelope.descriptor().fields().find(|field| holds(field, &resource.descriptor()));
    let field = field.ok_or_else(|| lacks(&envelope.descriptor(), resource.descriptor().name()))?;
    envelope.set_field(&field, Wire::Message(resource));
    Ok(envelope)
}

/// Reads the record in a message of its collection; on any fault says all of them and returns `None`.
pub fn read_resource(
    collection: Collection,
    message: &DynamicMessage,
    at: &Path<'_>,
    faults: &mut Faults,
) -> Option<Record> {
    let before = faults.0.len();
    let fields = read_fields(message, at, faults);
    let record = Record::from_fields(collection, fields, at, faults)?;
    (faults.0.len() == before).then_some(record)
}

/// The collection of the record inside a `Record`, its field there, and its message; `None` if it is empty.
pub fn open_envelope(envelope: &DynamicMessage) -> Option<(Collection, FieldDescriptor, &DynamicMessage)> {
    let (field, value) = envelope.fields().next()?;
    let resource = value.as_message()?;
    let is_it = |collection: &Collection| resource.descriptor().name() == message_name(*collection);
    let collection = Collection::ALL.iter().copied().find(is_it)?;
    Some((collection, field, resource))
}

/// The etag that a caller sent with a resource; `None` if he sent none.
pub fn etag(resource: &DynamicMessage) -> Option<String> {
    text(resource, "etag")
}

/// A text field of a message; `None` if it is empty or there is none.
pub fn text(message: &DynamicMessage, field: &str) -> Option<String> {
    let value = message.get_field_by_name(field)?;
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Adds what the server keeps beside a record.
fn keep(message: &mut DynamicMessage, meta: &Meta, fields: impl FnOnce() -> Fields) -> Result<(), Error> {
    set(message, "uid", Wire::String(meta.uid.clone()))?;
    set(message, "etag", Wire::String(meta.etag()))?;
    for (name, time) in [("create_time", meta.create_time), ("update_time", meta.update_time)] {
        let field = field(&message.descriptor(), name)?;
        if let Kind::Message(descriptor) = field.kind() {
            let mut stamp = DynamicMessage::new(descriptor);
            // jiff counts nanoseconds before 1970 downwards, protobuf always upwards.
            let (borrow, nanos) = match time.subsec_nanosecond() {
                nanos if nanos < 0 => (1, nanos.saturating_add(1_000_000_000)),
                nanos => (0, nanos),
            };
            set(&mut stamp, "seconds", Wire::I64(time.as_second().saturating_sub(borrow)))?;
            set(&mut stamp, "nanos", Wire::I32(nanos))?;
            message.set_field(&field, Wire::Message(stamp));
        }
    }
    let (word, edited) = match &meta.origin {
        Origin::Shipped => ("SHIPPED", Vec::new()),
        Origin::Office => ("OFFICE", Vec::new()),
        Origin::Edited(shipped) => ("EDITED", edited(shipped, &fields())),
    };
    let origin = field(&message.descriptor(), "origin")?;
    message.set_field(&origin, to_wire(&Value::Text(word.to_owned()), &origin.kind())?);
    set(message, "edited_fields", Wire::List(edited.into_iter().map(Wire::String).collect()))
}

/// The top-level fields in which two trees differ.
fn edited(shipped: &Fields, fields: &Fields) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = shipped.keys().chain(fields.keys()).collect();
    names.into_iter().filter(|name| shipped.get(*name) != fields.get(*name)).cloned().collect()
}

fn set(message: &mut DynamicMessage, name: &str, value: Wire) -> Result<(), Error> {
    let field = field(&message.descriptor(), name)?;
    let refused = |error| Error::Internal(format!("{}: {error}", field.full_name()));
    message.try_set_field(&field, value).map_err(refused)
}

fn field(descriptor: &MessageDescriptor, name: &str) -> Result<FieldDescriptor, Error> {
    descriptor.get_field_by_name(name).ok_or_else(|| lacks(descriptor, name))
}

fn lacks(descriptor: &MessageDescriptor, name: &str) -> Error {
    Error::Internal(format!("{} has no {name}", descriptor.full_name()))
}

fn holds(field: &FieldDescriptor, resource: &MessageDescriptor) -> bool {
    matches!(field.kind(), Kind::Message(descriptor) if descriptor == *resource)
}

fn is(descriptor: &MessageDescriptor, name: &str) -> bool {
    descriptor.full_name().strip_prefix(PACKAGE).is_some_and(|rest| rest.strip_prefix('.') == Some(name))
}

fn to_message(fields: &Fields, descriptor: MessageDescriptor) -> Result<DynamicMessage, Error> {
    let mut message = DynamicMessage::new(descriptor);
    for (name, value) in fields {
        let field = field(&message.descriptor(), name)?;
        let wire = match (value, field.kind()) {
            (Value::Fields(texts), Kind::Message(text)) if field.is_list() && is(&text, "LocalisedText") => {
                to_texts(texts, &text)?
            }
            (Value::List(items), kind) if field.is_list() => {
                Wire::List(items.iter().map(|item| to_wire(item, &kind)).collect::<Result<_, _>>()?)
            }
            (value, kind) => to_wire(value, &kind)?,
        };
        let refused = |error| Error::Internal(format!("{}: {error}", field.full_name()));
        message.try_set_field(&field, wire).map_err(refused)?;
    }
    Ok(message)
}

fn to_texts(texts: &Fields, descriptor: &MessageDescriptor) -> Result<Wire, Error> {
    let one = |(code, text): (&String, &Value)| {
        let fields =
            Fields::from([("language_code".to_owned(), Value::Text(code.clone())), ("text".to_owned(), text.clone())]);
        to_message(&fields, descriptor.clone()).map(Wire::Message)
    };
    // The main languages first, as they are documented; the rest by code.
    let (dutch, others): (Vec<_>, Vec<_>) = texts.iter().partition(|(code, _)| code.as_str() == "nl");
    dutch.into_iter().chain(others).map(one).collect::<Result<_, _>>().map(Wire::List)
}

fn to_wire(value: &Value, kind: &Kind) -> Result<Wire, Error> {
    let misfit = || Error::Internal(format!("{} is not {kind:?}", value.kind()));
    match (value, kind) {
        (Value::Bool(truth), Kind::Bool) => Ok(Wire::Bool(*truth)),
        (Value::Integer(number), Kind::Int32) => i32::try_from(*number).map(Wire::I32).map_err(|_| misfit()),
        (Value::Text(text), Kind::String) => Ok(Wire::String(text.clone())),
        (Value::Text(word), Kind::Enum(words)) => {
            let full = format!("{}{word}", prefix(words));
            let found = words.get_value_by_name(&full).or_else(|| words.get_value_by_name(word));
            let lacks = || Error::Internal(format!("{} has no {word}", words.full_name()));
            found.map(|value| Wire::EnumNumber(value.number())).ok_or_else(lacks)
        }
        (Value::Fields(texts), Kind::Message(descriptor)) if is(descriptor, "LocalisedTexts") => {
            let mut message = DynamicMessage::new(descriptor.clone());
            let field = field(descriptor, "texts")?;
            if let Kind::Message(text) = field.kind() {
                message.set_field(&field, to_texts(texts, &text)?);
            }
            Ok(Wire::Message(message))
        }
        (Value::Fields(fields), Kind::Message(descriptor)) => to_message(fields, descriptor.clone()).map(Wire::Message),
        (Value::Bool(_) | Value::Integer(_) | Value::Text(_) | Value::List(_) | Value::Fields(_), _) => Err(misfit()),
    }
}

/// What the contract writes before each word of an enum: `AREA_KIND_`.
fn prefix(words: &EnumDescriptor) -> String {
    let mut prefix = String::new();
    for (index, letter) in words.name().char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            prefix.push('_');
        }
        prefix.push(letter.to_ascii_uppercase());
    }
    prefix.push('_');
    prefix
}

/// The tree in a message, without what the server keeps beside a record.
pub fn read_fields(message: &DynamicMessage, at: &Path<'_>, faults: &mut Faults) -> Fields {
    let is_resource = message.descriptor().get_field_by_name("uid").is_some();
    let mut fields = Fields::new();
    for (field, value) in message.fields() {
        if is_resource && KEPT.contains(&field.name()) {
            continue;
        }
        let here = at.field(field.name());
        let read = match (value, field.kind()) {
            (Wire::List(items), Kind::Message(text)) if is(&text, "LocalisedText") => read_texts(items, &here, faults),
            (Wire::List(items), kind) => {
                let items = items.iter().enumerate();
                let read = items.map(|(index, item)| {
                    read_value(item, &kind, &here.item(index), faults).unwrap_or_else(|| Value::Text(String::new()))
                });
                Some(Value::List(read.collect())).filter(|list| *list != Value::List(Vec::new()))
            }
            (value, kind) => read_value(value, &kind, &here, faults).filter(|value| !is_default(value)),
        };
        fields.extend(read.map(|value| (field.name().to_owned(), value)));
    }
    fields
}

fn is_default(value: &Value) -> bool {
    match value {
        Value::Bool(truth) => !truth,
        Value::Integer(number) => *number == 0,
        Value::Text(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Fields(fields) => fields.is_empty(),
    }
}

fn read_texts(items: &[Wire], at: &Path<'_>, faults: &mut Faults) -> Option<Value> {
    let mut texts = Fields::new();
    for (index, item) in items.iter().enumerate() {
        let Some(item_message) = item.as_message() else { continue };
        let code = text(item_message, "language_code").unwrap_or_default();
        let said = Value::Text(text(item_message, "text").unwrap_or_default());
        if texts.insert(code.clone(), said).is_some() {
            let here = at.item(index);
            let message = format!("there is a text in '{code}' before this one");
            faults.add(&here.field("language_code"), "DUPLICATE", message);
        }
    }
    (!texts.is_empty()).then_some(Value::Fields(texts))
}

/// One value; `None` for an enum value that says nothing, or that this contract does not know.
fn read_value(value: &Wire, kind: &Kind, at: &Path<'_>, faults: &mut Faults) -> Option<Value> {
    match (value, kind) {
        (Wire::Bool(truth), _) => Some(Value::Bool(*truth)),
        (Wire::I32(number), _) => Some(Value::Integer(i64::from(*number))),
        (Wire::I64(number), _) => Some(Value::Integer(*number)),
        (Wire::String(text), _) => Some(Value::Text(text.clone())),
        (Wire::EnumNumber(0), _) => None,
        (Wire::EnumNumber(number), Kind::Enum(words)) => {
            let Some(found) = words.get_value(*number) else {
                faults.add(at, "UNKNOWN_VALUE", format!("{number} is no value of {}", words.name()));
                return None;
            };
            let name = found.name();
            // The words of the level carry the prefix themselves.
            let word = if words.name() == "Grip" { name } else { name.strip_prefix(&prefix(words)).unwrap_or(name) };
            Some(Value::Text(word.to_owned()))
        }
        (Wire::Message(message), Kind::Message(descriptor)) if is(descriptor, "LocalisedTexts") => {
            let list = message.get_field_by_name("texts")?;
            Some(read_texts(list.as_list()?, at, faults).unwrap_or_else(|| Value::Fields(Fields::new())))
        }
        (Wire::Message(message), _) => Some(Value::Fields(read_fields(message, at, faults))),
        (
            Wire::EnumNumber(_)
            | Wire::U32(_)
            | Wire::U64(_)
            | Wire::F32(_)
            | Wire::F64(_)
            | Wire::Bytes(_)
            | Wire::List(_)
            | Wire::Map(_),
            _,
        ) => {
            faults.add(at, "WRONG_KIND", "a record has no values of this kind");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use prost::Message;

    use super::*;
    use crate::domain::arbitrary::record;
    use crate::domain::field::Schema;
    use crate::domain::record::Revision;
    use crate::domain::spoilt::spoilt;
    use crate::proto::rules::Rules;
    use crate::proto::{from_dynamic, to_dynamic, v1};

    fn stored(record: Record, origin: Origin) -> Stored {
        let meta = Meta {
            uid: "3f6e0c5a-0000-8000-8000-000000000000".to_owned(),
            revision: Revision(7),
            create_time: Timestamp::from_nanosecond(-1).unwrap(),
            update_time: Timestamp::from_second(1_795_000_000).unwrap(),
            origin,
        };
        Stored { record, meta }
    }

    fn read(collection: Collection, message: &DynamicMessage) -> (Option<Record>, Vec<(String, &'static str)>) {
        let mut faults = Faults::default();
        let record = read_resource(collection, message, &Path::Root.field("area"), &mut faults);
        (record, faults.0.into_iter().map(|fault| (fault.path, fault.reason)).collect())
    }

    proptest! {
        #[test]
        fn no_input_makes_a_message_of_a_record_panic(
            bytes in prop::collection::vec(record(), 1..3).prop_flat_map(|records| spoilt(
                records.into_iter().map(|one| to_envelope(&stored(one, Origin::Office)).unwrap().encode_to_vec()).collect(),
            )),
        ) {
            let mut faults = Faults::default();
            if let Ok(envelope) = DynamicMessage::decode(descriptor("Record").unwrap(), bytes.as_slice()) {
                Rules::load().unwrap().check(&envelope, &Path::Root, &mut faults);
                if let Some((collection, _, resource)) = open_envelope(&envelope)
                    && let (Some(record), faults) = read(collection, resource)
                    && faults.is_empty()
                {
                    // What was read without a fault is written and read as the same.
                    let again = to_resource(&stored(record.clone(), Origin::Office)).unwrap();
                    prop_assert_eq!(read(collection, &again), (Some(record), vec![]));
                }
            }
        }

        #[test]
        fn a_record_survives_its_message(record in record()) {
            let message = to_resource(&stored(record.clone(), Origin::Office)).unwrap();
            prop_assert_eq!(read(record.collection(), &message), (Some(record), vec![]));
        }

        #[test]
        fn a_record_survives_the_generated_types(record in record()) {
            let envelope = to_envelope(&stored(record.clone(), Origin::Office)).unwrap();
            let typed: v1::Record = from_dynamic(&envelope).unwrap();
            let again = to_dynamic(&typed, descriptor("Record").unwrap()).unwrap();
            let (collection, field, resource) = open_envelope(&again).unwrap();
            prop_assert_eq!(field.name().replace('_', ""), message_name(collection).to_lowercase());
            prop_assert_eq!(read(collection, resource), (Some(record), vec![]));
        }
    }

    #[test]
    fn what_the_server_keeps_is_shown_and_not_read() {
        let text = |text: &str| Value::Text(text.to_owned());
        let mut fields = Fields::from([
            ("name".to_owned(), text("areas/gm0171")),
            ("display_names".to_owned(), Value::Fields(Fields::from([("nl".to_owned(), text("Noordoostpolder"))]))),
            ("kind".to_owned(), text("MUNICIPALITY")),
        ]);
        let mut faults = Faults::default();
        let record = Record::from_fields(Collection::Areas, fields.clone(), &Path::Root, &mut faults).unwrap();
        fields.insert("kind".to_owned(), text("PLACE"));
        let message = to_resource(&stored(record.clone(), Origin::Edited(fields.into()))).unwrap();
        let area: v1::Area = from_dynamic(&message).unwrap();
        assert_eq!((area.etag.as_str(), area.origin()), ("\"7\"", v1::Origin::Edited));
        assert_eq!(area.edited_fields, ["kind"]);
        assert_eq!(area.create_time, Some(prost_types::Timestamp { seconds: -1, nanos: 999_999_999 }));
        assert_eq!(read(Collection::Areas, &message), (Some(record), vec![]));
    }

    #[test]
    fn every_fault_of_a_message_is_named() {
        let texts = |code: &str| v1::LocalisedText { language_code: code.to_owned(), text: "Urk".to_owned() };
        let area = v1::Area {
            name: "organisations/urk".to_owned(),
            display_names: vec![texts("nl"), texts("nl"), texts("?")],
            kind: 77,
            within: vec![v1::AreaEdge::default()],
            validity: Some(v1::Validity { start: "yesterday".to_owned(), ..v1::Validity::default() }),
            ..v1::Area::default()
        };
        let message = to_dynamic(&area, descriptor("Area").unwrap()).unwrap();
        let (record, faults) = read(Collection::Areas, &message);
        assert_eq!(record, None);
        let found: Vec<&str> = faults.iter().map(|(path, _)| path.as_str()).collect();
        for path in [
            "area.name",
            "area.display_names[1].language_code",
            "area.display_names.?",
            "area.kind",
            "area.within[0].area",
            "area.validity.start",
        ] {
            assert!(found.contains(&path), "{path} in {found:?}");
        }
    }

    /// Adds where a message differs from what trees have.
    fn compare(schema: &Schema, descriptor: &MessageDescriptor, differences: &mut Vec<String>) {
        let Schema::Fields(fields) = schema else { panic!("{} is no group of fields", descriptor.full_name()) };
        let is_resource = descriptor.get_field_by_name("uid").is_some();
        let said: Vec<String> = descriptor.fields().map(|field| field.name().to_owned()).collect();
        let kept = KEPT.iter().filter(|_| is_resource);
        let wanted: Vec<&str> = fields.iter().map(|(name, _)| *name).chain(kept.copied()).collect();
        if said != wanted {
            differences.push(format!("{}: {said:?} are not {wanted:?}", descriptor.full_name()));
        }
        for (name, schema) in fields {
            if let Some(field) = descriptor.get_field_by_name(name) {
                compare_field(schema, &field, false, differences);
            }
        }
    }

    fn compare_field(schema: &Schema, field: &FieldDescriptor, is_item: bool, differences: &mut Vec<String>) {
        let kind = field.kind();
        let fits = match (schema, &kind) {
            (Schema::Optional(inner), _) => return compare_field(inner, field, is_item, differences),
            (Schema::List(inner), _) if field.is_list() => return compare_field(inner, field, true, differences),
            (Schema::Texts, Kind::Message(text)) if is_item => is(text, "LocalisedTexts"),
            (Schema::Texts, Kind::Message(text)) => field.is_list() && is(text, "LocalisedText"),
            (_, _) if field.is_list() != is_item => false,
            (Schema::Fields(_), Kind::Message(message)) => {
                compare(schema, message, differences);
                true
            }
            (Schema::Word { words, .. }, Kind::Enum(values)) => {
                let prefix = prefix(values);
                let said: Vec<String> = values.values().map(|value| value.name().to_owned()).collect();
                let own = |word: &&str| {
                    if word.starts_with(&prefix) { (*word).to_owned() } else { format!("{prefix}{word}") }
                };
                let mut wanted: Vec<String> = words.iter().map(own).collect();
                if !wanted.contains(&format!("{prefix}UNSPECIFIED")) {
                    wanted.insert(0, format!("{prefix}UNSPECIFIED"));
                }
                said == wanted
            }
            (Schema::Bool, kind) => *kind == Kind::Bool,
            (Schema::Integer, kind) => *kind == Kind::Int32,
            (Schema::Text | Schema::Name | Schema::Date | Schema::Moment, kind) => *kind == Kind::String,
            (Schema::List(_) | Schema::Texts | Schema::Fields(_) | Schema::Word { .. }, _) => false,
        };
        if !fits {
            differences.push(format!("{}: {schema:?} is not {kind:?}", field.full_name()));
        }
    }

    #[test]
    fn the_messages_have_the_fields_of_the_records() {
        let mut differences = Vec::new();
        for &collection in Collection::ALL {
            compare(&Record::schema(collection), &descriptor(message_name(collection)).unwrap(), &mut differences);
        }
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }

    /// A tree with everything that a schema allows.
    fn full(schema: &Schema) -> Value {
        match schema {
            Schema::Bool => Value::Bool(true),
            Schema::Integer => Value::Integer(7),
            Schema::Text | Schema::Name | Schema::Date | Schema::Moment => Value::Text("x".to_owned()),
            Schema::Word { words, .. } => Value::Text((*words.last().unwrap()).to_owned()),
            Schema::Texts => {
                let text = |text: &str| Value::Text(text.to_owned());
                Value::Fields(Fields::from([("nl".to_owned(), text("een")), ("en".to_owned(), text("one"))]))
            }
            Schema::Optional(inner) => full(inner),
            Schema::List(inner) => Value::List(vec![full(inner), full(inner)]),
            Schema::Fields(fields) => {
                Value::Fields(fields.iter().map(|(name, schema)| ((*name).to_owned(), full(schema))).collect())
            }
        }
    }

    #[test]
    fn every_field_of_every_record_survives_its_message() {
        for &collection in Collection::ALL {
            let Value::Fields(fields) = full(&Record::schema(collection)) else { panic!("{collection:?}") };
            let message = to_message(&fields, descriptor(message_name(collection)).unwrap()).unwrap();
            let mut faults = Faults::default();
            assert_eq!(read_fields(&message, &Path::Root, &mut faults), fields);
            assert_eq!(faults, Faults::default());
        }
    }
}
