//! What can go wrong with a call, told apart by reason.
//!
//! **Invariants.** A [`Reason`] is read from the error's details, never from its text. What the server said is kept
//! apart from what happened on the way to it. Everything of an error that its caller may act on is here.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::time::Duration;

use prost::Message;
use tonic::{Code, ConnectError, Status, TimeoutExpired};
use tonic_types::{StatusExt, pb};

use super::MAX_REQUEST;
use crate::domain::error::Reason;
use crate::proto::reason::{self, DOMAIN};
use crate::proto::v1;

/// What can go wrong with a call.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// An endpoint is no address.
    #[error("'{endpoint}' is no address of a server: {problem}")]
    Address {
        /// What was given.
        endpoint: String,
        /// What is wrong with it.
        problem: String,
    },
    /// What the calls are to be made with cannot be used; nothing was sent.
    #[error("{problem}")]
    Setting {
        /// What cannot, and why.
        problem: String,
    },
    /// A message is larger than the server takes; nothing was sent. Ask for less, or import in place of applying.
    #[error("a message of {bytes} bytes is larger than the {} that the server takes", MAX_REQUEST)]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// A call or an answer is not as this version of the contract has it.
    #[error("not as the contract has it: {problem}")]
    Contract {
        /// What is not.
        problem: String,
    },
    /// Nothing listens at any endpoint: no server there.
    #[error("no server at {}", all(tried))]
    NoServer {
        /// The endpoints, in the order tried, and why each could not be reached.
        tried: Vec<(String, String)>,
    },
    /// The connection broke before the answer was complete. Whether the server did what was asked is not known;
    /// repeating a write with the same request id does it once.
    #[error("the connection to {endpoint} broke: {cause}")]
    Lost {
        /// Which server.
        endpoint: String,
        /// What broke.
        cause: String,
    },
    /// The deadline passed before the answer was complete.
    #[error("{endpoint} did not answer in time")]
    TooLate {
        /// Which server.
        endpoint: String,
    },
    /// The server refused, and says why.
    #[error("{}", .0.text())]
    Refused(Box<Refusal>),
}

/// What the server says when it refuses.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The code of gRPC.
    pub code: Code,
    /// Why. `None`: the refusal is not of our service, but of something before it, or of a newer contract; then
    /// [`Refusal::reason_word`] may still say it.
    pub reason: Option<Reason>,
    /// The reason as the server wrote it; empty if it gave none.
    pub reason_word: String,
    /// The values involved, by name.
    pub metadata: BTreeMap<String, String>,
    /// What happened and what to do, for the person who runs the client. English.
    pub message: String,
    /// The same in the asker's language, if the server has it.
    pub localised_message: Option<String>,
    /// The fields that are wrong, all of them.
    pub violations: Vec<Violation>,
    /// The words that have no one meaning, all of them, with candidates or suggestions.
    pub unresolved: Vec<v1::UnresolvedWord>,
    /// The records that still name the one to be deleted.
    pub referenced_by: Vec<String>,
    /// The records that were changed since the write that was to be taken back.
    pub changed_since: Vec<String>,
    /// The fields that the office and the dataset both changed.
    pub conflicts: Vec<v1::MergeConflict>,
    /// How long the server asks to wait before the call is repeated.
    pub retry_delay: Option<Duration>,
    /// What the server's log calls this call.
    pub call_id: Option<String>,
}

/// A field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which, as a dotted path with indices: `places[0]`.
    pub field: String,
    /// Why, as a code that programs may match on; empty if none was given.
    pub reason: String,
    /// Why, and what would be right.
    pub description: String,
}

impl Error {
    /// The code of gRPC, also for what never reached a server.
    pub fn code(&self) -> Code {
        match self {
            Error::Address { .. } | Error::Setting { .. } => Code::InvalidArgument,
            Error::TooLarge { .. } => Code::OutOfRange,
            Error::Contract { .. } => Code::Unimplemented,
            Error::NoServer { .. } | Error::Lost { .. } => Code::Unavailable,
            Error::TooLate { .. } => Code::DeadlineExceeded,
            Error::Refused(refusal) => refusal.code,
        }
    }

    /// The server's reason.
    pub fn reason(&self) -> Option<Reason> {
        self.refusal().and_then(|refusal| refusal.reason)
    }

    /// What the server said, if it said anything.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Error::Refused(refusal) => Some(refusal),
            Error::Address { .. }
            | Error::Setting { .. }
            | Error::TooLarge { .. }
            | Error::Contract { .. }
            | Error::NoServer { .. }
            | Error::Lost { .. }
            | Error::TooLate { .. } => None,
        }
    }

    /// The fields that are wrong, all of them.
    pub fn violations(&self) -> &[Violation] {
        self.refusal().map_or(&[], |refusal| &refusal.violations)
    }

    /// The words that have no one meaning, all of them, with candidates or suggestions.
    pub fn unresolved(&self) -> &[v1::UnresolvedWord] {
        self.refusal().map_or(&[], |refusal| &refusal.unresolved)
    }

    /// How long the server asks to wait before the call is repeated.
    pub fn retry_delay(&self) -> Option<Duration> {
        self.refusal().and_then(|refusal| refusal.retry_delay)
    }

    /// Whether the same call may succeed a moment later. The client has then tried that already.
    pub fn retryable(&self) -> bool {
        self.code() == Code::Unavailable
    }

    /// Reads what came of a call.
    pub(super) fn from_status(status: &Status, endpoint: &str) -> Self {
        let endpoint = endpoint.to_owned();
        if let Some(cause) = status.source() {
            // A status with a cause was made on this side of the wire.
            if has::<TimeoutExpired>(cause) {
                return Error::TooLate { endpoint };
            }
            if has::<ConnectError>(cause) {
                return Error::NoServer { tried: vec![(endpoint, innermost(cause))] };
            }
            if matches!(status.code(), Code::Unknown | Code::Cancelled | Code::Unavailable) {
                return Error::Lost { endpoint, cause: innermost(cause) };
            }
            if status.code() == Code::Internal && endpoint.starts_with("http://") {
                let cause = format!("{}; if it speaks TLS, write https:// and --ca FILE", status.message());
                return Error::Lost { endpoint, cause };
            }
        }
        Error::Refused(Box::new(Refusal::read(status)))
    }

    /// What to say when one endpoint after another was of no use: what a server said rather than that there was none.
    pub(super) fn and(self, later: Error) -> Error {
        match (self, later) {
            (Error::NoServer { mut tried }, Error::NoServer { tried: later }) => {
                tried.extend(later);
                Error::NoServer { tried }
            }
            (Error::NoServer { .. }, said) | (said, _) => said,
        }
    }
}

impl Refusal {
    /// The message in the asker's language, or else the other one.
    pub fn text(&self) -> &str {
        match &self.localised_message {
            Some(text) => text,
            None if self.message.is_empty() => self.code.description(),
            None => &self.message,
        }
    }

    fn read(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info().filter(|info| info.domain == DOMAIN);
        let violations = details.bad_request().map(|bad| bad.field_violations.iter()).into_iter().flatten();
        let violation = |violation: &tonic_types::FieldViolation| Violation {
            field: violation.field.clone(),
            reason: violation.reason.clone(),
            description: violation.description.clone(),
        };
        Refusal {
            code: status.code(),
            reason: info.and_then(|info| reason::from_error_info(&info.domain, &info.reason)),
            reason_word: info.map(|info| info.reason.clone()).unwrap_or_default(),
            metadata: info.map(|info| info.metadata.clone().into_iter().collect()).unwrap_or_default(),
            message: status.message().to_owned(),
            localised_message: details
                .localized_message()
                .map(|localised| localised.message.clone())
                .filter(|text| !text.is_empty()),
            violations: violations.map(violation).collect(),
            unresolved: own::<v1::UnresolvedWords>(status, "UnresolvedWords").words,
            referenced_by: own::<v1::StillReferenced>(status, "StillReferenced").referenced_by,
            changed_since: own::<v1::ChangedSince>(status, "ChangedSince").records,
            conflicts: own::<v1::MergeConflicts>(status, "MergeConflicts").conflicts,
            retry_delay: details.retry_info().and_then(|retry| retry.retry_delay),
            call_id: status.metadata().get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned),
        }
    }
}

/// An error detail of our own contract; empty if the error has none that can be read.
fn own<M: Message + Default>(status: &Status, message: &str) -> M {
    let name = format!("crisisgids.v1.{message}");
    let details = pb::Status::decode(status.details()).map(|status| status.details).unwrap_or_default();
    let found = details.iter().find(|detail| detail.type_url.rsplit('/').next() == Some(name.as_str()));
    found.and_then(|detail| M::decode(detail.value.as_slice()).ok()).unwrap_or_default()
}

fn has<E: StdError + 'static>(error: &(dyn StdError + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source()).any(|error| error.is::<E>())
}

/// The last cause: what the operating system says, rather than "transport error".
pub(super) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let last = std::iter::successors(Some(error), |&error| error.source()).last();
    last.map(ToString::to_string).unwrap_or_default()
}

fn all(tried: &[(String, String)]) -> String {
    let each = |(endpoint, why): &(String, String)| format!("{endpoint} ({why})");
    tried.iter().map(each).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic_types::ErrorDetails;

    use super::*;
    use crate::domain::spoilt::spoilt;

    const THERE: &str = "http://there:1";

    fn with_info(reason: &str, domain: &str) -> Error {
        let details = ErrorDetails::with_error_info(reason, domain, HashMap::from([("name".into(), "areas/x".into())]));
        Error::from_status(&Status::with_error_details(Code::FailedPrecondition, "no", details), THERE)
    }

    /// A status with one detail of our own contract.
    fn with_own(message: &str, value: Vec<u8>) -> Error {
        let detail = prost_types::Any { type_url: format!("type.googleapis.com/crisisgids.v1.{message}"), value };
        let all = pb::Status { code: 3, message: "no".to_owned(), details: vec![detail] };
        Error::from_status(&Status::with_details(Code::InvalidArgument, "no", all.encode_to_vec().into()), THERE)
    }

    #[test]
    fn every_reason_of_the_contract_is_read_back() {
        let words: Vec<&str> = (1..)
            .map_while(|number| v1::ErrorReason::try_from(number).ok())
            .map(|reason| reason.as_str_name().strip_prefix("ERROR_REASON_").unwrap())
            .collect();
        let read: Vec<&str> = words.iter().map(|word| with_info(word, DOMAIN).reason().unwrap().word()).collect();
        assert_eq!(read, words);
        assert_eq!(words, Reason::ALL.iter().map(|reason| reason.word()).collect::<Vec<_>>());
    }

    #[test]
    fn what_the_table_of_the_server_says_is_read_whole() {
        use crate::domain::error::{Error as Refused, MergeConflict};
        use crate::domain::field::{Fault, Faults};
        use crate::domain::name::Name;
        use crate::domain::text::Language;
        let read = |error: &Refused| Error::from_status(&crate::grpc::status::status(error, Language::English), THERE);
        let name = Name::parse("areas/x").unwrap();

        let fault = Fault { path: "grip".to_owned(), reason: "UNKNOWN_VALUE", message: "no level".to_owned() };
        let error = read(&Refused::Invalid(Faults(vec![fault])));
        assert_eq!(error.reason(), Some(Reason::InvalidFields));
        let violation = |field: &str, reason: &str, description: &str| {
            vec![Violation { field: field.into(), reason: reason.into(), description: description.into() }]
        };
        assert_eq!(error.violations(), violation("grip", "UNKNOWN_VALUE", "no level"));

        let error = read(&Refused::StillReferenced { name: name.clone(), by: vec![name.clone()] });
        assert_eq!(error.refusal().unwrap().referenced_by, ["areas/x"]);
        assert_eq!((error.reason(), error.retryable()), (Some(Reason::StillReferenced), false));

        let error = read(&Refused::MergeConflict(vec![MergeConflict { name, field: "codes".to_owned() }]));
        assert_eq!(error.refusal().unwrap().conflicts.len(), 1);

        let error = read(&Refused::StoreUnavailable("disk".to_owned()));
        assert_eq!((error.retryable(), error.retry_delay()), (true, Some(Duration::from_secs(1))));
    }

    #[test]
    fn a_reason_of_another_domain_is_not_ours() {
        assert_eq!(with_info("NOT_FOUND", "googleapis.com").reason(), None);
    }

    #[test]
    fn a_reason_of_a_newer_contract_keeps_its_word() {
        let error = with_info("TOO_NEW", DOMAIN);
        let refusal = error.refusal().unwrap();
        assert_eq!((refusal.reason, refusal.reason_word.as_str()), (None, "TOO_NEW"));
        assert_eq!(refusal.metadata["name"], "areas/x");
    }

    #[test]
    fn all_wrong_fields_are_told() {
        let mut details = ErrorDetails::new();
        details.add_bad_request_violation("places", "at least one");
        details.add_bad_request_violation("grip", "not a level");
        let error = Error::from_status(&Status::with_error_details(Code::InvalidArgument, "2 wrong", details), THERE);
        assert_eq!(error.violations().iter().map(|v| v.field.as_str()).collect::<Vec<_>>(), ["places", "grip"]);
        assert_eq!(error.to_string(), "2 wrong");
    }

    #[test]
    fn the_details_of_our_own_contract_are_told() {
        let candidate = v1::Candidate { name: "areas/gm0417".into(), ..Default::default() };
        let word = v1::UnresolvedWord { field: "places[0]".into(), candidates: vec![candidate], ..Default::default() };
        let words = v1::UnresolvedWords { words: vec![word.clone()] };
        assert_eq!(with_own("UnresolvedWords", words.encode_to_vec()).unresolved(), [word]);

        let referenced_by = vec!["assignments/a".to_owned()];
        let still = v1::StillReferenced { name: "areas/x".into(), referenced_by: referenced_by.clone() };
        assert_eq!(with_own("StillReferenced", still.encode_to_vec()).refusal().unwrap().referenced_by, referenced_by);

        let conflicts = vec![v1::MergeConflict { name: "areas/x".into(), field: "codes".into() }];
        let merge = v1::MergeConflicts { conflicts: conflicts.clone() };
        assert_eq!(with_own("MergeConflicts", merge.encode_to_vec()).refusal().unwrap().conflicts, conflicts);
    }

    #[test]
    fn a_detail_that_cannot_be_read_is_left_out() {
        assert!(with_own("UnresolvedWords", vec![0xff, 0xff]).unresolved().is_empty());
        let broken = Status::with_details(Code::Internal, "no", vec![0xff, 0xff].into());
        assert_eq!(Error::from_status(&broken, THERE).code(), Code::Internal);
    }

    #[test]
    fn the_askers_language_goes_before_english() {
        let details = ErrorDetails::with_localized_message("nl", "bestaat niet");
        let error = Error::from_status(&Status::with_error_details(Code::NotFound, "does not exist", details), THERE);
        assert_eq!(error.to_string(), "bestaat niet");
        assert_eq!(error.refusal().unwrap().message, "does not exist");
    }

    #[test]
    fn a_localised_message_that_says_nothing_is_none() {
        let mut details = ErrorDetails::new();
        details.set_localized_message("nl", "");
        let error = Error::from_status(&Status::with_error_details(Code::NotFound, "gone", details), THERE);
        assert_eq!(error.to_string(), "gone");
    }

    proptest::proptest! {
        #[test]
        fn no_input_makes_the_details_of_a_refusal_panic(details in spoilt(details()), code in 0_i32..20) {
            let status = Status::with_details(Code::from_i32(code), "no", details.into());
            let error = Error::from_status(&status, THERE);
            proptest::prop_assert!(!error.to_string().is_empty());
            let _ = (error.reason(), error.violations(), error.retryable());
        }
    }

    /// The details of some refusals of the server.
    fn details() -> Vec<Vec<u8>> {
        use crate::domain::error::Error as Refused;
        use crate::domain::name::Name;
        use crate::domain::text::Language;
        let name = Name::parse("areas/x").unwrap();
        let refused = [
            Refused::StillReferenced { name: name.clone(), by: vec![name.clone()] },
            Refused::NotFound(name),
            Refused::StoreUnavailable("full".to_owned()),
        ];
        refused.iter().map(|error| crate::grpc::status::status(error, Language::English).details().to_vec()).collect()
    }
}
