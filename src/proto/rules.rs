//! The rules that the contract states about itself: which permission a method needs, and what a field may hold.
//!
//! Both are read from the descriptor set when the server starts, so reflection shows exactly what is enforced.
//!
//! **Invariants.** A method without a permission, and a `buf.validate` rule that is not enforced here, are errors at
//! start. Checking names every violation in a request with its path.
//!
//! # Why not a library (2026-11)
//! The one that exists needs protoc to build and brings an interpreter for rules in CEL into the path of every request.
//! The contract uses a dozen kinds of rules.

use std::collections::{BTreeMap, HashMap};

use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, ReflectMessage,
    Value as Wire,
};

use crate::domain::access::Action;
use crate::domain::field::{Faults, Path};

use super::{PACKAGE, pool};

/// What is wrong with the contract itself: a fault of the program, found at its start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the contract: {0}")]
pub struct ContractError(String);

/// The rules of the contract.
#[derive(Debug)]
pub struct Rules {
    methods: BTreeMap<String, Method>,
    messages: HashMap<String, MessageRules>,
}

/// A method of the contract.
#[derive(Debug, Clone)]
pub struct Method {
    /// What its caller must be permitted to do.
    pub action: Action,
    /// What it takes.
    pub input: MessageDescriptor,
    /// What it answers.
    pub output: MessageDescriptor,
}

#[derive(Debug, Default)]
struct MessageRules {
    fields: HashMap<u32, FieldRules>,
    /// The oneofs of which one field must be set.
    required_oneofs: Vec<String>,
}

/// The rules of one field; for a list, those of its elements in `of_items`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct FieldRules {
    is_required: bool,
    ignores_zero: bool,
    limits: Vec<Limit>,
    of_items: Vec<Limit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    MinLetters(u64),
    MaxLetters(u64),
    MaxBytes(u64),
    Uuid,
    AtLeast(i64),
    AtMost(i64),
    KnownValue,
    MinItems(u64),
    MaxItems(u64),
}

impl Rules {
    /// Reads the rules of the contract.
    ///
    /// # Errors
    /// [`ContractError`] if a method has no permission or a rule is not one that is enforced here.
    pub fn load() -> Result<Self, ContractError> {
        Rules::read(pool())
    }

    fn read(pool: &DescriptorPool) -> Result<Self, ContractError> {
        let mut methods = BTreeMap::new();
        for service in pool.services().filter(|service| service.package_name() == PACKAGE) {
            for method in service.methods() {
                let path = format!("{}/{}", service.name(), method.name());
                let action = permission(pool, &method)?;
                methods.insert(path, Method { action, input: method.input(), output: method.output() });
            }
        }
        let mut messages = HashMap::new();
        for message in pool.all_messages().filter(|message| message.package_name() == PACKAGE) {
            messages.insert(message.full_name().to_owned(), message_rules(pool, &message)?);
        }
        Ok(Rules { methods, messages })
    }

    /// The methods, by `Service/Method`.
    pub fn methods(&self) -> &BTreeMap<String, Method> {
        &self.methods
    }

    /// Adds every violation in a message, at paths below `at`.
    pub fn check(&self, message: &DynamicMessage, at: &Path<'_>, faults: &mut Faults) {
        let descriptor = message.descriptor();
        let rules = self.messages.get(descriptor.full_name());
        for oneof in rules.iter().flat_map(|rules| &rules.required_oneofs) {
            let is_set = |field: FieldDescriptor| {
                field.containing_oneof().is_some_and(|of| of.name() == oneof) && message.has_field(&field)
            };
            if !descriptor.fields().any(is_set) {
                faults.add(&at.field(oneof), "REQUIRED", "one of its fields must be set");
            }
        }
        for field in descriptor.fields() {
            let here = at.field(field.name());
            let is_set = message.has_field(&field);
            let rules = rules.and_then(|rules| rules.fields.get(&field.number()));
            if let Some(rules) = rules {
                if rules.is_required && !is_set {
                    faults.add(&here, "REQUIRED", "this field is required");
                    continue;
                }
                if is_set || !(rules.ignores_zero || field.supports_presence()) {
                    let value = message.get_field(&field);
                    rules.limits.iter().for_each(|limit| limit.check(&value, &field.kind(), &here, faults));
                }
            }
            if !is_set {
                continue;
            }
            match message.get_field(&field).as_ref() {
                Wire::Message(inner) => self.check(inner, &here, faults),
                Wire::List(items) => {
                    for (index, item) in items.iter().enumerate() {
                        let here = here.item(index);
                        let limits = rules.iter().flat_map(|rules| &rules.of_items);
                        limits.for_each(|limit| limit.check(item, &field.kind(), &here, faults));
                        if let Wire::Message(inner) = item {
                            self.check(inner, &here, faults);
                        }
                    }
                }
                Wire::Bool(_)
                | Wire::I32(_)
                | Wire::I64(_)
                | Wire::U32(_)
                | Wire::U64(_)
                | Wire::F32(_)
                | Wire::F64(_)
                | Wire::String(_)
                | Wire::Bytes(_)
                | Wire::EnumNumber(_)
                | Wire::Map(_) => {}
            }
        }
    }
}

impl Limit {
    fn check(self, value: &Wire, kind: &Kind, at: &Path<'_>, faults: &mut Faults) {
        let text = value.as_str().unwrap_or_default();
        let letters = || count(text.chars().count());
        let number = value.as_i64().or_else(|| value.as_i32().map(i64::from)).unwrap_or_default();
        let items = count(value.as_list().unwrap_or_default().len());
        let (is_kept, reason, message) = match self {
            Limit::MinLetters(least) => (letters() >= least, "TOO_SHORT", format!("at least {least} characters")),
            Limit::MaxLetters(most) => (letters() <= most, "TOO_LONG", format!("at most {most} characters")),
            Limit::MaxBytes(most) => (count(text.len()) <= most, "TOO_LONG", format!("at most {most} bytes")),
            Limit::Uuid => {
                let is_uuid = text.len() == 36 && uuid::Uuid::try_parse(text).is_ok();
                (is_uuid, "NOT_A_UUID", "not a UUID such as 0f8fad5b-d9cb-469f-a165-70867728950e".to_owned())
            }
            Limit::AtLeast(least) => (number >= least, "OUT_OF_RANGE", format!("at least {least}")),
            Limit::AtMost(most) => (number <= most, "OUT_OF_RANGE", format!("at most {most}")),
            Limit::KnownValue => {
                let number = value.as_enum_number().unwrap_or_default();
                let is_known = !matches!(kind, Kind::Enum(words) if words.get_value(number).is_none());
                let name = if let Kind::Enum(words) = kind { words.name() } else { "this enum" };
                (is_known, "UNKNOWN_VALUE", format!("{number} is no value of {name}"))
            }
            Limit::MinItems(least) => (items >= least, "REQUIRED", format!("at least {least} elements")),
            Limit::MaxItems(most) => (items <= most, "TOO_MANY", format!("at most {most} elements")),
        };
        if !is_kept {
            faults.add(at, reason, message);
        }
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The action that a method's permission names.
fn permission(pool: &DescriptorPool, method: &MethodDescriptor) -> Result<Action, ContractError> {
    let fault = |what: &str| ContractError(format!("{} {what}", method.full_name()));
    let name = format!("{PACKAGE}.permission");
    let option = pool.get_extension_by_name(&name).ok_or_else(|| fault("finds no option for permissions"))?;
    let number = method.options().get_extension(&option).as_enum_number().unwrap_or_default();
    let Kind::Enum(words) = option.kind() else { return Err(fault("finds permissions that are no enum")) };
    let value = words.get_value(number).filter(|value| value.number() != 0);
    let word = value.as_ref().and_then(|value| value.name().strip_prefix("PERMISSION_"));
    word.and_then(Action::from_word).ok_or_else(|| fault("has no permission"))
}

fn message_rules(pool: &DescriptorPool, message: &MessageDescriptor) -> Result<MessageRules, ContractError> {
    let mut rules = MessageRules::default();
    for field in message.fields() {
        if let Some(options) = option(pool, &field.options(), "buf.validate.field") {
            let fault =
                |what: String| ContractError(format!("{} has a rule that is not enforced: {what}", field.full_name()));
            rules.fields.insert(field.number(), field_rules(&options).map_err(fault)?);
        }
    }
    for oneof in message.oneofs() {
        if let Some(options) = option(pool, &oneof.options(), "buf.validate.oneof")
            && options.get_field_by_name("required").is_some_and(|required| required.as_bool() == Some(true))
        {
            rules.required_oneofs.push(oneof.name().to_owned());
        }
    }
    Ok(rules)
}

/// The message in an option; `None` if it is not set.
fn option(pool: &DescriptorPool, options: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    let option = pool.get_extension_by_name(name).filter(|option| options.has_extension(option))?;
    options.get_extension(&option).as_message().cloned()
}

fn field_rules(options: &DynamicMessage) -> Result<FieldRules, String> {
    let mut rules = FieldRules::default();
    for (field, value) in options.fields() {
        match (field.name(), value) {
            ("required", Wire::Bool(is_required)) => rules.is_required = *is_required,
            ("ignore", Wire::EnumNumber(1)) => rules.ignores_zero = true,
            ("repeated", Wire::Message(repeated)) => {
                for (field, value) in repeated.fields() {
                    match (field.name(), value) {
                        ("min_items", Wire::U64(least)) => rules.limits.push(Limit::MinItems(*least)),
                        ("max_items", Wire::U64(most)) => rules.limits.push(Limit::MaxItems(*most)),
                        ("items", Wire::Message(items)) => rules.of_items = field_rules(items)?.limits,
                        (other, _) => return Err(format!("repeated.{other}")),
                    }
                }
            }
            (kind, Wire::Message(limits)) => {
                for (field, value) in limits.fields() {
                    let limit = limit(kind, field.name(), value);
                    rules.limits.push(limit.ok_or_else(|| format!("{kind}.{}", field.name()))?);
                }
            }
            (other, _) => return Err(other.to_owned()),
        }
    }
    Ok(rules)
}

fn limit(kind: &str, rule: &str, value: &Wire) -> Option<Limit> {
    let number = value.as_i64().or_else(|| value.as_i32().map(i64::from));
    match (kind, rule) {
        ("string", "min_len") => value.as_u64().map(Limit::MinLetters),
        ("string", "max_len") => value.as_u64().map(Limit::MaxLetters),
        ("string", "max_bytes") => value.as_u64().map(Limit::MaxBytes),
        ("string", "uuid") => (value.as_bool() == Some(true)).then_some(Limit::Uuid),
        ("int32" | "int64", "gte") => number.map(Limit::AtLeast),
        ("int32" | "int64", "lte") => number.map(Limit::AtMost),
        ("enum", "defined_only") => (value.as_bool() == Some(true)).then_some(Limit::KnownValue),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{descriptor, v1};

    fn faults(message: &impl prost::Message, name: &str) -> Vec<(String, &'static str)> {
        let dynamic = crate::proto::to_dynamic(message, descriptor(name).unwrap()).unwrap();
        let mut faults = Faults::default();
        Rules::load().unwrap().check(&dynamic, &Path::Root, &mut faults);
        faults.0.into_iter().map(|fault| (fault.path, fault.reason)).collect()
    }

    fn path(path: &str, reason: &'static str) -> (String, &'static str) {
        (path.to_owned(), reason)
    }

    #[test]
    fn every_method_needs_a_permission_and_every_permission_guards_a_method() {
        let rules = Rules::load().unwrap();
        let used: std::collections::BTreeSet<Action> = rules.methods().values().map(|method| method.action).collect();
        assert_eq!(used.into_iter().collect::<Vec<_>>(), Action::ALL);
        assert_eq!(rules.methods()["CoordinationService/FindActingOrganisations"].action, Action::Ask);
        assert_eq!(rules.methods()["DirectoryService/ImportChanges"].action, Action::Write);
    }

    #[test]
    fn a_contract_with_a_method_without_permission_is_refused() {
        // Decoded into plain descriptors and encoded again, the set has lost its options.
        let file = pool().file_descriptor_protos().cloned().collect();
        let bare = DescriptorPool::from_file_descriptor_set(prost_types::FileDescriptorSet { file }).unwrap();
        let error = Rules::read(&bare).unwrap_err();
        assert!(error.to_string().ends_with("has no permission"), "{error}");
    }

    #[test]
    fn every_violation_of_a_request_is_named() {
        let area = v1::Area {
            kind: 99,
            display_names: vec![v1::LocalisedText { language_code: "x".repeat(36), text: "y".repeat(4097) }],
            ..v1::Area::default()
        };
        let request = v1::CreateAreaRequest {
            area: Some(area),
            request_id: "not a uuid".to_owned(),
            ..v1::CreateAreaRequest::default()
        };
        assert_eq!(
            faults(&request, "CreateAreaRequest"),
            [
                path("area_id", "REQUIRED"),
                path("area.display_names[0].language_code", "TOO_LONG"),
                path("area.display_names[0].text", "TOO_LONG"),
                path("area.kind", "UNKNOWN_VALUE"),
                path("request_id", "NOT_A_UUID"),
            ]
        );
    }

    #[test]
    fn lists_numbers_and_oneofs_have_their_bounds() {
        let question = v1::FindActingOrganisationsRequest {
            calamities: vec![String::new(); 21],
            compare_grip: Some(17),
            ..v1::FindActingOrganisationsRequest::default()
        };
        let found = faults(&question, "FindActingOrganisationsRequest");
        assert_eq!(found.len(), 24);
        assert_eq!(found[0], path("places", "REQUIRED"));
        assert_eq!(found[1], path("calamities", "TOO_MANY"));
        assert_eq!(found[2], path("calamities[0]", "TOO_SHORT"));
        assert_eq!(found[23], path("compare_grip", "UNKNOWN_VALUE"));
        let list = v1::ListAreasRequest { page_size: -1, ..v1::ListAreasRequest::default() };
        assert_eq!(faults(&list, "ListAreasRequest"), [path("page_size", "OUT_OF_RANGE")]);
        let changes = vec![v1::Change { change: Some(v1::change::Change::Put(v1::Record::default())) }];
        let apply = v1::ApplyChangesRequest { changes, ..v1::ApplyChangesRequest::default() };
        assert_eq!(faults(&apply, "ApplyChangesRequest"), [path("changes[0].put.record", "REQUIRED")]);
    }

    #[test]
    fn a_request_that_keeps_the_rules_has_no_violation() {
        let request = v1::DeleteAreaRequest { name: "areas/gm0171".to_owned(), ..v1::DeleteAreaRequest::default() };
        assert_eq!(faults(&request, "DeleteAreaRequest"), []);
        assert_eq!(faults(&v1::ListAreasRequest::default(), "ListAreasRequest"), []);
    }
}
