//! The one table from errors to what a caller is told: code, reason, metadata, details, and a sentence in the caller's
//! language.
//!
//! **Invariants.** Every error carries `google.rpc.ErrorInfo` of the domain `crisisgids`; no two errors share a code
//! and a reason. What went wrong inside is logged and not told. Details never outgrow `MAX_DETAIL_BYTES`: beyond that a
//! client's limit on headers would turn the refusal into a broken connection.

use std::collections::HashMap;

use http::HeaderMap;
use prost::Message;
use prost_types::Any;
use tonic::{Code, Status};
use tonic_types::pb;

use crate::domain::error::{Candidate, Error, Obstacle, Unresolved};
use crate::domain::field::Fault;
use crate::domain::name::Name;
use crate::domain::text::{Language, Localised};
use crate::proto::{PACKAGE, reason, v1};

/// The most that lists in details may take. Headers are limited to 16 KiB by many clients, and details travel in them
/// one third larger.
const MAX_DETAIL_BYTES: usize = 5000;

/// The most characters of one fault that are told: it stands in the message, in both sentences and in the details.
const MAX_TOLD: usize = 300;

/// The most sentences of a message.
const MAX_SENTENCES: usize = 3;

/// What a caller is told of an error.
pub fn status(error: &Error, language: Language) -> Status {
    log(error);
    let (code, said) = told(error);
    let info = pb::ErrorInfo {
        reason: error.reason().word().to_owned(),
        domain: reason::DOMAIN.to_owned(),
        metadata: said.metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<HashMap<_, _>>(),
    };
    let message = match language {
        Language::Dutch => said.dutch,
        Language::English => said.english.clone(),
    };
    let localized = pb::LocalizedMessage { locale: language.code().to_owned(), message };
    let mut details = vec![google("ErrorInfo", &info), google("LocalizedMessage", &localized)];
    details.extend(details_of(error, language));
    let rpc = pb::Status { code: i32::from(code), message: said.english.clone(), details };
    Status::with_details(code, said.english, rpc.encode_to_vec().into())
}

/// The sentences of an error, and the values in them.
struct Said {
    english: String,
    dutch: String,
    metadata: Vec<(&'static str, String)>,
}

fn say(english: impl Into<String>, dutch: impl Into<String>, metadata: Vec<(&'static str, String)>) -> Said {
    Said { english: english.into(), dutch: dutch.into(), metadata }
}

/// The table.
fn told(error: &Error) -> (Code, Said) {
    match error {
        Error::Invalid(faults) => {
            let count = faults.0.len();
            let first = faults.0.first();
            let (field, why) = first.map_or(("", ""), |fault| (fault.path.as_str(), fault.message.as_str()));
            let (field, why) = (short(field), short(why));
            // Why is told in English only, in the details.
            let (english, dutch) = match count {
                1 => (format!("{field}: {why}"), format!("het veld {field} is ongeldig")),
                _ => (
                    format!("{count} fields are wrong; the first, {field}: {why}"),
                    format!("{count} velden zijn ongeldig, om te beginnen {field}"),
                ),
            };
            let said = say(english, dutch, vec![("violations", count.to_string()), ("field", field), ("why", why)]);
            (Code::InvalidArgument, said)
        }
        Error::Filter { field, position, message } => {
            let message = &short(message);
            let metadata =
                vec![("field", (*field).to_owned()), ("position", position.to_string()), ("why", message.clone())];
            let said = say(
                format!("{field} cannot be read at character {position}: {message}"),
                format!("{field} is onleesbaar bij teken {position}: {message}"),
                metadata,
            );
            (Code::InvalidArgument, said)
        }
        Error::Unresolved(all) => unresolved(all),
        Error::Several(all) => {
            let mut each = all.iter().map(told);
            let Some((code, mut said)) = each.next() else {
                return told(&Error::Internal("nothing is wrong".to_owned()));
            };
            for (_, other) in each.take(MAX_SENTENCES - 1) {
                said.english.push_str(&format!("; {}", other.english));
                said.dutch.push_str(&format!("; {}", other.dutch));
            }
            let more = all.len().saturating_sub(MAX_SENTENCES);
            if more > 0 {
                said.english.push_str(&format!("; and {more} more"));
                said.dutch.push_str(&format!("; en nog {more}"));
            }
            (code, said)
        }
        Error::NotFound(name) => {
            let metadata = vec![("name", name.to_string())];
            (Code::NotFound, say(format!("{name} does not exist"), format!("{name} bestaat niet"), metadata))
        }
        Error::AlreadyExists(name) => {
            let said = say(
                format!("{name} exists already; update it, or choose another id"),
                format!("{name} bestaat al; wijzig het, of kies een andere id"),
                vec![("name", name.to_string())],
            );
            (Code::AlreadyExists, said)
        }
        Error::StillReferenced { name, by } => {
            let count = by.len();
            let said = say(
                format!("{name} is named by {count} other records; change or delete those first"),
                format!("{name} wordt door {count} andere records genoemd; wijzig of verwijder die eerst"),
                vec![("name", name.to_string()), ("references", count.to_string())],
            );
            (Code::FailedPrecondition, said)
        }
        Error::EtagMismatch { name, given, current } => {
            let said = say(
                format!("{name} was changed meanwhile: its etag is {current}, not {given}; read it again and decide"),
                format!("{name} is intussen gewijzigd: de etag is {current}, niet {given}; lees het opnieuw en beslis"),
                vec![("name", name.to_string()), ("given", given.clone()), ("current", current.clone())],
            );
            (Code::Aborted, said)
        }
        Error::ChangedSince { revision, records } => {
            let count = records.len();
            let said = say(
                format!(
                    "revision {revision} cannot be taken back: {count} of its records were changed since; take those \
                     changes back first, or change the records by hand"
                ),
                format!(
                    "revisie {revision} is niet terug te draaien: {count} van haar records zijn sindsdien gewijzigd; \
                     draai die wijzigingen eerst terug, of wijzig de records met de hand"
                ),
                vec![("revision", revision.to_string()), ("records", count.to_string())],
            );
            (Code::FailedPrecondition, said)
        }
        Error::RequestIdReused(id) => {
            let said = say(
                format!("request id {id} was used for another content; take a new one"),
                format!("aanvraagnummer {id} is al gebruikt voor iets anders; neem een nieuw"),
                vec![("requestId", id.clone())],
            );
            (Code::InvalidArgument, said)
        }
        Error::MergeConflict(conflicts) => {
            let count = conflicts.len();
            let said = say(
                format!("the office and the dataset both changed {count} fields; say whether to keep or to take"),
                format!("het bureau en de dataset wijzigden beide {count} velden; kies behouden of overnemen"),
                vec![("conflicts", count.to_string())],
            );
            (Code::FailedPrecondition, said)
        }
        Error::TooSlow { seconds } => {
            let said = say(
                format!(
                    "nothing came for {seconds} seconds, so that nothing was changed; send it again without pauses"
                ),
                format!("{seconds} seconden kwam er niets, dus is er niets gewijzigd; stuur het opnieuw zonder pauzes"),
                vec![("seconds", seconds.to_string())],
            );
            (Code::DeadlineExceeded, said)
        }
        Error::PageToken => {
            let said = say(
                "this page token is not for this request; begin again without one",
                "dit paginateken hoort niet bij deze vraag; begin opnieuw zonder",
                Vec::new(),
            );
            (Code::InvalidArgument, said)
        }
        Error::RevisionCompacted { oldest } => {
            let said = say(
                format!("the history begins at revision {oldest}; ask from there"),
                format!("de geschiedenis begint bij revisie {oldest}; vraag vanaf daar"),
                vec![("oldest", oldest.to_string())],
            );
            (Code::OutOfRange, said)
        }
        Error::Denied => (Code::PermissionDenied, say("you may not do this", "dit is u niet toegestaan", Vec::new())),
        Error::Unauthenticated => (Code::Unauthenticated, say("say who you are first", "meld u eerst aan", Vec::new())),
        Error::StoreUnavailable(_) => {
            let said = say(
                "nothing can be written at the moment and nothing was changed; repeat this with the same request id",
                "er kan nu niet worden geschreven en er is niets gewijzigd; herhaal dit met hetzelfde aanvraagnummer",
                Vec::new(),
            );
            (Code::Unavailable, said)
        }
        Error::StoreFull(_) => {
            let said = say(
                "the server has no room to write: nothing was changed, and reading goes on; tell the operator, and \
                 repeat this with the same request id when there is room",
                "de server heeft geen ruimte om te schrijven: er is niets gewijzigd, en lezen gaat door; waarschuw de beheerder, en \
                 herhaal dit met hetzelfde aanvraagnummer als er ruimte is",
                Vec::new(),
            );
            (Code::ResourceExhausted, said)
        }
        Error::StoreCorrupt(_) => {
            let said = say(
                "the store is damaged; tell the operator, whose log has more",
                "de opslag is beschadigd; waarschuw de beheerder, het logboek zegt meer",
                Vec::new(),
            );
            (Code::DataLoss, said)
        }
        Error::Internal(_) => {
            let said = say(
                "something in the server is wrong; its log has more under the x-request-id of this answer",
                "er ging iets mis in de server; het logboek zegt meer onder de x-request-id van dit antwoord",
                Vec::new(),
            );
            (Code::Internal, said)
        }
    }
}

/// A text of a fault as far as it can be told: what a caller wrote comes back in it, and headers are limited.
fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_TOLD) {
        Some((end, _)) => format!("{} ...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Words without one meaning: the first decides about code and sentence.
fn unresolved(all: &[Unresolved]) -> (Code, Said) {
    let Some(first) = all.first() else {
        return (Code::NotFound, say("nothing goes by these words", "niets heet zo", Vec::new()));
    };
    let words = &first.words;
    let names = |candidates: &[Candidate], language: Language| -> String {
        let name = |candidate: &Candidate| format!("{} ({})", candidate.display_names.text(language), candidate.name);
        candidates.iter().take(5).map(name).collect::<Vec<_>>().join(", ")
    };
    let (code, english, dutch) = match &first.obstacle {
        Obstacle::PlaceNotFound(near) | Obstacle::CalamityNotFound(near) => {
            let (is_place, is_near) = (matches!(first.obstacle, Obstacle::PlaceNotFound(_)), !near.is_empty());
            let (what, wat) = if is_place { ("place", "plaats") } else { ("calamity type", "calamiteit") };
            let (perhaps, wellicht) = if is_near {
                let english = names(near, Language::English);
                (format!("; did you mean {english}?"), format!("; bedoelt u {}?", names(near, Language::Dutch)))
            } else {
                (String::new(), String::new())
            };
            let english = format!("no {what} goes by '{words}'{perhaps}");
            (Code::NotFound, english, format!("geen {wat} heet '{words}'{wellicht}"))
        }
        Obstacle::PlaceAmbiguous(candidates) | Obstacle::CalamityAmbiguous(candidates) => (
            Code::InvalidArgument,
            format!("'{words}' may mean {}; send one of these names", names(candidates, Language::English)),
            format!("'{words}' kan {} zijn; stuur een van deze namen", names(candidates, Language::Dutch)),
        ),
        Obstacle::LocationUnsupported => (
            Code::InvalidArgument,
            format!("'{words}' is a location in numbers, which cannot be placed; name the town, road or water"),
            format!("'{words}' is een locatie in cijfers, die niet te plaatsen is; noem plaats, weg of water"),
        ),
    };
    let metadata =
        vec![("field", first.field.clone()), ("words", words.clone()), ("unresolved", all.len().to_string())];
    (code, say(english, dutch, metadata))
}

/// The details beside reason and sentence.
fn details_of(error: &Error, language: Language) -> Vec<Any> {
    match error {
        Error::Invalid(_) | Error::Filter { .. } | Error::PageToken => {
            vec![google("BadRequest", &bad_request(&faults_of(error), MAX_DETAIL_BYTES))]
        }
        Error::Unresolved(all) => vec![own("UnresolvedWords", &unresolved_words(all, language, MAX_DETAIL_BYTES))],
        Error::Several(all) => several(all, language),
        Error::NotFound(name) | Error::AlreadyExists(name) | Error::EtagMismatch { name, .. } => {
            let resource_type = format!("{}/{}", reason::DOMAIN, crate::proto::tree::message_name(name.collection()));
            let info =
                pb::ResourceInfo { resource_type, resource_name: name.to_string(), ..pb::ResourceInfo::default() };
            vec![google("ResourceInfo", &info)]
        }
        Error::StillReferenced { name, by } => {
            let violation = pb::precondition_failure::Violation {
                r#type: "STILL_REFERENCED".to_owned(),
                subject: name.to_string(),
                description: format!("{} records name it", by.len()),
            };
            let mut detail = v1::StillReferenced { name: name.to_string(), referenced_by: Vec::new() };
            for other in by.iter().map(Name::to_string).take(100) {
                detail.referenced_by.push(other);
                if detail.encoded_len() > MAX_DETAIL_BYTES {
                    detail.referenced_by.pop();
                    break;
                }
            }
            let failure = pb::PreconditionFailure { violations: vec![violation] };
            vec![google("PreconditionFailure", &failure), own("StillReferenced", &detail)]
        }
        Error::MergeConflict(conflicts) => {
            let mut detail = v1::MergeConflicts::default();
            for conflict in conflicts {
                let (name, field) = (conflict.name.to_string(), conflict.field.clone());
                detail.conflicts.push(v1::MergeConflict { name, field });
                if detail.encoded_len() > MAX_DETAIL_BYTES {
                    detail.conflicts.pop();
                    break;
                }
            }
            vec![own("MergeConflicts", &detail)]
        }
        Error::ChangedSince { records, .. } => {
            let mut detail = v1::ChangedSince::default();
            for record in records {
                detail.records.push(record.to_string());
                if detail.encoded_len() > MAX_DETAIL_BYTES {
                    detail.records.pop();
                    break;
                }
            }
            vec![own("ChangedSince", &detail)]
        }
        Error::StoreUnavailable(_) => {
            let retry_delay = Some(prost_types::Duration { seconds: 1, nanos: 0 });
            vec![google("RetryInfo", &pb::RetryInfo { retry_delay })]
        }
        Error::RequestIdReused(_)
        | Error::TooSlow { .. }
        | Error::RevisionCompacted { .. }
        | Error::Denied
        | Error::Unauthenticated
        | Error::StoreFull(_)
        | Error::StoreCorrupt(_)
        | Error::Internal(_) => Vec::new(),
    }
}

fn unresolved_word(unresolved: &Unresolved, language: Language) -> v1::UnresolvedWord {
    let said = |texts: Option<&Localised>| texts.map(|texts| texts.text(language).to_owned()).unwrap_or_default();
    let list = |candidates: &[Candidate]| -> Vec<v1::Candidate> {
        let one = |candidate: &Candidate| v1::Candidate {
            name: candidate.name.to_string(),
            display_name: said(Some(&candidate.display_names)),
            within: said(candidate.within.as_ref()),
        };
        candidates.iter().map(one).collect()
    };
    let (candidates, suggestions) = match &unresolved.obstacle {
        Obstacle::PlaceAmbiguous(all) | Obstacle::CalamityAmbiguous(all) => (list(all), Vec::new()),
        Obstacle::PlaceNotFound(near) | Obstacle::CalamityNotFound(near) => (Vec::new(), list(near)),
        Obstacle::LocationUnsupported => (Vec::new(), Vec::new()),
    };
    v1::UnresolvedWord {
        field: unresolved.field.clone(),
        words: unresolved.words.clone(),
        reason: reason::to_proto(Error::Unresolved(vec![unresolved.clone()]).reason()).into(),
        candidates,
        suggestions,
    }
}

fn violation(fault: &Fault) -> pb::bad_request::FieldViolation {
    pb::bad_request::FieldViolation {
        field: fault.path.clone(),
        description: short(&fault.message),
        reason: fault.reason.to_owned(),
        localized_message: None,
    }
}

fn bad_request(faults: &[Fault], most: usize) -> pb::BadRequest {
    let mut detail = pb::BadRequest::default();
    for fault in faults {
        detail.field_violations.push(violation(fault));
        if detail.encoded_len() > most {
            detail.field_violations.pop();
            break;
        }
    }
    detail
}

/// What is wrong with the fields of a request.
fn faults_of(error: &Error) -> Vec<Fault> {
    let one = |path: &str, reason, message: String| vec![Fault { path: path.to_owned(), reason, message }];
    if let Error::Invalid(faults) = error {
        faults.0.clone()
    } else if let Error::Filter { field, message, .. } = error {
        one(field, "UNREADABLE", message.clone())
    } else if *error == Error::PageToken {
        one("page_token", "NOT_FOR_THIS_REQUEST", "not a token of this request".to_owned())
    } else {
        // Among other things, a record that is missing is one of them.
        one("", error.reason().word(), error.to_string())
    }
}

fn unresolved_words(all: &[Unresolved], language: Language, most: usize) -> v1::UnresolvedWords {
    let mut detail = v1::UnresolvedWords::default();
    for unresolved in all {
        detail.words.push(unresolved_word(unresolved, language));
        if detail.encoded_len() > most {
            detail.words.pop();
            break;
        }
    }
    detail
}

/// The details of several errors, each kind of them once.
fn several(all: &[Error], language: Language) -> Vec<Any> {
    let words: Vec<Unresolved> = all
        .iter()
        .filter_map(|one| if let Error::Unresolved(words) = one { Some(words.clone()) } else { None })
        .flatten()
        .collect();
    let faults: Vec<Fault> =
        all.iter().filter(|one| !matches!(one, Error::Unresolved(_))).flat_map(faults_of).collect();
    let mut details = Vec::new();
    if !faults.is_empty() {
        details.push(google("BadRequest", &bad_request(&faults, MAX_DETAIL_BYTES / 2)));
    }
    if !words.is_empty() {
        details.push(own("UnresolvedWords", &unresolved_words(&words, language, MAX_DETAIL_BYTES / 2)));
    }
    details
}

fn google(name: &str, message: &impl Message) -> Any {
    Any { type_url: format!("type.googleapis.com/google.rpc.{name}"), value: message.encode_to_vec() }
}

fn own(name: &str, message: &impl Message) -> Any {
    Any { type_url: format!("type.googleapis.com/{PACKAGE}.{name}"), value: message.encode_to_vec() }
}

/// What is wrong inside stands in the log only.
fn log(error: &Error) {
    match error {
        Error::StoreUnavailable(cause) => tracing::error!(%cause, "the store cannot be written"),
        Error::StoreFull(cause) => tracing::error!(%cause, "there is no room to write"),
        Error::StoreCorrupt(cause) => tracing::error!(%cause, "the store is damaged"),
        Error::Internal(cause) => tracing::error!(%cause, "something in the server is wrong"),
        Error::Invalid(_)
        | Error::Filter { .. }
        | Error::Unresolved(_)
        | Error::Several(_)
        | Error::NotFound(_)
        | Error::AlreadyExists(_)
        | Error::StillReferenced { .. }
        | Error::EtagMismatch { .. }
        | Error::ChangedSince { .. }
        | Error::RequestIdReused(_)
        | Error::MergeConflict(_)
        | Error::TooSlow { .. }
        | Error::PageToken
        | Error::RevisionCompacted { .. }
        | Error::Denied
        | Error::Unauthenticated => {}
    }
}

/// The code in headers or trailers; none if they have no status. Of a flood of refusals the rest is not read.
pub(crate) fn code_of(headers: &HeaderMap) -> Option<Code> {
    headers.get(Status::GRPC_STATUS).map(|code| Code::from_bytes(code.as_bytes()))
}

/// The name of a code as the protocol writes it.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
