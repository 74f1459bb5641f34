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
    let elsewhere = [Reason::Loading, Reason::Stopping, Reason::DeadlineExceeded, Reason::OriginDenied];
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
    for status in [many, referenced] {
        assert!(status.details().len() < 6_000, "{}", status.details().len());
    }
}
