//! Deadlines: the caller's (`grpc-timeout`) and the server's own.
//!
//! **Invariants.** A call that is too late ends with DEADLINE_EXCEEDED; tonic by itself says CANCELLED, which a client
//! takes for its own doing. The server's limit holds until an answer begins; the caller's holds to the end, also for a
//! stream.

use std::time::Duration;

use http::{HeaderMap, Request};
use tokio::time::{Instant, sleep, sleep_until};
use tonic::body::Body;

use super::super::answer::{Inner, Reply};
use super::super::ending::Ending;
use super::super::refusal;

/// How much earlier than tonic a call is ended. Both clocks start in the same call; one tick of tokio's timer makes
/// sure that ours is never the later one.
const EARLIER: Duration = Duration::from_millis(1);

/// Ends a call in time: no reply may take longer than `longest` to begin.
pub(super) fn deadline(longest: &Duration, request: Request<Body>, next: &mut impl Inner) -> Reply {
    let start = Instant::now();
    let given = grpc_timeout(request.headers());
    let to_begin = sleep(given.unwrap_or(*longest).min(*longest).saturating_sub(EARLIER));
    let reply = next.call(request);
    Box::pin(async move {
        let reply = tokio::select! {
            // First the time: a call whose deadline has passed is not begun.
            biased;
            () = to_begin => return Ok(refusal::too_late().into_http()),
            reply = reply => reply?,
        };
        // A deadline too far away to be added is none.
        let Some(end) = given.and_then(|given| start.checked_add(given)) else { return Ok(reply) };
        let too_late = async move {
            sleep_until(end).await;
            refusal::too_late()
        };
        Ok(reply.map(|body| Ending::body(body, Box::pin(too_late))))
    })
}

/// What the caller allows: at most eight digits and a unit. What is not that is no deadline, as in tonic.
fn grpc_timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if number.len() > 8 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    match unit {
        "H" => number.checked_mul(3600).map(Duration::from_secs),
        "M" => number.checked_mul(60).map(Duration::from_secs),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http::Response;
    use tonic::{Code, Status};
    use tonic_types::StatusExt;

    use super::*;

    fn request(timeout: &str) -> Request<Body> {
        Request::builder().header("grpc-timeout", timeout).body(Body::empty()).unwrap()
    }

    /// The status of a call to a service that never answers.
    async fn status_of_silence(longest: Duration, timeout: &str) -> (Status, Duration) {
        let mut silent =
            tower::service_fn(|_: Request<Body>| std::future::pending::<Result<Response<Body>, Infallible>>());
        let start = Instant::now();
        let answer = deadline(&longest, request(timeout), &mut silent).await.unwrap();
        (Status::from_header_map(answer.headers()).unwrap(), start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_past_its_callers_deadline_says_so() {
        let (status, after) = status_of_silence(Duration::from_secs(30), "200m").await;
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert_eq!(status.get_details_error_info().unwrap().reason, "DEADLINE_EXCEEDED");
        assert!(after <= Duration::from_millis(200), "{after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_server_allows_no_more_than_its_own_limit() {
        let (status, after) = status_of_silence(Duration::from_secs(30), "5H").await;
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert!(after <= Duration::from_secs(30), "{after:?}");
    }

    #[test]
    fn deadlines_are_read_as_the_protocol_writes_them() {
        let read = |text: &str| grpc_timeout(request(text).headers());
        assert_eq!(read("1H"), Some(Duration::from_secs(3600)));
        assert_eq!(read("99999999S"), Some(Duration::from_secs(99_999_999)));
        assert_eq!(read("250u"), Some(Duration::from_micros(250)));
        for text in ["", "S", "1", "123456789S", "1s", "-1S", "1.5S", "+1S"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
