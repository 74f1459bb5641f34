//! What answers first: health and reflection at once, the other services when the directory is loaded.
//!
//! **Invariants.** A call is answered by what was loaded when it came. Streams of health and reflection end when the
//! server stops: they would go on for as long as their client likes, and hold up the stop.

use std::sync::{Arc, OnceLock};

use http::Request;
use tokio::sync::watch;
use tonic::body::Body;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tower::ServiceExt;

use super::answer::{Reply, refuse};
use super::ending::{End, Ending};
use super::health::Health;
use super::refusal;
use crate::config::Limits;
use crate::grpc::reflection;

/// Why the contract cannot be served.
pub type Error = reflection::Error;

/// The services, loaded or not.
#[derive(Debug, Clone)]
pub(super) struct Front {
    at_once: Routes,
    loaded: Arc<OnceLock<Routes>>,
    stopping: watch::Receiver<bool>,
}

/// The handle that opens and stops a [`Front`].
#[derive(Debug)]
pub(super) struct Control {
    health: Health,
    loaded: Arc<OnceLock<Routes>>,
    stopping: watch::Sender<bool>,
}

impl Front {
    /// Health and reflection, and nothing else yet.
    pub(super) async fn new(limits: &Limits) -> Result<(Front, Control), Error> {
        let health = Health::not_serving(reflection::services()?).await;
        let limit = limits.max_request_message.len();
        let at_once = reflection::routes(Routes::new(health.service().max_decoding_message_size(limit)))?.prepare();
        let loaded = Arc::new(OnceLock::new());
        let (stop, stopping) = watch::channel(false);
        Ok((Front { at_once, loaded: loaded.clone(), stopping }, Control { health, loaded, stopping: stop }))
    }

    /// Answers a call: health and reflection by themselves, any other by what is loaded.
    pub(super) fn reply(&self, request: Request<Body>) -> Reply {
        let path = request.uri().path();
        if path.starts_with("/grpc.health.") || path.starts_with("/grpc.reflection.") {
            let reply = self.at_once.clone().oneshot(request);
            let stop = self.stop();
            return Box::pin(async move { Ok(reply.await?.map(|body| Ending::body(body, stop))) });
        }
        match self.loaded.get() {
            Some(routes) => Box::pin(routes.clone().oneshot(request)),
            None => refuse(refusal::loading()),
        }
    }

    /// Resolves when the server stops.
    fn stop(&self) -> End {
        let mut stopping = self.stopping.clone();
        Box::pin(async move {
            // An error means that the server is gone.
            let _ = stopping.wait_for(|stopping| *stopping).await;
            refusal::stopping()
        })
    }
}

impl Control {
    /// Loads the services; they answer from here on.
    pub(super) async fn open(&self, routes: Routes) {
        if self.loaded.set(routes.prepare()).is_ok() {
            self.health.report(ServingStatus::Serving).await;
        }
    }

    /// Stops serving: health says so to its watchers, then the listener closes.
    pub(super) async fn stop(&self) {
        self.health.report(ServingStatus::NotServing).await;
        self.stopping.send_replace(true);
    }

    /// Whether [`Control::stop`] was called.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }
}
