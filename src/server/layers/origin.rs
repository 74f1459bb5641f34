//! Which web pages may call.
//!
//! **Invariants.** A browser says which page calls (`Origin`) with every POST; other clients do not. A page that is
//! not allowed is refused here and not only by its browser: a host name that a page's owner points at 127.0.0.1
//! makes the browser see one origin, and CORS is then never asked.

use std::convert::Infallible;
use std::task::{Context, Poll};

use http::header::ORIGIN;
use http::{HeaderValue, Request, Response};
use tonic::body::Body;
use tower::Service;

use super::super::{Answer, Answering, refusal};

/// Refuses calls from pages that are not allowed.
#[derive(Debug, Clone)]
pub(super) struct OriginGuard<S> {
    inner: S,
    allowed: Vec<HeaderValue>,
}

impl<S> OriginGuard<S> {
    /// Lets pages of these origins through, and whatever is no page.
    pub(super) fn new(inner: S, allowed: Vec<HeaderValue>) -> Self {
        OriginGuard { inner, allowed }
    }
}

impl<S> Service<Request<Body>> for OriginGuard<S>
where
    S: Answering,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        if request.headers().get_all(ORIGIN).iter().all(|origin| self.allowed.contains(origin)) {
            Box::pin(self.inner.call(request))
        } else {
            Box::pin(std::future::ready(Ok(refusal::foreign_page().into_http())))
        }
    }
}
