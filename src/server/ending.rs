//! Answers that end when something else happens first: a deadline, or the stop of the server.
//!
//! **Invariants.** What the service has ready at the end is still sent, but no more after it. An answer ended from
//! outside still ends properly, with trailers that say why, so that no client waits for a stream that has no source.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;

/// What ends an answer, and how.
pub(super) type End = Pin<Box<dyn Future<Output = Status> + Send>>;

/// A body that ends with a status once its end has come, if it has not ended by itself.
pub(super) struct Ending {
    body: Body,
    state: EndingState,
}

enum EndingState {
    /// Waiting for the end.
    Open(End),
    /// The end has come and the last frame is sent; the trailers are not.
    Closing(Status),
    /// Nothing more comes.
    Closed,
}

impl Ending {
    /// A body that `end` can end.
    pub(super) fn body(body: Body, end: End) -> Body {
        Body::new(Ending { body, state: EndingState::Open(end) })
    }
}

impl HttpBody for Ending {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let EndingState::Open(end) = &mut self.state {
            let ended = end.as_mut().poll(cx);
            if let Poll::Ready(status) = ended {
                self.state = EndingState::Closing(status);
            }
            if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
                // Trailers, an error or nothing: it has ended by itself, and says so only once.
                if !frame.as_ref().is_some_and(|frame| frame.as_ref().is_ok_and(Frame::is_data)) {
                    self.state = EndingState::Closed;
                }
                return Poll::Ready(frame);
            }
        }
        match std::mem::replace(&mut self.state, EndingState::Closed) {
            open @ EndingState::Open(_) => {
                self.state = open;
                Poll::Pending
            }
            EndingState::Closing(status) => {
                let mut trailers = HeaderMap::new();
                status.add_header(&mut trailers)?;
                Poll::Ready(Some(Ok(Frame::trailers(trailers))))
            }
            EndingState::Closed => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self.state {
            EndingState::Open(_) => self.body.is_end_stream(),
            EndingState::Closing(_) => false,
            EndingState::Closed => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        // Trailers may come at any time, so that nothing can be promised.
        SizeHint::default()
    }
}
