//! The one table of errors.

use std::collections::BTreeSet;

use tonic_types::pb;

use super::detail;
use crate::domain::error::{Candidate, Error, MergeConflict, Obstacle, Reason, Unresolved};
use crate::domain::field::{Fault, Faults};
use crate::domain::name::Name;
use crate::domain::record::Revision;
use crate::domain::text::{Language, Localised};
use crate::grpc::status::status;
use crate::proto::v1;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn laren() -> Candidate {
    let display_names = Localised::new("Laren", "Laren");
    Candidate { name: name("areas/gm0417"), display_names, within: Some(Localised::new("Gooi", "Gooi")) }
}

fn unresolved(obstacle: Obstacle) -> Error {
    Error::Unresolved(vec![Unresolved::new("places[0]", "Laren", obstacle)])
}

fn faults(count: usize) -> Error {
    let fault =
        |index| Fault { path: format!("areas[{index}].name"), reason: "REQUIRED", message: "missing".to_owned() };
    Error::Invalid(Faults((0..count).map(fault).collect()))
}

fn every_error() -> Vec<Error> {
    let (a, cause) = (name("areas/a"), "the disk".to_owned());
    vec![
        faults(2),
        Error::Filter { field: "order_by", position: 3, message: "what".to_owned() },
        unresolved(Obstacle::PlaceNotFound(vec![laren()])),
        unresolved(Obstacle::PlaceAmbiguous(vec![laren()])),
        unresolved(Obstacle::CalamityNotFound(vec![])),
        unresolved(Obstacle::CalamityAmbiguous(vec![])),
        unresolved(Obstacle::LocationUnsupported),
        Error::NotFound(a.clone()),
        Error::AlreadyExists(a.clone()),
        Error::StillReferenced { name: a.clone(), by: vec![name("areas/b")] },
        Error::EtagMismatch { name: a.clone(), given: "\"1\"".to_owned(), current: "\"2\"".to_owned() },
        Error::ChangedSince { revision: Revision(3), records: vec![a.clone()] },
        Error::RequestIdReused("x".to_owned()),
        Error::MergeConflict(vec![MergeConflict { name: a, field: "kind".to_owned() }]),
        Error::TooSlow { seconds: 60 },
        Error::PageToken,
        Error::RevisionCompacted { oldest: Revision(7) },
        Error::Denied,
        Error::Unauthenticated,
        Error::StoreUnavailable(cause.clone()),
        Error::StoreFull(cause.clone()),
        Error::StoreCorrupt(cause.clone()),
        Error::Internal(cause),
    ]
}

#[test]
fn every_error_says_its_reason_and_a_sentence_in_the_callers_language() {
    let mut seen = BTreeSet::new();
    for error in every_error() {
        for language in [Language::Dutch, Language::English] {
            let status = status(&error, language);
            let info: pb::ErrorInfo = detail(&status, "google.rpc.ErrorInfo").unwrap();
            assert_eq!((info.reason.as_str(), info.domain.as_str()), (error.reason().word(), "crisisgids"));
            let sentence: pb::LocalizedMessage = detail(&status, "google.rpc.LocalizedMessage").unwrap();
            assert_eq!(sentence.locale, language.code());
            assert_eq!(sentence.message == status.message(), language == Language::English);
            assert!(!status.message().contains("the disk") && !sentence.message.contains("the disk"));
            let is_key = |key: &String| key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
            assert!(info.metadata.keys().all(is_key), "{:?}", info.metadata);
        }
        assert!(seen.insert(error.reason()), "{:?} twice", error.reason());
    }
    // These are told by the server itself, before any handler.
    let elsewhere = [Reason::Loading, Reason::Stopping, Reason::OriginDenied, Reason::Overloaded];
    let all: BTreeSet<Reason> = Reason::ALL.iter().copied().collect();
    seen.extend(elsewhere);
    assert_eq!(seen, all);
}

#[test]
fn words_without_one_meaning_come_with_candidates_and_suggestions() {
    let ambiguous = status(&unresolved(Obstacle::PlaceAmbiguous(vec![laren()])), Language::Dutch);
    let words: v1::UnresolvedWords = detail(&ambiguous, "crisisgids.v1.UnresolvedWords").unwrap();
    let word = &words.words[0];
    assert_eq!((word.field.as_str(), word.reason()), ("places[0]", v1::ErrorReason::PlaceAmbiguous));
    assert_eq!((word.candidates[0].name.as_str(), word.candidates[0].within.as_str()), ("areas/gm0417", "Gooi"));
    let unknown = status(&unresolved(Obstacle::PlaceNotFound(vec![laren()])), Language::Dutch);
    let words: v1::UnresolvedWords = detail(&unknown, "crisisgids.v1.UnresolvedWords").unwrap();
    assert_eq!((words.words[0].candidates.len(), words.words[0].suggestions.len()), (0, 1));
}

#[test]
fn details_never_outgrow_the_headers_they_travel_in() {
    let many = status(&faults(2_000), Language::English);
    let bad: pb::BadRequest = detail(&many, "google.rpc.BadRequest").unwrap();
    let info: pb::ErrorInfo = detail(&many, "google.rpc.ErrorInfo").unwrap();
    assert_eq!(info.metadata["violations"], "2000");
    assert!((50..2_000).contains(&bad.field_violations.len()));
    let by = (0..400).map(|index| name(&format!("areas/{}-{index}", "x".repeat(50)))).collect();
    let referenced = status(&Error::StillReferenced { name: name("areas/a"), by }, Language::English);
    let long = |fault: &str| Fault { path: fault.repeat(90), reason: "REQUIRED", message: fault.repeat(9_000) };
    let long = status(&Error::Invalid(Faults(vec![long("x")])), Language::Dutch);
    let unread = Error::Filter { field: "filter", position: 3, message: "é".repeat(9_000) };
    let words = Unresolved::new("places[0]", "x".repeat(200), Obstacle::PlaceAmbiguous(vec![laren(); 400]));
    let several = Error::Unresolved(vec![words; 100]).and(faults(2_000)).and(unread.clone());
    let unread = status(&unread, Language::Dutch);
    for status in [many, referenced, long, unread, status(&several, Language::Dutch)] {
        // As headers: the details by base64, the message with three bytes for each that is not ASCII.
        let message: usize = status.message().bytes().map(|byte| if byte.is_ascii() { 1 } else { 3 }).sum();
        let headers = status.details().len() * 4 / 3 + message;
        assert!(headers < 12_000, "{headers}");
    }
}

#[test]
fn several_errors_are_told_together_each_kind_of_detail_once() {
    let filter = Error::Filter { field: "filter", position: 1, message: "no such field".to_owned() };
    let all = unresolved(Obstacle::PlaceNotFound(vec![laren()])).and(faults(1)).and(filter).and(Error::PageToken);
    let status = status(&all, Language::English);
    let info: pb::ErrorInfo = detail(&status, "google.rpc.ErrorInfo").unwrap();
    assert_eq!(info.reason, "PLACE_NOT_FOUND");
    let bad: pb::BadRequest = detail(&status, "google.rpc.BadRequest").unwrap();
    let fields: Vec<&str> = bad.field_violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["areas[0].name", "filter", "page_token"]);
    let words: v1::UnresolvedWords = detail(&status, "crisisgids.v1.UnresolvedWords").unwrap();
    assert_eq!(words.words[0].field, "places[0]");
    assert!(status.message().contains("Laren") && status.message().contains("; and 1 more"), "{}", status.message());
}
