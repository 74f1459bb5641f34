//! Answers are made by threads of their own, so that those who read and write connections are never busy with one.
//!
//! An answer is work without a pause. Made where connections are read, thousands of calls would wait there unseen: none
//! would be one too many, none would be refused, and of ten times the load that can be answered all would be answered too
//! late, health among them. `cargo bench --bench load` shows it.
//!
//! **Invariants.** It stands inside whatever counts or times a call, so that waiting for a thread is counted and timed. A
//! call that is given up before its turn is never begun. What is answered however many others there are does not wait.

use std::convert::Infallible;
use std::io;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::available_parallelism;

use http::{Request, Response};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tonic::body::Body;
use tower::{Service, ServiceExt};
use tracing::Instrument;

use super::super::{Answer, Answering, refusal};
use super::is_unlimited;

/// The threads that make answers, as many as can work at once. They end when nobody has them any more.
#[derive(Debug)]
pub(super) struct Threads(Option<Runtime>);

impl Threads {
    pub(super) fn start() -> io::Result<Self> {
        let count = available_parallelism().map_or(1, NonZeroUsize::get);
        let runtime = Builder::new_multi_thread().worker_threads(count).thread_name("answers").enable_all().build()?;
        Ok(Threads(Some(runtime)))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Where this is dropped nothing may wait.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The layer that has answers made there.
#[derive(Debug, Clone)]
pub(super) struct Turn<S> {
    inner: S,
    threads: Arc<Threads>,
}

impl<S> Turn<S> {
    pub(super) fn new(inner: S, threads: Arc<Threads>) -> Self {
        Turn { inner, threads }
    }
}

impl<S> Service<Request<Body>> for Turn<S>
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
        let runtime = self.threads.0.as_ref().filter(|_| !is_unlimited(&request));
        let answer = self.inner.clone().oneshot(request);
        let Some(runtime) = runtime else { return Box::pin(answer) };
        let handle = runtime.handle().clone();
        Box::pin(async move {
            // Of one: dropped with the call, it ends what nobody waits for.
            let mut turn = JoinSet::new();
            turn.spawn_on(answer.in_current_span(), &handle);
            match turn.join_next().await {
                Some(Ok(answer)) => answer,
                // Its panic is that of the call, and is caught where those are.
                Some(Err(error)) if error.is_panic() => resume_unwind(error.into_panic()),
                Some(Err(_)) | None => Ok(refusal::stopping().into_http()),
            }
        })
    }
}
