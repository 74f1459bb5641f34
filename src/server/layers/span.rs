//! What is logged during a call carries its method and id.
//!
//! **Invariants.** A call that is refused for want of room has no span: saying no must stay cheap.

use std::convert::Infallible;
use std::task::{Context, Poll};

use http::{Request, Response};
use tonic::body::Body;
use tower::Service;
use tracing::Instrument;

use super::super::{Answer, Answering};
use super::REQUEST_ID;

/// The layer that opens the span of a call.
#[derive(Debug, Clone)]
pub(super) struct Spanned<S>(pub(super) S);

impl<S> Service<Request<Body>> for Spanned<S>
where
    S: Answering,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        let id = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
        let span = tracing::info_span!("call", method = request.uri().path(), request_id = id);
        Box::pin(span.in_scope(|| self.0.call(request)).instrument(span))
    }
}
