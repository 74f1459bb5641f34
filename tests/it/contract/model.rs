//! The contract as the rules see it: its own elements, their options, its resources and the verbs of its methods.

use std::collections::BTreeSet;

use crisisgids::proto::PACKAGE;
use prost_reflect::{
    DescriptorPool, DynamicMessage, EnumDescriptor, EnumValueDescriptor, FieldDescriptor, FileDescriptor, Kind,
    MessageDescriptor, MethodDescriptor, OneofDescriptor, ServiceDescriptor, Value,
};

/// Every element that the contract declares itself; what it imports is left out.
pub(super) struct Contract {
    pub(super) pool: DescriptorPool,
    pub(super) files: Vec<FileDescriptor>,
    pub(super) messages: Vec<MessageDescriptor>,
    pub(super) fields: Vec<FieldDescriptor>,
    pub(super) enums: Vec<EnumDescriptor>,
    pub(super) values: Vec<EnumValueDescriptor>,
    pub(super) services: Vec<ServiceDescriptor>,
    pub(super) resources: Vec<Resource>,
    pub(super) methods: Vec<Method>,
}

/// A message with `google.api.resource`.
#[derive(Clone)]
pub(super) struct Resource {
    pub(super) message: MessageDescriptor,
    /// `crisisgids/CalamityType`.
    pub(super) kind: String,
    pub(super) patterns: Vec<String>,
    /// `calamityType`.
    pub(super) singular: String,
    /// `calamityTypes`.
    pub(super) plural: String,
}

/// What a method does, by the first word of its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verb {
    Get,
    List,
    Create,
    Update,
    Delete,
    BatchGet,
    /// Anything else, also a standard verb of what is no resource.
    Custom,
}

/// A method, and the resource that it is a standard method of.
pub(super) struct Method {
    pub(super) descriptor: MethodDescriptor,
    pub(super) verb: Verb,
    pub(super) resource: Option<Resource>,
    pub(super) http: Http,
    /// The arguments of each `google.api.method_signature`.
    pub(super) signatures: Vec<String>,
    /// `READ` of `PERMISSION_READ`; empty if the method has none.
    pub(super) permission: String,
}

/// A `google.api.http` rule; all of it empty if the method has none.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Http {
    pub(super) verb: String,
    pub(super) uri: String,
    pub(super) body: String,
}

/// What the proposals demand of a standard method of a resource.
pub(super) struct Demand {
    pub(super) request: String,
    pub(super) response: String,
    pub(super) http: Http,
    pub(super) signature: Option<String>,
}

impl Contract {
    pub(super) fn new(pool: DescriptorPool) -> Self {
        let files: Vec<_> = pool.files().filter(|file| file.package_name() == PACKAGE).collect();
        let messages: Vec<_> = pool.all_messages().filter(|message| message.package_name() == PACKAGE).collect();
        let fields = messages.iter().flat_map(|message| message.fields().collect::<Vec<_>>()).collect();
        let enums: Vec<_> = pool.all_enums().filter(|one| one.package_name() == PACKAGE).collect();
        let values = enums.iter().flat_map(|one| one.values().collect::<Vec<_>>()).collect();
        let services: Vec<_> = pool.services().filter(|service| service.package_name() == PACKAGE).collect();
        let resources: Vec<_> = messages.iter().filter_map(|message| Resource::of(&pool, message)).collect();
        let methods = services.iter().flat_map(|service| service.methods().collect::<Vec<_>>());
        let methods = methods.map(|method| Method::of(&pool, &resources, method)).collect();
        Contract { files, messages, fields, enums, values, services, resources, methods, pool }
    }

    /// The value of a custom option; `None` if it is not set.
    pub(super) fn option(&self, options: &DynamicMessage, name: &str) -> Option<Value> {
        option(&self.pool, options, name)
    }

    /// The `google.api.field_behavior` of a field: `REQUIRED`, `OPTIONAL`.
    pub(super) fn behaviours(&self, field: &FieldDescriptor) -> Vec<String> {
        let words = self.pool.get_enum_by_name("google.api.FieldBehavior");
        let value = self.option(&field.options(), "google.api.field_behavior");
        let numbers = value.as_ref().and_then(Value::as_list).unwrap_or_default();
        let numbers = numbers.iter().filter_map(Value::as_enum_number);
        numbers.filter_map(|number| Some(words.as_ref()?.get_value(number)?.name().to_owned())).collect()
    }

    pub(super) fn behaves(&self, field: &FieldDescriptor, behaviour: &str) -> bool {
        self.behaviours(field).iter().any(|one| one == behaviour)
    }

    /// One text of a `google.api.resource_reference`: its `type` or `child_type`; empty if there is none.
    pub(super) fn reference(&self, field: &FieldDescriptor, part: &str) -> String {
        let value = self.option(&field.options(), "google.api.resource_reference");
        value.as_ref().and_then(Value::as_message).map(|reference| text(reference, part)).unwrap_or_default()
    }

    /// The `buf.validate` rules of a field.
    pub(super) fn limits(&self, field: &FieldDescriptor) -> Option<DynamicMessage> {
        self.option(&field.options(), "buf.validate.field").and_then(|value| value.as_message().cloned())
    }

    /// Whether a message has a field of this shape that behaves so.
    pub(super) fn has(&self, message: &MessageDescriptor, name: &str, shape_: &str, behaviour: &str) -> bool {
        message.get_field_by_name(name).is_some_and(|field| shape(&field) == shape_ && self.behaves(&field, behaviour))
    }

    /// The standard methods of one verb that are not as demanded.
    pub(super) fn standard(&self, verb: Verb, wrong: impl Fn(&Method, &Resource, &Demand) -> bool) -> Vec<String> {
        let methods = self.methods.iter().filter(|method| method.verb == verb);
        let resources = methods.filter_map(|method| Some((method, method.resource.as_ref()?)));
        resources
            .filter(|(method, resource)| wrong(method, resource, &resource.demand(verb)))
            .map(|(method, _)| method.place())
            .collect()
    }

    /// The full names of all messages that can be part of a request.
    pub(super) fn asked(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open: Vec<MessageDescriptor> = self.methods.iter().map(|method| method.descriptor.input()).collect();
        while let Some(message) = open.pop() {
            if message.package_name() == PACKAGE && found.insert(message.full_name().to_owned()) {
                open.extend(message.fields().filter_map(|field| field.kind().as_message().cloned()));
            }
        }
        found
    }
}

impl Resource {
    fn of(pool: &DescriptorPool, message: &MessageDescriptor) -> Option<Self> {
        let value = option(pool, &message.options(), "google.api.resource")?;
        let resource = value.as_message()?;
        Some(Resource {
            message: message.clone(),
            kind: text(resource, "type"),
            patterns: texts(resource, "pattern"),
            singular: text(resource, "singular"),
            plural: text(resource, "plural"),
        })
    }

    /// The first pattern as a template: `organisations/*/contacts/*`.
    fn template(&self) -> String {
        let pattern = self.patterns.first().cloned().unwrap_or_default();
        let segments = pattern.split('/').map(|segment| if segment.starts_with('{') { "*" } else { segment });
        segments.collect::<Vec<_>>().join("/")
    }

    pub(super) fn is_nested(&self) -> bool {
        self.template().split('/').count() > 2
    }

    /// `calamity_type`.
    pub(super) fn snake(&self) -> String {
        snake(&self.singular)
    }

    /// `calamity_types`.
    pub(super) fn snake_plural(&self) -> String {
        snake(&self.plural)
    }

    fn demand(&self, verb: Verb) -> Demand {
        let (name, names, snake, template) = (self.message.name(), pascal(&self.plural), self.snake(), self.template());
        let parent = template.rsplitn(3, '/').nth(2).unwrap_or_default();
        let all = if self.is_nested() {
            format!("/v1/{{parent={parent}}}/{}", self.plural)
        } else {
            format!("/v1/{}", self.plural)
        };
        let one = format!("/v1/{{name={template}}}");
        let below = if self.is_nested() { "parent," } else { "" };
        let (verb, noun, response, how, uri, body, signature) = match verb {
            Verb::Get => ("Get", name, name.to_owned(), "get", one, "", Some("name".to_owned())),
            Verb::List => {
                let signature = below.trim_end_matches(',').to_owned();
                ("List", names.as_str(), format!("List{names}Response"), "get", all, "", Some(signature))
            }
            Verb::Create => {
                let signature = format!("{below}{snake},{snake}_id");
                ("Create", name, name.to_owned(), "post", all, snake.as_str(), Some(signature))
            }
            Verb::Update => {
                let uri = format!("/v1/{{{snake}.name={template}}}");
                let signature = format!("{snake},update_mask");
                ("Update", name, name.to_owned(), "patch", uri, snake.as_str(), Some(signature))
            }
            Verb::Delete => {
                ("Delete", name, "google.protobuf.Empty".to_owned(), "delete", one, "", Some("name".to_owned()))
            }
            Verb::BatchGet | Verb::Custom => {
                let response = format!("BatchGet{names}Response");
                ("BatchGet", names.as_str(), response, "get", format!("{all}:batchGet"), "", None)
            }
        };
        let http = Http { verb: how.to_owned(), uri, body: body.to_owned() };
        Demand { request: format!("{verb}{noun}Request"), response, http, signature }
    }
}

impl Method {
    fn of(pool: &DescriptorPool, resources: &[Resource], descriptor: MethodDescriptor) -> Self {
        let (verb, resource) = standard(resources, descriptor.name());
        let options = descriptor.options();
        let http = option(pool, &options, "google.api.http");
        let http = http.as_ref().and_then(Value::as_message).map(Http::of).unwrap_or_default();
        let signatures = option(pool, &options, "google.api.method_signature");
        let signatures = signatures.as_ref().and_then(Value::as_list).unwrap_or_default();
        let signatures = signatures.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let permission = option(pool, &options, "crisisgids.v1.permission").and_then(|value| value.as_enum_number());
        let words = pool.get_enum_by_name("crisisgids.v1.Permission");
        let permission = permission.filter(|number| *number != 0).zip(words);
        let permission = permission.and_then(|(number, words)| Some(words.get_value(number)?.name().to_owned()));
        let permission = permission.unwrap_or_default().trim_start_matches("PERMISSION_").to_owned();
        Method { descriptor, verb, resource, http, signatures, permission }
    }

    pub(super) fn name(&self) -> &str {
        self.descriptor.name()
    }

    pub(super) fn input(&self) -> MessageDescriptor {
        self.descriptor.input()
    }

    pub(super) fn output(&self) -> MessageDescriptor {
        self.descriptor.output()
    }

    /// The message that holds what a caller says about the call as a whole: for a stream, that of its options.
    pub(super) fn head(&self) -> MessageDescriptor {
        let options = self.input().get_field_by_name("options").filter(|_| self.descriptor.is_client_streaming());
        options.and_then(|field| field.kind().as_message().cloned()).unwrap_or_else(|| self.input())
    }
}

impl Http {
    fn of(rule: &DynamicMessage) -> Self {
        let verbs = ["get", "put", "post", "delete", "patch"];
        let set = verbs.into_iter().find(|verb| rule.has_field_by_name(verb)).unwrap_or_default();
        let uri = if set.is_empty() { String::new() } else { text(rule, set) };
        Http { verb: set.to_owned(), uri, body: text(rule, "body") }
    }
}

/// Which verb a method's name begins with, and of which resource.
fn standard(resources: &[Resource], name: &str) -> (Verb, Option<Resource>) {
    let verbs = [
        ("BatchGet", Verb::BatchGet),
        ("Get", Verb::Get),
        ("List", Verb::List),
        ("Create", Verb::Create),
        ("Update", Verb::Update),
        ("Delete", Verb::Delete),
    ];
    let found = verbs.into_iter().find_map(|(word, verb)| {
        let noun = name.strip_prefix(word)?;
        let of_many = matches!(verb, Verb::BatchGet | Verb::List);
        let is_of = |one: &&Resource| if of_many { pascal(&one.plural) == noun } else { one.message.name() == noun };
        Some((verb, resources.iter().find(is_of)?.clone()))
    });
    found.map_or((Verb::Custom, None), |(verb, resource)| (verb, Some(resource)))
}

/// An element with a place in the contract.
pub(super) trait Element {
    /// Its full name, such as `crisisgids.v1.Area.name`.
    fn place(&self) -> String;
}

macro_rules! element {
    ($($type:ty),*) => {$(
        impl Element for $type {
            fn place(&self) -> String {
                self.full_name().to_owned()
            }
        }
    )*};
}

element!(MessageDescriptor, FieldDescriptor, OneofDescriptor, EnumDescriptor, EnumValueDescriptor, ServiceDescriptor);

impl Element for FileDescriptor {
    fn place(&self) -> String {
        self.name().to_owned()
    }
}

impl Element for Method {
    fn place(&self) -> String {
        self.descriptor.full_name().to_owned()
    }
}

impl Element for Resource {
    fn place(&self) -> String {
        self.message.full_name().to_owned()
    }
}

/// The paths of those elements that are wrong.
pub(super) fn those<E: Element>(all: &[E], wrong: impl Fn(&E) -> bool) -> Vec<String> {
    all.iter().filter(|one| wrong(one)).map(Element::place).collect()
}

/// A field's type as the contract writes it, its own package left out: `repeated AreaReference`, `optional Grip`.
pub(super) fn shape(field: &FieldDescriptor) -> String {
    let kind = format!("{:?}", field.kind());
    let kind = kind.strip_prefix(PACKAGE).and_then(|rest| rest.strip_prefix('.')).unwrap_or(&kind);
    let label = if field.is_list() {
        "repeated "
    } else if field.containing_oneof().is_some_and(|oneof| oneof.is_synthetic()) {
        "optional "
    } else {
        ""
    };
    format!("{label}{kind}")
}

pub(super) fn is_of(field: &FieldDescriptor, kind: &str) -> bool {
    format!("{:?}", field.kind()) == kind
}

pub(super) fn is_message(field: &FieldDescriptor) -> bool {
    matches!(field.kind(), Kind::Message(_))
}

/// The texts of a list of strings in an option.
fn texts(message: &DynamicMessage, field: &str) -> Vec<String> {
    let value = message.get_field_by_name(field);
    let list = value.as_ref().and_then(|value| value.as_list()).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A string in an option.
pub(super) fn text(message: &DynamicMessage, field: &str) -> String {
    message.get_field_by_name(field).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn option(pool: &DescriptorPool, options: &DynamicMessage, name: &str) -> Option<Value> {
    let extension = pool.get_extension_by_name(name).filter(|extension| options.has_extension(extension))?;
    Some(options.get_extension(&extension).into_owned())
}

/// `calamity_type` of `calamityType`.
pub(super) fn snake(camel: &str) -> String {
    words(camel).join("_").to_lowercase()
}

/// `CalamityTypes` of `calamityTypes`.
pub(super) fn pascal(camel: &str) -> String {
    let mut letters = camel.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The words of a name in camel case.
pub(super) fn words(camel: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for letter in camel.chars() {
        match words.last_mut().filter(|_| !letter.is_uppercase()) {
            Some(word) => word.push(letter),
            None => words.push(letter.to_string()),
        }
    }
    words
}
