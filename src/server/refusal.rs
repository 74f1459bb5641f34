//! What the server itself answers, before or instead of a service.
//!
//! **Invariants.** Each refusal has a reason of its own, as every error of a service has. Nothing of what went
//! wrong inside is told to the caller: the log has it under the request's id.

use std::collections::HashMap;
use std::time::Duration;

use http::Response;
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::domain::error::Reason;
use crate::grpc::status::code_of;

/// The domain of our reasons, as `google.rpc.ErrorInfo` has it.
const DOMAIN: &str = "crisisgids";

/// A panic.
pub(super) fn panicked() -> Status {
    let message = "something in the server went wrong; the header x-request-id names the call in its log";
    refusal(Code::Internal, Reason::Internal, message)
}

/// The directory is not there yet.
pub(super) fn loading() -> Status {
    refusal(Code::Unavailable, Reason::Loading, "the directory is still being loaded; try again in a moment")
}

/// The server stops.
pub(super) fn stopping() -> Status {
    refusal(Code::Unavailable, Reason::Stopping, "the server is stopping; connect again")
}

/// There are more calls than can be answered.
pub(super) fn overloaded() -> Status {
    let message = "the server has more calls than it can answer in time; try again in a moment, perhaps elsewhere";
    exhausted(message, Duration::from_secs(1))
}

/// A caller has more calls open, or calls more often, than one caller may.
pub(super) fn more_than_a_share(wait: Duration) -> Status {
    let message = "you call more often, or more at the same time, than one caller may; wait as retry_info says";
    exhausted(message, wait)
}

/// The call took longer than its caller, or the server, allows.
pub(super) fn too_late() -> Status {
    let message = "the deadline passed before the answer was complete; allow more time or ask for less";
    refusal(Code::DeadlineExceeded, Reason::DeadlineExceeded, message)
}

/// A token that nobody has.
pub(super) fn unknown_token() -> Status {
    let message = "nobody has this token; send `authorization: Bearer NAME.SECRET` as the office gave it";
    refusal(Code::Unauthenticated, Reason::Unauthenticated, message)
}

/// A caller breaks the glass without being allowed to, or without a reason.
pub(super) fn unbroken_glass() -> Status {
    let message =
        "to break the glass, the office must allow it (`break_glass = true` in the access file) and you must say why";
    refusal(Code::PermissionDenied, Reason::Denied, message)
}

/// A web page that may not call.
pub(super) fn foreign_page() -> Status {
    let message = "pages of this origin may not call; name the origin in server.cors_origins to allow it";
    refusal(Code::PermissionDenied, Reason::OriginDenied, message)
}

/// The answer; if tonic could not read the request, with the reason that it lacks. tonic says INTERNAL then, as if the
/// server were at fault. Every refusal of ours has details already.
pub(super) fn with_reason(response: Response<Body>) -> Response<Body> {
    if !matches!(code_of(response.headers()), Some(Code::Internal | Code::OutOfRange)) {
        return response;
    }
    let Some(status) = Status::from_header_map(response.headers()).filter(|status| status.details().is_empty()) else {
        return response;
    };
    let code = if status.code() == Code::Internal { Code::InvalidArgument } else { status.code() };
    let message = format!("the request cannot be read as the message that this method takes: {}", status.message());
    refusal(code, Reason::InvalidFields, &message).into_http()
}

fn exhausted(message: &str, wait: Duration) -> Status {
    let mut details = ErrorDetails::with_error_info(Reason::Overloaded.word(), DOMAIN, HashMap::new());
    details.set_retry_info(Some(wait));
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

fn refusal(code: Code, reason: Reason, message: &str) -> Status {
    Status::with_error_details(code, message, ErrorDetails::with_error_info(reason.word(), DOMAIN, HashMap::new()))
}
