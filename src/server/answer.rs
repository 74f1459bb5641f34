//! The frame that every layer of ours stands in: a layer is one function from a request to a reply.
//!
//! A layer is written as `fn name(state: &State, request: Request<Body>, next: &mut impl Inner) -> Reply` and put around a
//! service by [`around`]. It calls `next` at once, or refuses; a layer that must wait first calls a clone of `next`.
//!
//! **Invariants.** A layer always replies: an error of a call is a reply too. `next` is ready when the function is called.
//!
//! # What one more layer costs
//!
//! For each call: one allocation (the boxed reply), one step more whenever the reply is polled, and one clone of the
//! layer's state, because the transport clones the whole stack for each request; so a state is an `Arc` or a few of
//! them. A layer that calls a clone of `next` costs also the clone of every layer inside it. A layer that puts a body of
//! its own around the reply's body costs a second allocation, and one step more for each frame.

use std::convert::Infallible;
use std::future::ready;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tonic::Status;
use tonic::body::Body;
use tower::Service;

/// A reply in the making.
pub(super) type Reply = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

/// What stands inside a layer: a service that always replies.
pub(super) trait Inner:
    Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>
{
}

impl<S> Inner for S where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>
{
}

/// A service with a layer around it.
#[derive(Debug, Clone)]
pub(super) struct Layered<S, T, F> {
    inner: S,
    state: T,
    function: F,
}

/// Puts a layer around a service: what the layer holds, and the function that it is.
pub(super) fn around<S, T, F>(inner: S, state: T, function: F) -> Layered<S, T, F>
where
    S: Inner,
    F: Fn(&T, Request<Body>, &mut S) -> Reply,
{
    Layered { inner, state, function }
}

/// A refusal, which needs nobody inside.
pub(super) fn refuse(status: Status) -> Reply {
    Box::pin(ready(Ok(status.into_http())))
}

impl<S, T, F> Service<Request<Body>> for Layered<S, T, F>
where
    S: Inner,
    F: Fn(&T, Request<Body>, &mut S) -> Reply,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Reply;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Reply {
        (self.function)(&self.state, request, &mut self.inner)
    }
}
