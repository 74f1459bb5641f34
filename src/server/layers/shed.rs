//! More calls than can be answered in time are refused at once, so that those that were let in are.
//!
//! **Invariants.** A call holds its permit until its reply has begun. No call waits for a permit: the queue would only
//! grow. A health check needs none, so that a supervisor can tell busy from gone; nor does a call over the socket file,
//! so that an operator can see why.

use std::sync::Arc;

use http::Request;
use tokio::sync::Semaphore;
use tonic::Status;
use tonic::body::Body;

use super::super::answer::{Inner, Reply, refuse};
use super::super::refusal;
use super::is_unlimited;

/// How many calls there is room for.
#[derive(Debug, Clone)]
pub(super) struct Room {
    permits: Arc<Semaphore>,
    /// The reply to a call for which there is none, made once.
    refusal: Status,
}

impl Room {
    pub(super) fn new(calls: usize) -> Self {
        Room { permits: Arc::new(Semaphore::new(calls)), refusal: refusal::overloaded() }
    }
}

/// Refuses a call for which there is no room.
pub(super) fn shed(room: &Room, request: Request<Body>, next: &mut impl Inner) -> Reply {
    if is_unlimited(&request) {
        return Box::pin(next.call(request));
    }
    let Ok(permit) = room.permits.clone().try_acquire_owned() else {
        return refuse(room.refusal.clone());
    };
    let reply = next.call(request);
    Box::pin(async move {
        let reply = reply.await;
        drop(permit);
        reply
    })
}
