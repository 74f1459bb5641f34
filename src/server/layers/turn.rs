//! Replies are made by threads of their own, so that the threads that read and write connections are never busy with
//! one.
//!
//! A reply is work without a pause. Made where connections are read, the calls behind it would wait in a queue that the
//! layers around cannot see: `shed` would find no call too many and refuse none, and under ten times the load that can
//! be answered every reply would come too late, that of a health check among them. `cargo bench --bench load` shows it.
//!
//! **Invariants.** It stands inside every layer that counts or times a call, so that waiting for a thread is counted
//! and timed. A call that is cancelled while it waits for a thread is never begun. A call that no limit holds for does
//! not wait.

use std::io;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::available_parallelism;

use http::Request;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tonic::body::Body;
use tower::ServiceExt;
use tracing::Instrument;

use super::super::answer::{Inner, Reply};
use super::super::refusal;
use super::is_unlimited;

/// Has a reply made by those threads. The whole call is done there, so that it takes a clone of `next` along.
pub(super) fn turn(
    threads: &Arc<Threads>,
    request: Request<Body>,
    next: &mut (impl Inner + Clone + Send + 'static),
) -> Reply {
    let runtime = threads.0.as_ref().filter(|_| !is_unlimited(&request));
    let reply = next.clone().oneshot(request);
    let Some(runtime) = runtime else { return Box::pin(reply) };
    let handle = runtime.handle().clone();
    Box::pin(async move {
        // A set of one task, because dropping a set cancels what is in it: a call that is dropped ends its work.
        let mut task = JoinSet::new();
        task.spawn_on(reply.in_current_span(), &handle);
        match task.join_next().await {
            Some(Ok(reply)) => reply,
            // Its panic is that of the call, and is caught where those are.
            Some(Err(error)) if error.is_panic() => resume_unwind(error.into_panic()),
            Some(Err(_)) | None => Ok(refusal::stopping().into_http()),
        }
    })
}

/// The threads that make replies, as many as can work at once. They end with the last stack that has them.
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
        // The thread that drops this may not wait.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
