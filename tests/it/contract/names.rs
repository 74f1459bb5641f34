//! How things are called: resources and their names, fields, enums.

use crisisgids::domain::name::Collection;
use prost_reflect::{FieldDescriptor, Value};

use super::Rule;
use super::model::{Contract, Method, Resource, Verb, is_message, is_of, shape, snake, those};

/// Words that a field's name is better without (AIP-140).
pub(super) const PREPOSITIONS: &[&str] = &[
    "after",
    "as",
    "at",
    "before",
    "between",
    "by",
    "during",
    "for",
    "from",
    "in",
    "including",
    "into",
    "of",
    "on",
    "onto",
    "over",
    "per",
    "since",
    "than",
    "through",
    "to",
    "toward",
    "under",
    "until",
    "upon",
    "with",
    "within",
    "without",
];

/// Field names with such a word all the same, and why.
const PREPOSITIONS_KEPT: &[(&str, &str)] = &[
    ("order_by", "AIP-132 calls it so"),
    ("within", "the word of the domain for the edge to the area around"),
    ("adjacent_to", "the word of the domain for the edge between areas"),
    ("successor_of", "the word of the domain for the edge between areas in time"),
    ("reclassified_as", "its direction is its meaning"),
    ("as_of", "the day a source speaks of; `date` alone would not say of what"),
    ("from_grip", "fixed: the first of a range of levels"),
    ("to_grip", "the last of that range"),
    ("depends_on", "its direction is its meaning"),
    ("expands_to", "its direction is its meaning"),
    ("filled_by", "the word of the domain: one organisation fills a function of another"),
    ("filled_by_display_name", "beside `filled_by`"),
    ("requested_by", "fixed by the rules on assistance: by whom, and through whom"),
    ("through", "fixed by the rules on assistance: by whom, and through whom"),
    ("through_display_name", "beside `through`"),
    ("invoked_by", "who, not how often"),
    ("until_condition", "an end that is no date"),
    ("within_days", "a horizon; `days` alone could be an age"),
    ("after_revision", "exclusive, which `start_revision` is not"),
    ("as_dataset", "how the records are meant, not what they are"),
    ("on_conflict", "when the policy applies"),
    ("referenced_by", "the other direction than a reference"),
    ("before", "a value before a change; beside `after`"),
    ("after", "a value after a change; beside `before`"),
    ("by", "the rule that overrides; the message is called after the one that lost"),
];

/// Names of lists that do not end in `s`, and why.
const PLURALS_WITHOUT_S: &[(&str, &str)] = &[
    ("within", "a preposition has no plural"),
    ("adjacent_to", "a preposition has no plural"),
    ("successor_of", "a preposition has no plural"),
    ("reclassified_as", "a preposition has no plural"),
    ("referenced_by", "a preposition has no plural"),
    ("ours", "the spans in which the area is ours; a pronoun has no plural"),
    ("acting", "fixed"),
    ("matched", "fixed"),
    ("conditional", "fixed"),
    ("overridden", "fixed"),
    ("still_known", "fixed"),
    ("narrower", "a comparative has no plural"),
    ("maturity", "one state per department"),
    ("depends_on", "a preposition has no plural"),
    ("expands_to", "a preposition has no plural"),
    ("takes_down", "a preposition has no plural"),
    ("call_now", "the group of that name"),
    ("routine", "the words that mean daily work; an adjective has no plural"),
    ("unread", "fixed"),
];

pub(super) const RULES: &[Rule] = &[
    Rule("core::0122::camel-case-uris", |c| {
        let is_camel = |word: &str| word.starts_with(char::is_lowercase) && word.chars().all(char::is_alphanumeric);
        let is_wrong = |pattern: &String| pattern.split('/').step_by(2).any(|word| !is_camel(word));
        those(&c.resources, |resource| resource.patterns.iter().any(is_wrong))
    }),
    Rule("core::0122::name-suffix", |c| {
        let is_wrong = |name: &str| name.ends_with("_name") && !name.ends_with("display_name");
        those(&c.fields, |field| is_wrong(field.name()))
    }),
    Rule("core::0122::reference-is-a-string", |c| {
        those(&c.fields, |field| refers(c, field).is_some() && !is_of(field, "string"))
    }),
    Rule("core::0122::reference-to-a-known-type", |c| {
        let is_known = |kind: &String| kind == "*" || c.resources.iter().any(|resource| resource.kind == *kind);
        those(&c.fields, |field| refers(c, field).is_some_and(|kind| !is_known(&kind)))
    }),
    Rule("crisisgids::0122::reference-in-records", |c| {
        let asked = c.asked();
        let names: Vec<String> = c.resources.iter().flat_map(|one| [one.snake(), one.snake_plural()]).collect();
        those(&c.fields, |field| {
            // A question takes words as well as names, and a method's own resource comes as a message.
            let is_question = field.parent_message().name().starts_with("Find");
            let is_in_records = asked.contains(field.parent_message().full_name()) && !is_question;
            let is_named_so = names.iter().any(|name| name == field.name()) && is_of(field, "string");
            is_in_records && is_named_so && refers(c, field).is_none()
        })
    }),
    Rule("core::0123::resource-annotation", |c| {
        those(&c.messages, |message| {
            let is_read = |method: &Method| method.verb != Verb::Custom && method.output() == *message;
            let is_read = is_alone(message.name()) && c.methods.iter().any(is_read);
            let is_kept = message.get_field_by_name("uid").is_some();
            (is_read || is_kept) && !c.resources.iter().any(|resource| resource.message == *message)
        })
    }),
    Rule("core::0123::resource-type-name", |c| {
        those(&c.resources, |resource| resource.kind != format!("crisisgids/{}", resource.message.name()))
    }),
    Rule("core::0123::resource-singular", |c| {
        those(&c.resources, |resource| resource.snake() != snake(&lower(resource.message.name())))
    }),
    Rule("core::0123::resource-pattern", |c| {
        those(&c.resources, |resource| {
            let end = format!("{}/{{{}}}", resource.plural, resource.snake());
            resource.patterns.len() != 1 || !resource.patterns.iter().all(|pattern| pattern.ends_with(&end))
        })
    }),
    Rule("core::0123::resource-pattern-singular-variables", |c| {
        let is_wrong = |pattern: &String| pattern.contains("_id}") || pattern.contains("_name}");
        those(&c.resources, |resource| resource.patterns.iter().any(is_wrong))
    }),
    Rule("core::0123::duplicate-resource", |c| {
        those(&c.resources, |resource| {
            c.resources
                .iter()
                .filter(|other| other.kind == resource.kind || other.patterns == resource.patterns)
                .count()
                > 1
        })
    }),
    Rule("core::0123::resource-name-field", |c| {
        those(&c.resources, |resource| !c.has(&resource.message, "name", "string", "IDENTIFIER"))
    }),
    Rule("crisisgids::0123::collections-are-those-of-the-domain", |c| {
        let template = |collection: &Collection| collection.pattern().replace("/*", "/{}");
        let is_known = |pattern: &String| {
            let bare = pattern.split('/').map(|word| if word.starts_with('{') { "{}" } else { word });
            let bare = bare.collect::<Vec<_>>().join("/");
            Collection::ALL.iter().any(|collection| template(collection) == bare)
        };
        let unknown = those(&c.resources, |resource| !resource.patterns.iter().all(is_known));
        let without = Collection::ALL
            .iter()
            .filter(|collection| !c.resources.iter().any(|resource| resource.plural == collection.word()));
        unknown.into_iter().chain(without.map(|collection| collection.pattern())).collect()
    }),
    Rule("core::0126::unspecified", |c| {
        those(&c.enums, |one| {
            let zero = format!("{}_UNSPECIFIED", prefix(one.name()));
            one.values().find(|value| value.number() == 0).is_none_or(|value| value.name() != zero)
        })
    }),
    Rule("core::0126::upper-snake-values", |c| {
        let is_upper = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
        those(&c.values, |value| !value.name().chars().all(is_upper))
    }),
    Rule("core::0126::prefix", |c| {
        those(&c.values, |value| !value.name().starts_with(&format!("{}_", prefix(value.parent_enum().name()))))
    }),
    Rule("core::0140::lower-snake", |c| {
        let is_lower = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        those(&c.fields, |field| !field.name().chars().all(is_lower))
    }),
    Rule("core::0140::underscores", |c| those(&c.fields, |field| field.name().split('_').any(str::is_empty))),
    Rule("core::0140::numbers", |c| {
        those(&c.fields, |field| has_word(field, |word| word.starts_with(|letter: char| letter.is_ascii_digit())))
    }),
    Rule("core::0140::prepositions", |c| {
        those(&c.fields, |field| {
            has_word(field, |word| PREPOSITIONS.contains(&word)) && !is_listed(PREPOSITIONS_KEPT, field)
        })
    }),
    Rule("core::0140::abbreviations", |c| {
        let long = ["configuration", "identifier", "information", "specification", "statistics"];
        those(&c.fields, |field| has_word(field, |word| long.contains(&word)))
    }),
    Rule("core::0140::uri", |c| those(&c.fields, |field| has_word(field, |word| word == "url"))),
    Rule("core::0140::boolean-prefix", |c| {
        those(&c.fields, |field| is_of(field, "bool") && field.name().starts_with("is_"))
    }),
    Rule("core::0140::plural-lists", |c| {
        // One text in several languages is one text.
        let is_many = |field: &FieldDescriptor| field.is_list() && !is_of(field, "crisisgids.v1.LocalisedText");
        those(&c.fields, |field| is_many(field) && !field.name().ends_with('s') && !is_listed(PLURALS_WITHOUT_S, field))
    }),
    Rule("crisisgids::0140::exceptions-are-in-use", |c| {
        let listed = PREPOSITIONS_KEPT.iter().chain(PLURALS_WITHOUT_S).map(|(name, _)| *name);
        listed.filter(|name| !c.fields.iter().any(|field| field.name() == *name)).map(str::to_owned).collect()
    }),
    Rule("core::0141::count-suffix", |c| {
        those(&c.fields, |field| field.name().starts_with("num_") || ends(field, &["_count"]) && !is_of(field, "int32"))
    }),
    Rule("core::0141::forbidden-types", |c| {
        let forbidden = ["uint32", "uint64", "fixed32", "fixed64", "sfixed32", "sfixed64", "sint32", "sint64"];
        those(&c.fields, |field| forbidden.iter().any(|kind| is_of(field, kind)))
    }),
    Rule("core::0142::time-field-names", |c| {
        those(&c.fields, |field| is_of(field, "google.protobuf.Timestamp") && !ends(field, &["_time"]))
    }),
    Rule("core::0142::time-field-type", |c| {
        those(&c.fields, |field| ends(field, &["_time"]) && !is_of(field, "google.protobuf.Timestamp"))
    }),
    Rule("crisisgids::0142::dates-are-civil", |c| {
        those(&c.fields, |field| ends(field, &["_date"]) && shape(field) != "string")
    }),
    Rule("crisisgids::0142::units-in-names", |c| {
        let units = ["_seconds", "_minutes", "_hours", "_days", "_months", "_years"];
        those(&c.fields, |field| {
            ends(field, &units) && !is_of(field, "int32")
                || is_of(field, "google.protobuf.Duration") && (ends(field, &units) || ends(field, &["_time"]))
        })
    }),
    Rule("core::0143::standardized-codes", |c| {
        let loose = ["language", "lang", "country", "country_code", "region", "currency", "timezone", "mime"];
        those(&c.fields, |field| {
            loose.contains(&field.name()) || field.name() == "language_code" && shape(field) != "string"
        })
    }),
    Rule("core::0146::any", |c| {
        let loose = ["google.protobuf.Any", "google.protobuf.Struct", "google.protobuf.Value"];
        those(&c.fields, |field| loose.iter().any(|kind| is_of(field, kind)))
    }),
    Rule("core::0148::human-names", |c| those(&c.fields, |field| ["first_name", "last_name"].contains(&field.name()))),
    Rule("core::0148::standard-fields", |c| {
        let standard = [
            ("uid", "string"),
            ("create_time", "google.protobuf.Timestamp"),
            ("update_time", "google.protobuf.Timestamp"),
            ("origin", "Origin"),
            ("edited_fields", "repeated string"),
            ("redacted_fields", "repeated string"),
        ];
        let lacks =
            |resource: &Resource, (name, shape): &(&str, &str)| !c.has(&resource.message, name, shape, "OUTPUT_ONLY");
        those(&c.resources, |resource| standard.iter().any(|one| lacks(resource, one)))
    }),
    Rule("core::0148::uid-format", |c| those(&c.fields, |field| field.name() == "uid" && !is_uuid(c, field))),
    Rule("core::0149::optional", |c| {
        // Only where unset is not the same as the zero value; a message tells the two apart anyway.
        let is_meaningful = |field: &FieldDescriptor| !is_message(field) && !is_of(field, "string");
        those(&c.fields, |field| shape(field).starts_with("optional ") && !is_meaningful(field))
    }),
    Rule("core::0154::field-type", |c| those(&c.fields, |field| field.name() == "etag" && shape(field) != "string")),
    Rule("core::0154::resource-etag", |c| {
        // Sent and received: no one behaviour describes it.
        those(&c.resources, |resource| {
            resource.message.get_field_by_name("etag").is_none_or(|etag| !c.behaviours(&etag).is_empty())
        })
    }),
    Rule("core::0157::view-enum", |c| {
        those(&c.fields, |field| {
            let values =
                field.kind().as_enum().map(|view| view.values().map(|value| value.name().to_owned()).collect());
            let views: Vec<String> = values.unwrap_or_default();
            field.name() == "view" && views != ["VIEW_UNSPECIFIED", "VIEW_BASIC", "VIEW_FULL"]
        })
    }),
    Rule("core::0215::foreign-type-reference", |c| {
        let known = ["google.protobuf.Timestamp", "google.protobuf.Duration", "google.protobuf.FieldMask"];
        those(&c.fields, |field| {
            let kind = format!("{:?}", field.kind());
            kind.contains('.') && !kind.starts_with("crisisgids.v1.") && !known.contains(&kind.as_str())
        })
    }),
];

/// Whether an answer of that name would be read by name.
fn is_alone(message: &str) -> bool {
    !message.ends_with("Response") && message != "Empty"
}

/// The type that a field refers to; the type of the children that it is the parent of.
fn refers(c: &Contract, field: &FieldDescriptor) -> Option<String> {
    let [kind, child] = ["type", "child_type"].map(|part| c.reference(field, part));
    Some(if kind.is_empty() { child } else { kind }).filter(|kind| !kind.is_empty())
}

pub(super) fn is_uuid(c: &Contract, field: &FieldDescriptor) -> bool {
    let info = c.option(&field.options(), "google.api.field_info");
    let format = info
        .as_ref()
        .and_then(Value::as_message)
        .and_then(|info| info.get_field_by_name("format").and_then(|format| format.as_enum_number()));
    shape(field) == "string" && format == Some(1)
}

fn ends(field: &FieldDescriptor, suffixes: &[&str]) -> bool {
    suffixes.iter().any(|suffix| field.name().ends_with(suffix))
}

fn has_word(field: &FieldDescriptor, is: impl Fn(&str) -> bool) -> bool {
    field.name().split('_').any(is)
}

fn is_listed(list: &[(&str, &str)], field: &FieldDescriptor) -> bool {
    list.iter().any(|(name, _)| *name == field.name())
}

/// `AREA_KIND` of `AreaKind`.
fn prefix(name: &str) -> String {
    snake(name).to_uppercase()
}

fn lower(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
