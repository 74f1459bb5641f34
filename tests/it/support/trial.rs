//! A service that misbehaves in every way that the layers must stand.
//!
//! **Invariants.** It is reached through the same layers as every service, by the names of its methods.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::{Body as HttpBody, Frame};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::server::NamedService;
use tonic::service::Routes;
use tower::Service;

/// Panics.
pub(crate) const PANIC: &str = "/crisisgids.trial.Trial/Panic";
/// Never begins to answer.
pub(crate) const SILENCE: &str = "/crisisgids.trial.Trial/Silence";
/// Begins to answer and never goes on.
pub(crate) const STALL: &str = "/crisisgids.trial.Trial/Stall";

/// Keeps its thread busy as long as somebody holds the gate.
pub(crate) const BUSY: &str = "/crisisgids.trial.Trial/Busy";

/// The services of a server with this one.
pub(crate) fn routes() -> Routes {
    routes_with(Arc::default())
}

/// The same with a gate.
pub(crate) fn routes_with(gate: Arc<Mutex<()>>) -> Routes {
    Routes::new(Trial(gate))
}

#[derive(Clone)]
struct Trial(Arc<Mutex<()>>);

impl NamedService for Trial {
    const NAME: &'static str = "crisisgids.trial.Trial";
}

impl Service<Request<Body>> for Trial {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match request.uri().path() {
            PANIC => Box::pin(async { panic!("as the trial wants") }),
            SILENCE => Box::pin(pending()),
            STALL => Box::pin(async {
                let answer = Response::builder().header("content-type", "application/grpc").body(Body::new(Stalled));
                Ok(answer.unwrap())
            }),
            BUSY => {
                let gate = self.0.clone();
                Box::pin(async move {
                    drop(gate.lock());
                    Ok(Status::unimplemented("no longer busy").into_http())
                })
            }
            _ => Box::pin(async { Ok(Status::unimplemented("no such trial").into_http()) }),
        }
    }
}

/// A stream that nobody feeds.
struct Stalled;

impl HttpBody for Stalled {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Pending
    }
}
