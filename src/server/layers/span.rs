//! What is logged during a call carries its method and id.
//!
//! **Invariants.** A call that is refused for want of room has no span: saying no must stay cheap.

use http::Request;
use tonic::body::Body;
use tracing::Instrument;

use super::super::answer::{Inner, Reply};
use super::REQUEST_ID;

/// Opens the span of a call.
pub(super) fn span((): &(), request: Request<Body>, next: &mut impl Inner) -> Reply {
    let id = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    let span = tracing::info_span!("call", method = request.uri().path(), request_id = id);
    Box::pin(span.in_scope(|| next.call(request)).instrument(span))
}
