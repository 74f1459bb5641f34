//! What the methods are: standard ones as the proposals demand, custom ones as close to them as they can be.

use super::Rule;
use super::model::{Contract, Demand, Method, Resource, Verb, shape, those, words};
use super::names::{PREPOSITIONS, is_uuid};

/// Methods that begin with a standard verb but are of no resource, and why.
const NO_RESOURCE: &[(&str, &str)] = &[
    ("GetDirectory", "the state of the whole, which has no name and is never written"),
    ("ListChanges", "accepted writes are known by revision, not by name"),
];

/// The only methods that stream: whether the request does, and the answer.
const STREAMS: &[(&str, bool, bool)] = &[("ImportChanges", true, true), ("ExportDirectory", false, true)];

/// The one question whose answer is read as a whole, in one glance.
const UNPAGED: &str = "FindActingOrganisations";

pub(super) const RULES: &[Rule] = &[
    Rule("core::0121::resource-must-support-get", |c| {
        those(&c.resources, |resource| !has_method(c, Verb::Get, resource))
    }),
    Rule("core::0121::resource-must-support-list", |c| {
        // There is one profile, and its name is known.
        those(&c.resources, |resource| resource.plural != "profiles" && !has_method(c, Verb::List, resource))
    }),
    Rule("core::0127::http-annotation", |c| {
        those(&c.methods, |method| {
            let is_duplex = method.descriptor.is_client_streaming() && method.descriptor.is_server_streaming();
            is_duplex != method.http.uri.is_empty()
        })
    }),
    Rule("core::0127::http-template-syntax", |c| {
        those(&c.methods, |method| {
            let uri = &method.http.uri;
            let is_open = uri.matches('{').count() != uri.matches('}').count();
            !uri.is_empty() && (is_open || !(uri.starts_with("/v1/") || uri.starts_with("/v1:")))
        })
    }),
    Rule("core::0127::http-variables-are-fields", |c| {
        those(&c.methods, |method| {
            let variables = method.http.uri.split('{').skip(1).filter_map(|rest| rest.split(['=', '}']).next());
            variables.into_iter().any(|variable| {
                let head = variable.split('.').next().unwrap_or_default();
                method.input().get_field_by_name(head).is_none()
            })
        })
    }),
    Rule("core::0131::request-message-name", |c| c.standard(Verb::Get, misnames_request)),
    Rule("core::0131::response-message-name", |c| c.standard(Verb::Get, misnames_response)),
    Rule("core::0131::request-name-required", |c| c.standard(Verb::Get, |method, _, _| lacks_name(c, method))),
    Rule("core::0131::request-name-reference", |c| c.standard(Verb::Get, |method, of, _| misrefers(c, method, of))),
    Rule("core::0131::request-required-fields", |c| {
        c.standard(Verb::Get, |method, _, _| method.input().fields().any(|field| field.name() != "name"))
    }),
    Rule("core::0131::http-method", |c| c.standard(Verb::Get, differs_in_verb)),
    Rule("core::0131::http-uri-name", |c| c.standard(Verb::Get, differs_in_uri)),
    Rule("core::0131::http-body", |c| c.standard(Verb::Get, differs_in_body)),
    Rule("core::0131::method-signature", |c| c.standard(Verb::Get, differs_in_signature)),
    Rule("core::0132::request-message-name", |c| c.standard(Verb::List, misnames_request)),
    Rule("core::0132::response-message-name", |c| c.standard(Verb::List, misnames_response)),
    Rule("core::0132::request-parent-required", |c| {
        c.standard(Verb::List, |method, of, _| lacks_parent(c, method, of))
    }),
    Rule("core::0132::request-field-types", |c| {
        let fields = ["filter", "order_by"];
        c.standard(Verb::List, |method, _, _| {
            fields.iter().any(|field| !c.has(&method.input(), field, "string", "OPTIONAL"))
        })
    }),
    Rule("core::0132::response-resource-field", |c| {
        c.standard(Verb::List, |method, of, _| {
            let shapes = method.output().get_field_by_name(&of.snake_plural()).map(|field| shape(&field));
            shapes != Some(format!("repeated {}", of.message.name()))
        })
    }),
    Rule("core::0132::http-method", |c| c.standard(Verb::List, differs_in_verb)),
    Rule("core::0132::http-uri-parent", |c| c.standard(Verb::List, differs_in_uri)),
    Rule("core::0132::http-body", |c| c.standard(Verb::List, differs_in_body)),
    Rule("core::0132::method-signature", |c| c.standard(Verb::List, differs_in_signature)),
    Rule("core::0133::request-message-name", |c| c.standard(Verb::Create, misnames_request)),
    Rule("core::0133::response-message-name", |c| c.standard(Verb::Create, misnames_response)),
    Rule("core::0133::request-parent-required", |c| {
        c.standard(Verb::Create, |method, of, _| lacks_parent(c, method, of))
    }),
    Rule("core::0133::request-id-field", |c| {
        c.standard(Verb::Create, |method, of, _| {
            !c.has(&method.input(), &format!("{}_id", of.snake()), "string", "REQUIRED")
        })
    }),
    Rule("core::0133::request-resource-field", |c| c.standard(Verb::Create, |method, of, _| lacks_body(c, method, of))),
    Rule("core::0133::http-method", |c| c.standard(Verb::Create, differs_in_verb)),
    Rule("core::0133::http-uri-parent", |c| c.standard(Verb::Create, differs_in_uri)),
    Rule("core::0133::http-body", |c| c.standard(Verb::Create, differs_in_body)),
    Rule("core::0133::method-signature", |c| c.standard(Verb::Create, differs_in_signature)),
    Rule("core::0134::request-message-name", |c| c.standard(Verb::Update, misnames_request)),
    Rule("core::0134::response-message-name", |c| c.standard(Verb::Update, misnames_response)),
    Rule("core::0134::request-mask-field", |c| {
        c.standard(Verb::Update, |method, _, _| {
            !c.has(&method.input(), "update_mask", "google.protobuf.FieldMask", "OPTIONAL")
        })
    }),
    Rule("core::0134::request-resource-required", |c| {
        c.standard(Verb::Update, |method, of, _| lacks_body(c, method, of))
    }),
    Rule("core::0134::request-allow-missing-field", |c| {
        // What cannot be created cannot be created by an update either.
        c.standard(Verb::Update, |method, of, _| {
            has_method(c, Verb::Create, of) != c.has(&method.input(), "allow_missing", "bool", "OPTIONAL")
        })
    }),
    Rule("core::0134::http-method", |c| c.standard(Verb::Update, differs_in_verb)),
    Rule("core::0134::http-uri-name", |c| c.standard(Verb::Update, differs_in_uri)),
    Rule("core::0134::http-body", |c| c.standard(Verb::Update, differs_in_body)),
    Rule("core::0134::method-signature", |c| c.standard(Verb::Update, differs_in_signature)),
    Rule("core::0135::request-message-name", |c| c.standard(Verb::Delete, misnames_request)),
    Rule("core::0135::response-message-name", |c| c.standard(Verb::Delete, misnames_response)),
    Rule("core::0135::request-name-required", |c| c.standard(Verb::Delete, |method, _, _| lacks_name(c, method))),
    Rule("core::0135::request-name-reference", |c| c.standard(Verb::Delete, |method, of, _| misrefers(c, method, of))),
    Rule("core::0135::http-method", |c| c.standard(Verb::Delete, differs_in_verb)),
    Rule("core::0135::http-uri-name", |c| c.standard(Verb::Delete, differs_in_uri)),
    Rule("core::0135::http-body", |c| c.standard(Verb::Delete, differs_in_body)),
    Rule("core::0135::method-signature", |c| c.standard(Verb::Delete, differs_in_signature)),
    Rule("core::0154::delete-request-etag", |c| {
        c.standard(Verb::Delete, |method, _, _| !c.has(&method.input(), "etag", "string", "OPTIONAL"))
    }),
    Rule("core::0136::standard-methods-only", |c| {
        let verbs = ["Get", "List", "Create", "Update", "Delete", "BatchGet"];
        those(&c.methods, |method| {
            let is_standard = verbs.iter().any(|verb| method.name().starts_with(verb));
            method.verb == Verb::Custom && is_standard && !is_no_resource(method)
        })
    }),
    Rule("core::0136::verb-noun", |c| those(&c.methods, |method| words(method.name()).len() < 2)),
    Rule("core::0136::prepositions", |c| {
        let is_wrong = |word: &String| PREPOSITIONS.contains(&word.to_lowercase().as_str());
        those(&c.methods, |method| words(method.name()).iter().any(is_wrong))
    }),
    Rule("core::0136::request-message-name", |c| {
        custom(c, |method| method.input().name() != format!("{}Request", method.name()))
    }),
    Rule("core::0136::http-method", |c| custom(c, |method| !["get", "post", ""].contains(&method.http.verb.as_str()))),
    Rule("core::0136::http-uri-suffix", |c| {
        custom(c, |method| {
            let camel = words(method.name());
            let verb = camel.first().cloned().unwrap_or_default().to_lowercase();
            let suffixes = [format!(":{verb}"), format!(":{verb}{}", camel.get(1..).unwrap_or_default().concat())];
            !method.http.uri.is_empty() && !suffixes.iter().any(|suffix| method.http.uri.ends_with(suffix))
        })
    }),
    Rule("core::0136::http-body", |c| custom(c, |method| (method.http.verb == "post") != (method.http.body == "*"))),
    Rule("core::0155::request-id-format", |c| {
        those(&c.fields, |field| field.name() == "request_id" && !is_uuid(c, field))
    }),
    Rule("core::0155::request-id-on-writes", |c| {
        writes(c, |method| !c.has(&method.head(), "request_id", "string", "OPTIONAL"))
    }),
    Rule("core::0163::validate-only-on-writes", |c| {
        writes(c, |method| !c.has(&method.head(), "validate_only", "bool", "OPTIONAL"))
    }),
    Rule("crisisgids::change-reason-on-writes", |c| {
        writes(c, |method| !c.has(&method.head(), "change_reason", "string", "OPTIONAL"))
    }),
    Rule("core::0158::request-pagination-page-size", |c| {
        paged(c, |method| !c.has(&method.input(), "page_size", "int32", "OPTIONAL"))
    }),
    Rule("core::0158::request-pagination-page-token", |c| {
        paged(c, |method| !c.has(&method.input(), "page_token", "string", "OPTIONAL"))
    }),
    Rule("core::0158::response-pagination-next-page-token", |c| {
        paged(c, |method| method.output().get_field_by_name("next_page_token").is_none_or(|f| shape(&f) != "string"))
    }),
    Rule("core::0158::response-repeated-first-field", |c| {
        let lists = |method: &Method| method.name().starts_with("List");
        paged(c, |method| lists(method) && !method.output().get_field(1).is_some_and(|field| field.is_list()))
    }),
    Rule("crisisgids::0158::one-list-per-page", |c| {
        paged(c, |method| method.output().fields().filter(prost_reflect::FieldDescriptor::is_list).count() != 1)
    }),
    Rule("crisisgids::0158::page-says-its-revision", |c| {
        paged(c, |method| method.output().get_field_by_name("revision").is_none_or(|f| shape(&f) != "int64"))
    }),
    Rule("core::0158::never-streamed", |c| {
        paged(c, |method| method.descriptor.is_server_streaming() || method.descriptor.is_client_streaming())
    }),
    Rule("core::0161::mask-name", |c| {
        those(&c.fields, |field| shape(field).ends_with("FieldMask") && field.name() != "update_mask")
    }),
    Rule("core::0231::request-message-name", |c| c.standard(Verb::BatchGet, misnames_request)),
    Rule("core::0231::response-message-name", |c| c.standard(Verb::BatchGet, misnames_response)),
    Rule("core::0231::request-names-field", |c| {
        c.standard(Verb::BatchGet, |method, of, _| {
            let names = method.input().get_field_by_name("names");
            !c.has(&method.input(), "names", "repeated string", "REQUIRED")
                || names.is_some_and(|names| c.reference(&names, "type") != of.kind)
        })
    }),
    Rule("core::0231::request-parent-field", |c| {
        c.standard(Verb::BatchGet, |method, of, _| {
            of.is_nested() != c.has(&method.input(), "parent", "string", "OPTIONAL")
        })
    }),
    Rule("core::0231::response-resource-field", |c| {
        c.standard(Verb::BatchGet, |method, of, _| {
            let shapes = method.output().get_field_by_name(&of.snake_plural()).map(|field| shape(&field));
            shapes != Some(format!("repeated {}", of.message.name()))
        })
    }),
    Rule("core::0231::http-method", |c| c.standard(Verb::BatchGet, differs_in_verb)),
    Rule("core::0231::http-uri-suffix", |c| c.standard(Verb::BatchGet, differs_in_uri)),
    Rule("core::0231::http-body", |c| c.standard(Verb::BatchGet, differs_in_body)),
    Rule("crisisgids::permission", |c| {
        those(&c.methods, |method| match method.verb {
            Verb::Get | Verb::List | Verb::BatchGet => method.permission != "READ",
            Verb::Create | Verb::Update | Verb::Delete => method.permission != "WRITE",
            Verb::Custom => {
                let asks = method.descriptor.parent_service().name() == "CoordinationService";
                method.permission.is_empty() || asks != (method.permission == "ASK")
            }
        })
    }),
    Rule("crisisgids::streams", |c| {
        those(&c.methods, |method| {
            let streams = (method.descriptor.is_client_streaming(), method.descriptor.is_server_streaming());
            let known = STREAMS.iter().find(|(name, _, _)| *name == method.name());
            streams != known.map_or((false, false), |(_, request, response)| (*request, *response))
        })
    }),
];

fn has_method(c: &Contract, verb: Verb, resource: &Resource) -> bool {
    let is_of = |method: &Method| method.resource.as_ref().is_some_and(|of| of.message == resource.message);
    c.methods.iter().any(|method| method.verb == verb && is_of(method))
}

fn is_no_resource(method: &Method) -> bool {
    NO_RESOURCE.iter().any(|(name, _)| *name == method.name())
}

/// The custom methods that are wrong.
fn custom(c: &Contract, wrong: impl Fn(&Method) -> bool) -> Vec<String> {
    those(&c.methods, |method| method.verb == Verb::Custom && !is_no_resource(method) && wrong(method))
}

/// The writing methods that are wrong.
fn writes(c: &Contract, wrong: impl Fn(&Method) -> bool) -> Vec<String> {
    those(&c.methods, |method| method.permission == "WRITE" && wrong(method))
}

/// The methods that answer page by page and are wrong: every List, and every question but one.
fn paged(c: &Contract, wrong: impl Fn(&Method) -> bool) -> Vec<String> {
    let is_paged = |name: &str| name.starts_with("List") || name.starts_with("Find") && name != UNPAGED;
    those(&c.methods, |method| is_paged(method.name()) && wrong(method))
}

fn misnames_request(method: &Method, _: &Resource, demand: &Demand) -> bool {
    method.input().name() != demand.request
}

fn misnames_response(method: &Method, _: &Resource, demand: &Demand) -> bool {
    method.output().name() != demand.response && method.output().full_name() != demand.response
}

fn differs_in_verb(method: &Method, _: &Resource, demand: &Demand) -> bool {
    method.http.verb != demand.http.verb
}

fn differs_in_uri(method: &Method, _: &Resource, demand: &Demand) -> bool {
    method.http.uri != demand.http.uri
}

fn differs_in_body(method: &Method, _: &Resource, demand: &Demand) -> bool {
    method.http.body != demand.http.body
}

fn differs_in_signature(method: &Method, _: &Resource, demand: &Demand) -> bool {
    method.signatures.first() != demand.signature.as_ref()
}

fn lacks_name(c: &Contract, method: &Method) -> bool {
    !c.has(&method.input(), "name", "string", "REQUIRED")
}

fn misrefers(c: &Contract, method: &Method, of: &Resource) -> bool {
    method.input().get_field_by_name("name").is_none_or(|name| c.reference(&name, "type") != of.kind)
}

/// Whether a request does not ask for the parent of a nested resource, or does for another one.
fn lacks_parent(c: &Contract, method: &Method, of: &Resource) -> bool {
    let parent = method.input().get_field_by_name("parent");
    let is_asked = c.has(&method.input(), "parent", "string", "REQUIRED")
        && parent.is_some_and(|parent| c.reference(&parent, "child_type") == of.kind);
    is_asked != of.is_nested()
}

fn lacks_body(c: &Contract, method: &Method, of: &Resource) -> bool {
    !c.has(&method.input(), &of.snake(), of.message.name(), "REQUIRED")
}
