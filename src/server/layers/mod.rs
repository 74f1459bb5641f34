//! The layers around the services, outermost first, one reason per line.
//!
//! **Invariants.** They know calls, not what is asked: no payload is read or logged here. They stand around all that
//! the port serves, and every refusal of theirs is a gRPC status: what is not gRPC has no place inside them.
//!
//! Each of ours is one function; what one more costs is said in [`answer`](super::answer).

use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request, Response};
use tonic::body::Body;
use tonic_web::GrpcWebLayer;
use tower::util::{BoxCloneSyncService, MapResponseLayer};
use tower::{ServiceBuilder, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};

use super::accept::{Peer, Remote};
use super::answer::around;
use super::front::Front;
use super::identity::{Identity, identify};
use super::metrics::Metrics;
use super::refusal;
use crate::config::Server as Settings;

mod call_log;
mod deadline;
mod origin;
mod share;
mod shed;
mod span;
mod turn;

/// The header that names a call, in the log and to its caller.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How long a browser may remember what it may call: two hours is the most that Chromium keeps.
const PREFLIGHT_AGE: Duration = Duration::from_secs(7200);

/// The whole stack. Every test server runs it too.
///
/// # Errors
/// If the threads that make answers do not start.
pub(super) fn stack(
    front: Front,
    settings: &Settings,
    identity: Option<Arc<Identity>>,
    metrics: Metrics,
) -> std::io::Result<BoxCloneSyncService<Request<Body>, Response<Body>, std::convert::Infallible>> {
    let origins: Arc<[HeaderValue]> =
        settings.cors_origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect();
    let notes = call_log::Notes::new(metrics);
    let room = shed::Room::new(usize::try_from(settings.limits.max_concurrent_calls.get()).unwrap_or(usize::MAX >> 3));
    let shares = Arc::new(share::Shares::new(&settings.limits));
    let longest = settings.limits.request_timeout.duration();
    let threads = Arc::new(turn::Threads::start()?);
    let stack = ServiceBuilder::new()
        // A caller's id is kept if it is fit for a log line; whatever else happens, the call has one.
        .map_request(without_unfit_request_id)
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        // The caller learns the id also of a call that a browser page or a panic ended.
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        // Answers a browser's preflight and lets the page see what the answer says; outside gRPC-Web, which knows
        // neither.
        .layer(cors(&origins))
        // Translates to plain gRPC, so that everything inside sees one protocol.
        .layer(GrpcWebLayer::new())
        // Counts and times everything inside it, refusals and panics among them.
        .layer_fn(move |inner| around(inner, notes.clone(), call_log::call_log))
        // A page elsewhere must not reach the directory through the operator's browser, by whatever host name.
        .layer_fn(move |inner| around(inner, origins.clone(), origin::origin))
        // Inside the log, so that a panic is logged as the INTERNAL that its caller gets.
        .layer(MapResponseLayer::new(|response: Response<_>| response.map(Body::new)))
        .layer(CatchPanicLayer::custom(|_| refusal::panicked().into_http::<Body>()))
        // A request that tonic could not read is the caller's fault, and is told so.
        .layer(MapResponseLayer::new(refusal::with_reason))
        // Before anything is done for a call: a flood must not cost more than saying no.
        .layer_fn(move |inner| around(inner, room.clone(), shed::shed))
        .layer_fn(|inner| around(inner, (), span::span))
        // A call is authenticated before anything answers.
        .layer_fn(move |inner| around(inner, identity.clone(), identify))
        // An authenticated caller has its share, and no more.
        .layer_fn(move |inner| around(inner, shares.clone(), share::share))
        // It cancels the call, and the layers around it still say so properly.
        .layer_fn(move |inner| around(inner, longest, deadline::deadline))
        // Innermost: only what is being counted and timed waits to be answered.
        .layer_fn(move |inner| around(inner, threads.clone(), turn::turn))
        .service(service_fn(move |request| front.reply(request)));
    Ok(BoxCloneSyncService::new(stack))
}

/// Whether a call is answered however many others there are: health, and whatever comes over the socket file.
fn is_unlimited(request: &Request<Body>) -> bool {
    let peer = request.extensions().get::<Peer>();
    let is_local = peer.is_some_and(|peer| matches!(peer.remote(), Remote::User(_)));
    is_local || request.uri().path().starts_with("/grpc.health.")
}

/// Takes away a request id that is not short and plain: it goes into every log line of the call.
fn without_unfit_request_id(mut request: Request<Body>) -> Request<Body> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte);
    // 128 holds any trace or request id in use; a UUID has 36.
    let fit = |id: &HeaderValue| (1..=128).contains(&id.len()) && id.as_bytes().iter().all(plain);
    if !request.headers().get(&REQUEST_ID).is_some_and(fit) {
        request.headers_mut().remove(&REQUEST_ID);
    }
    request
}

fn cors(origins: &[HeaderValue]) -> CorsLayer {
    let header = HeaderName::from_static;
    CorsLayer::new()
        .allow_origin(origins.to_vec())
        .allow_methods([Method::POST])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            REQUEST_ID,
            header("grpc-timeout"),
            header("x-grpc-web"),
            header("x-user-agent"),
        ])
        // Without these a page cannot read why a call failed: an answer without messages has its status in the headers.
        .expose_headers([header("grpc-status"), header("grpc-message"), header("grpc-status-details-bin"), REQUEST_ID])
        .max_age(PREFLIGHT_AGE)
}
