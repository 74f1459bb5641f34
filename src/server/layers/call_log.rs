//! One log line per call: what was called, by whom, how it ended, how long it took.
//!
//! **Invariants.** A call is logged once, when its answer has ended, however it ends: an answer that its client
//! cancelled is CANCELLED, never OK. Payloads are never logged. Of refusals for want of room only some are logged, with
//! how many were not: a flood must not fill the disk that the log is on.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use http::{HeaderMap, Request};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::{Code, Status};

use super::super::accept::{Peer, Remote};
use super::super::answer::{Inner, Reply};
use super::super::metrics::Metrics;
use super::super::sparing::Sparing;
use super::REQUEST_ID;
use crate::grpc::status::{code_name, code_of};

/// Where calls are noted: the log and the measurements.
#[derive(Debug, Clone)]
pub(super) struct Notes {
    metrics: Metrics,
    refusals: Arc<Mutex<Sparing>>,
}

impl Notes {
    pub(super) fn new(metrics: Metrics) -> Self {
        Notes { metrics, refusals: Arc::default() }
    }
}

/// Logs and measures a call.
pub(super) fn call_log(notes: &Notes, request: Request<Body>, next: &mut impl Inner) -> Reply {
    let mut call = OpenCall::begin(&request, notes.clone());
    let reply = next.call(request);
    Box::pin(async move {
        let reply = reply.await?;
        call.note(reply.headers());
        Ok(reply.map(|body| Body::new(Logged { body, call })))
    })
}

/// A call that has not ended. Dropping it is its end.
struct OpenCall {
    method: String,
    request_id: String,
    peer: Option<Remote>,
    start: Instant,
    /// How it ended; `None` while it has not.
    code: Option<Code>,
    notes: Notes,
}

/// The body of an answer, which ends the call with it.
struct Logged {
    body: Body,
    call: OpenCall,
}

impl OpenCall {
    fn begin(request: &Request<Body>, notes: Notes) -> Self {
        notes.metrics.begun(request.uri().path());
        let id = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok());
        OpenCall {
            method: request.uri().path().to_owned(),
            request_id: id.unwrap_or_default().to_owned(),
            peer: request.extensions().get::<Peer>().map(Peer::remote),
            start: Instant::now(),
            code: None,
            notes,
        }
    }

    /// Headers or trailers; the first status among them is how the call ended.
    fn note(&mut self, headers: &HeaderMap) {
        self.code = self.code.or_else(|| code_of(headers));
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        let OpenCall { method, request_id, peer, start, code, notes: Notes { metrics, refusals } } = self;
        let code = code.unwrap_or(Code::Cancelled);
        let took = start.elapsed();
        metrics.ended(method, code_name(code), took);
        let (code_word, duration_ms) = (code_name(code), took.as_secs_f64() * 1000.0);
        let peer = peer.map(tracing::field::display);
        macro_rules! log {
            ($level:ident $(, $more:ident)?) => {
                tracing::$level!(%method, code = code_word, duration_ms, %request_id, peer, $($more,)? "call")
            };
        }
        match code {
            // The server's own fault: an operator has to look.
            Code::Internal | Code::Unknown | Code::DataLoss => log!(error),
            Code::Unavailable | Code::DeadlineExceeded => log!(warn),
            Code::ResourceExhausted => {
                let counted = refusals.lock().unwrap_or_else(PoisonError::into_inner).count(Instant::now());
                match counted {
                    None => {}
                    Some(0) => log!(warn),
                    Some(unlogged) => log!(warn, unlogged),
                }
            }
            // Supervisors ask every few seconds.
            Code::Ok if method.starts_with("/grpc.health.") => log!(debug),
            Code::Ok
            | Code::Cancelled
            | Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unimplemented
            | Code::Unauthenticated => log!(info),
        }
    }
}

impl HttpBody for Logged {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.call.note(trailers);
                }
            }
            Poll::Ready(Some(Err(status))) => self.call.code = Some(status.code()),
            Poll::Ready(None) | Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
