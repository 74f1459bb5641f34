//! What the contract says about itself: comments, behaviours, limits, labels, reasons, and the order of its numbers.

use std::collections::BTreeMap;

use crisisgids::domain::error::Reason;
use prost_reflect::{DynamicMessage, FieldDescriptor, FileDescriptor, Value};

use super::Rule;
use super::model::{Contract, Element, is_of, text, those};

/// Field numbers at which a block of fields may begin, each by one name: what the server keeps about a record, and the
/// time of a question, which stays last.
const BLOCKS: &[(u32, &str)] = &[(50, "uid"), (100, "effective_time")];

/// The longest reason that AIP-193 allows.
const LONGEST_REASON: usize = 63;

pub(super) const RULES: &[Rule] = &[
    Rule("core::0191::proto-package", |c| {
        those(&c.files, |file| !file.name().starts_with(&format!("{}/", file.package_name().replace('.', "/"))))
    }),
    Rule("core::0191::filenames", |c| {
        let is_fine = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_/.".contains(letter);
        those(&c.files, |file| !file.name().chars().all(is_fine))
    }),
    Rule("core::0191::proto-version", |c| those(&c.files, |file| file.syntax() != prost_reflect::Syntax::Proto3)),
    Rule("core::0192::has-comments", |c| {
        let comments = Comments::of(c);
        comments.elements.iter().filter(|one| one.leading.trim().is_empty()).map(|one| one.path.clone()).collect()
    }),
    Rule("core::0192::only-leading-comments", |c| commented(c, |one| !one.trailing.is_empty())),
    Rule("core::0192::no-html", |c| commented(c, |one| one.words().any(is_tag))),
    Rule("core::0192::no-markdown-headings", |c| commented(c, |one| one.lines().any(|line| line.starts_with('#')))),
    Rule("core::0192::no-markdown-tables", |c| commented(c, |one| one.lines().any(|line| line.starts_with('|')))),
    Rule("core::0192::closed-backticks", |c| commented(c, |one| one.leading.matches('`').count() % 2 != 0)),
    Rule("core::0192::absolute-links", |c| commented(c, |one| one.leading.contains("](/"))),
    Rule("crisisgids::0192::whole-sentences", |c| {
        commented(c, |one| !one.leading.trim_end().ends_with(['.', '?', '`']) || one.leading.contains("TODO"))
    }),
    Rule("core::0192::deprecated-comment", |c| {
        let comments = Comments::of(c);
        let is_silent = |path: &str| !comments.leading(path).trim_start().starts_with("Deprecated: ");
        let is_old = |options: DynamicMessage| {
            options.get_field_by_name("deprecated").is_some_and(|old| old.as_bool() == Some(true))
        };
        those(&c.fields, |field| is_old(field.options()) && is_silent(field.full_name()))
    }),
    Rule("core::0193::reason-format", |c| {
        let is_upper = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
        let is_reason = |word: &str| word.len() <= LONGEST_REASON && word.chars().all(is_upper);
        those(&c.values, |value| {
            let word = value.name().strip_prefix("ERROR_REASON_").unwrap_or_default();
            value.parent_enum().name() == "ErrorReason" && (word.is_empty() || !is_reason(word))
        })
    }),
    Rule("crisisgids::0193::reasons-are-those-of-the-domain", |c| {
        let of_contract = c.pool.get_enum_by_name("crisisgids.v1.ErrorReason");
        let words = of_contract.iter().flat_map(|reasons| reasons.values().skip(1).collect::<Vec<_>>());
        let words: Vec<String> = words.map(|value| value.name().replacen("ERROR_REASON_", "", 1)).collect();
        let domain: Vec<&str> = Reason::ALL.iter().map(|reason| reason.word()).collect();
        let surplus = words.iter().filter(|word| !domain.contains(&word.as_str())).cloned();
        let missing = domain.iter().filter(|word| !words.iter().any(|other| other == *word));
        surplus.chain(missing.map(|word| format!("{word} is missing"))).collect()
    }),
    Rule("core::0203::field-behavior-required", |c| {
        let asked = c.asked();
        let known = ["REQUIRED", "OPTIONAL", "OUTPUT_ONLY", "IDENTIFIER"];
        those(&c.fields, |field| {
            let is_asked = asked.contains(field.parent_message().full_name());
            // Of a oneof the rule stands on the oneof; an etag is sent and received (AIP-154).
            let is_exempt = in_oneof(field) || field.name() == "etag";
            let behaves = c.behaviours(field).iter().any(|one| known.contains(&one.as_str()));
            is_asked && !is_exempt && !behaves
        })
    }),
    Rule("core::0203::identifier-only", |c| {
        let is_key = |field: &FieldDescriptor| {
            field.name() == "name" && c.resources.iter().any(|resource| resource.message == *field.parent_message())
        };
        those(&c.fields, |field| c.behaves(field, "IDENTIFIER") != is_key(field))
    }),
    Rule("crisisgids::0203::not-on-answers", |c| {
        let asked = c.asked();
        those(&c.fields, |field| !asked.contains(field.parent_message().full_name()) && !c.behaviours(field).is_empty())
    }),
    Rule("crisisgids::0203::required-is-enforced", |c| {
        // In a record, what is required is enforced with the record, which knows more than the wire.
        let inputs: Vec<_> = c.methods.iter().map(|method| method.input()).collect();
        those(&c.fields, |field| {
            inputs.contains(field.parent_message()) && c.behaves(field, "REQUIRED") != is_enforced(c, field)
        })
    }),
    Rule("crisisgids::0144::bounded", |c| {
        let asked = c.asked();
        those(&c.fields, |field| {
            let is_sent = asked.contains(field.parent_message().full_name()) && !c.behaves(field, "OUTPUT_ONLY");
            is_sent && !is_bounded(c, field)
        })
    }),
    Rule("crisisgids::oneof-required", |c| {
        let asked = c.asked();
        let messages = c.messages.iter().filter(|message| asked.contains(message.full_name()));
        let oneofs: Vec<_> = messages.flat_map(|message| message.oneofs().collect::<Vec<_>>()).collect();
        those(&oneofs, |oneof| {
            let rules = c.option(&oneof.options(), "buf.validate.oneof");
            let is_required = rules.as_ref().and_then(Value::as_message).is_some_and(|rules| flag(rules, "required"));
            !oneof.is_synthetic() && !is_required
        })
    }),
    Rule("crisisgids::enums-defined-only", |c| {
        let asked = c.asked();
        those(&c.fields, |field| {
            let is_sent = asked.contains(field.parent_message().full_name()) && !c.behaves(field, "OUTPUT_ONLY");
            field.kind().as_enum().is_some() && is_sent && !is_defined_only(c, field)
        })
    }),
    Rule("crisisgids::labels", |c| {
        those(&c.values, |value| {
            let labels = c.option(&value.options(), "crisisgids.v1.labels");
            let says = |labels: &DynamicMessage| ["nl", "en"].iter().all(|code| !text(labels, code).trim().is_empty());
            !labels.as_ref().and_then(Value::as_message).is_some_and(says)
        })
    }),
    Rule("crisisgids::labels-differ", |c| {
        those(&c.values, |value| {
            let label = |one: &prost_reflect::EnumValueDescriptor| {
                let labels = c.option(&one.options(), "crisisgids.v1.labels");
                labels.as_ref().and_then(Value::as_message).map(|labels| [text(labels, "nl"), text(labels, "en")])
            };
            let mine = label(value).unwrap_or_default();
            let others = value.parent_enum().values().filter(|other| other.number() != value.number());
            others.filter_map(|other| label(&other)).any(|[nl, en]| nl == mine[0] || en == mine[1])
        })
    }),
    Rule("crisisgids::confidential-by", |c| {
        those(&c.fields, |field| {
            let beside = c.option(&field.options(), "crisisgids.v1.confidential_by");
            let beside = beside.as_ref().and_then(Value::as_str);
            let is_fine = |name: &str| {
                let found = field.parent_message().get_field_by_name(name);
                found.is_some_and(|found| is_of(&found, "crisisgids.v1.Confidentiality"))
            };
            beside.is_some_and(|name| !is_fine(name))
        })
    }),
    Rule("crisisgids::field-numbers", |c| {
        those(&c.messages, |message| {
            let mut last = 0;
            message.descriptor_proto().field.iter().any(|field| {
                let number = u32::try_from(field.number()).unwrap_or_default();
                let is_next = BLOCKS.contains(&(number, field.name()))
                    || (last + 1..number).all(|skipped| is_reserved(message, skipped));
                let is_ordered = number > last;
                last = number;
                !(is_ordered && is_next)
            })
        })
    }),
    Rule("crisisgids::enum-numbers", |c| {
        those(&c.enums, |one| {
            let numbers = one.enum_descriptor_proto().value.iter().map(|value| value.number());
            !numbers.eq(0..i32::try_from(one.values().len()).unwrap_or_default())
        })
    }),
];

/// The comments of every element of the contract.
struct Comments {
    elements: Vec<Comment>,
}

struct Comment {
    path: String,
    leading: String,
    trailing: String,
}

impl Comments {
    fn of(c: &Contract) -> Self {
        let mut found = Comments { elements: Vec::new() };
        for file in &c.files {
            let of_file = locations(file);
            let mut add = |path: String, at: &[i32]| {
                let (leading, trailing) = of_file.get(at).cloned().unwrap_or_default();
                found.elements.push(Comment { path, leading, trailing });
            };
            // The comment on the line that says the syntax is that of the file.
            add(file.place(), &[12]);
            for message in c.messages.iter().filter(|message| message.parent_file() == *file) {
                add(message.place(), message.path());
                message.fields().for_each(|field| add(field.place(), field.path()));
                let oneofs = message.oneofs().filter(|oneof| !oneof.is_synthetic());
                oneofs.for_each(|oneof| add(oneof.place(), oneof.path()));
            }
            for one in c.enums.iter().filter(|one| one.parent_file() == *file) {
                add(one.place(), one.path());
                one.values().for_each(|value| add(value.place(), value.path()));
            }
            for service in c.services.iter().filter(|service| service.parent_file() == *file) {
                add(service.place(), service.path());
                service.methods().for_each(|method| add(method.full_name().to_owned(), method.path()));
            }
            file.extensions().for_each(|option| add(option.full_name().to_owned(), option.path()));
        }
        found
    }

    fn leading(&self, path: &str) -> &str {
        self.elements.iter().find(|one| one.path == path).map(|one| one.leading.as_str()).unwrap_or_default()
    }
}

impl Comment {
    fn lines(&self) -> impl Iterator<Item = &str> {
        self.leading.lines().map(str::trim)
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        // What stands between backticks is code.
        self.leading.split('`').step_by(2).flat_map(str::split_whitespace)
    }
}

/// The leading and trailing comments of a file, by the place of the element.
fn locations(file: &FileDescriptor) -> BTreeMap<Vec<i32>, (String, String)> {
    let info = file.file_descriptor_proto().source_code_info.clone().unwrap_or_default();
    let comment = |at: prost_types::source_code_info::Location| {
        let both = (at.leading_comments.unwrap_or_default(), at.trailing_comments.unwrap_or_default());
        (at.path, both)
    };
    info.location.into_iter().map(comment).collect()
}

/// The elements whose comment is wrong; one without any is another rule's.
fn commented(c: &Contract, wrong: impl Fn(&Comment) -> bool) -> Vec<String> {
    let comments = Comments::of(c).elements.into_iter();
    comments.filter(|one| !one.leading.trim().is_empty() && wrong(one)).map(|one| one.path).collect()
}

fn is_tag(word: &str) -> bool {
    let inside = word.trim_start_matches("</").trim_start_matches('<');
    inside.len() < word.len() && inside.starts_with(|letter: char| letter.is_ascii_alphabetic()) && word.contains('>')
}

fn in_oneof(field: &FieldDescriptor) -> bool {
    field.containing_oneof().is_some_and(|oneof| !oneof.is_synthetic())
}

fn flag(rules: &DynamicMessage, name: &str) -> bool {
    rules.get_field_by_name(name).is_some_and(|value| value.as_bool() == Some(true))
}

fn part(rules: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    let is_set = rules.has_field_by_name(name);
    rules.get_field_by_name(name).filter(|_| is_set).and_then(|value| value.as_message().cloned())
}

/// Whether the wire refuses a request without the field.
fn is_enforced(c: &Contract, field: &FieldDescriptor) -> bool {
    let Some(limits) = c.limits(field) else { return false };
    let least = part(&limits, "repeated").and_then(|list| list.get_field_by_name("min_items")?.as_u64());
    flag(&limits, "required") || least.unwrap_or_default() > 0
}

/// Whether a list has a greatest length, and a string too.
fn is_bounded(c: &Contract, field: &FieldDescriptor) -> bool {
    let limits = c.limits(field);
    let list = limits.as_ref().and_then(|limits| part(limits, "repeated"));
    let is_short = |of: &DynamicMessage| {
        let bounds = ["max_len", "max_bytes", "uuid"];
        part(of, "string").is_some_and(|text| bounds.iter().any(|bound| text.has_field_by_name(bound)))
    };
    if field.is_list() {
        let items = list.as_ref().and_then(|list| part(list, "items"));
        let is_short = !is_of(field, "string") || items.as_ref().is_some_and(is_short);
        is_short && list.is_some_and(|list| list.has_field_by_name("max_items"))
    } else {
        !is_of(field, "string") || limits.as_ref().is_some_and(is_short)
    }
}

/// Whether a value that the contract does not know is refused.
fn is_defined_only(c: &Contract, field: &FieldDescriptor) -> bool {
    let limits = c.limits(field);
    let of_items = || part(&part(limits.as_ref()?, "repeated")?, "items");
    let limits = if field.is_list() { of_items() } else { limits.clone() };
    limits.and_then(|limits| part(&limits, "enum")).is_some_and(|rules| flag(&rules, "defined_only"))
}

fn is_reserved(message: &prost_reflect::MessageDescriptor, number: u32) -> bool {
    message.reserved_ranges().any(|range| range.contains(&number))
}
