//! When to try again, and when to stop.
//!
//! **Invariants.** Only what is [`Error::retryable`] is tried again. No wait goes past the end of the call: then the
//! last error is the answer, which says more than that time is up.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{Error, Settings};

/// Makes rounds until one succeeds or fails for good, the rounds are used up, or the next one would come too late.
pub(super) async fn until<T, F>(end: Instant, settings: &Settings, round: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut made = 1;
    loop {
        let error = match round().await {
            Err(error) if error.retryable() && made < settings.rounds => error,
            outcome => return outcome,
        };
        let wait = wait(settings, made, chance()).max(error.retry_delay().unwrap_or_default());
        let Some(next) = Instant::now().checked_add(wait).filter(|next| *next < end) else { return Err(error) };
        sleep_until(next).await;
        made = made.saturating_add(1);
    }
}

/// How long to wait after so many rounds; `chance` decides how much of its second half.
fn wait(settings: &Settings, made: u32, chance: u64) -> Duration {
    let doublings = made.saturating_sub(1).min(31);
    let whole = settings.first_wait.saturating_mul(1_u32 << doublings).min(settings.longest_wait);
    let half = whole.checked_div(2).unwrap_or_default();
    // 1024 steps are fine enough to spread clients.
    let steps = u32::try_from(chance % 1024).unwrap_or_default();
    half.saturating_add(half.checked_div(1024).unwrap_or_default().saturating_mul(steps))
}

/// Something that differs between clients and calls.
fn chance() -> u64 {
    uuid::Uuid::new_v4().as_u64_pair().1
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tonic::{Code, Status};
    use tonic_types::{ErrorDetails, StatusExt};

    use super::*;

    fn unavailable(retry_after: Option<Duration>) -> Error {
        let mut details = ErrorDetails::new();
        if retry_after.is_some() {
            details.set_retry_info(retry_after);
        }
        Error::from_status(&Status::with_error_details(Code::Unavailable, "not now", details), "http://there:1")
    }

    /// The outcome of rounds that fail so often with this, how many were made, and how long that took.
    async fn after(failures: u32, error: Error, within: Duration) -> (Result<(), Error>, u32, Duration) {
        let made = Cell::new(0);
        let start = Instant::now();
        let round = || {
            made.set(made.get() + 1);
            std::future::ready(if made.get() > failures { Ok(()) } else { Err(error.clone()) })
        };
        let outcome = until(start + within, &Settings::default(), round).await;
        (outcome, made.get(), start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_unavailable_for_a_moment_is_tried_again() {
        let (outcome, made, took) = after(3, unavailable(None), Duration::from_secs(5)).await;
        assert_eq!((outcome, made), (Ok(()), 4));
        assert!((Duration::from_millis(350)..Duration::from_millis(710)).contains(&took), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn rounds_are_bounded() {
        let (outcome, made, _) = after(u32::MAX, unavailable(None), Duration::from_secs(500)).await;
        assert_eq!((outcome, made), (Err(unavailable(None)), 4));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_but_unavailable_is_tried_again() {
        for code in (1..=16).map(Code::from_i32).filter(|code| *code != Code::Unavailable) {
            let error = Error::from_status(&Status::new(code, "no"), "http://there:1");
            let (outcome, made, _) = after(1, error.clone(), Duration::from_secs(5)).await;
            assert_eq!((outcome, made), (Err(error), 1), "{code:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_server_may_ask_for_a_longer_wait() {
        let (outcome, made, took) = after(1, unavailable(Some(Duration::from_secs(3))), Duration::from_secs(5)).await;
        assert_eq!((outcome, made), (Ok(()), 2));
        assert!(took >= Duration::from_secs(3), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_past_the_deadline_is_not_begun() {
        let error = unavailable(Some(Duration::from_secs(6)));
        let (outcome, made, took) = after(1, error.clone(), Duration::from_secs(5)).await;
        assert_eq!((outcome, made, took), (Err(error), 1, Duration::ZERO));
    }

    #[test]
    fn waits_double_up_to_the_longest_and_are_shortened_by_at_most_a_half() {
        let settings = Settings::default();
        let bounds = |made| (wait(&settings, made, 0), wait(&settings, made, 1023));
        let millis = Duration::from_millis;
        for (made, whole) in [(1, 100), (2, 200), (3, 400), (6, 2000), (u32::MAX, 2000)] {
            let (least, most) = bounds(made);
            assert_eq!(least, millis(whole / 2), "{made}");
            assert!(most <= millis(whole) && most > millis(whole * 9 / 10), "{made}: {most:?}");
        }
    }
}
