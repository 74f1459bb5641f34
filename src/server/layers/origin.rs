//! Which web pages may call.
//!
//! **Invariants.** A browser says which page calls (`Origin`) with every POST; other clients do not. A page that is
//! not allowed is refused here and not only by its browser: a host name that a page's owner points at 127.0.0.1
//! makes the browser see one origin, and CORS is then never asked.

use std::sync::Arc;

use http::header::ORIGIN;
use http::{HeaderValue, Request};
use tonic::body::Body;

use super::super::answer::{Inner, Reply, refuse};
use super::super::refusal;

/// Refuses a call from a page whose origin is not allowed; a caller that is no page passes.
pub(super) fn origin(allowed: &Arc<[HeaderValue]>, request: Request<Body>, next: &mut impl Inner) -> Reply {
    if request.headers().get_all(ORIGIN).iter().all(|origin| allowed.contains(origin)) {
        Box::pin(next.call(request))
    } else {
        refuse(refusal::foreign_page())
    }
}
