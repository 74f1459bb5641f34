//! A stream of messages from the server.
//!
//! **Invariants.** A stream that does not end well says so: only `None` without an error means that it was complete.

use tokio::time::{Instant, timeout_at};
use tonic::Streaming;

use super::Error;

/// What the server sends, one message after another. Dropping it ends the call.
#[derive(Debug)]
pub struct Messages<A> {
    stream: Streaming<A>,
    endpoint: String,
    end: Instant,
}

impl<A> Messages<A> {
    pub(super) fn new(stream: Streaming<A>, endpoint: String, end: Instant) -> Self {
        Messages { stream, endpoint, end }
    }

    /// The next message; `None` when all have come.
    ///
    /// # Errors
    /// What ended the stream before that. What came before it is then a part only.
    pub async fn next(&mut self) -> Result<Option<A>, Error> {
        match timeout_at(self.end, self.stream.message()).await {
            Ok(Ok(message)) => Ok(message),
            Ok(Err(status)) => Err(Error::from_status(&status, &self.endpoint)),
            Err(_) => Err(Error::TooLate { endpoint: self.endpoint.clone() }),
        }
    }
}
