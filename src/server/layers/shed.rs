//! More calls than can be answered in time are refused at once, so that those that were let in are.
//!
//! **Invariants.** A call has its place until its answer has begun. Nobody waits for a place: waiting would only grow.
//! Health is asked without one, so that whoever watches the server can tell busy from gone; so is everything over the
//! socket file, so that whoever runs it can see why.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tokio::sync::Semaphore;
use tonic::Status;
use tonic::body::Body;
use tower::{Service, ServiceExt};

use super::super::{Answer, Answering, refusal};
use super::is_unlimited;

/// The layer that refuses what there is no room for.
#[derive(Debug, Clone)]
pub(super) struct Shed<S> {
    inner: S,
    places: Arc<Semaphore>,
    /// What is said then, made once.
    refusal: Status,
}

impl<S> Shed<S> {
    pub(super) fn new(inner: S, places: Arc<Semaphore>) -> Self {
        Shed { inner, places, refusal: refusal::overloaded() }
    }
}

impl<S> Service<Request<Body>> for Shed<S>
where
    S: Answering + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        let inner = self.inner.clone();
        if is_unlimited(&request) {
            return Box::pin(inner.oneshot(request));
        }
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            return Box::pin(std::future::ready(Ok(self.refusal.clone().into_http())));
        };
        Box::pin(async move {
            let answer = inner.oneshot(request).await;
            drop(place);
            answer
        })
    }
}
