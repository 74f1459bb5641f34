//! No caller takes more than its share: calls at the same time, and calls a second, per principal.
//!
//! **Invariants.** Only an authenticated caller has a share; a health check and a caller without a principal have none
//! to use up. A caller over the socket file is not limited. A refused caller is told when to try again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Request;
use tokio::time::Instant;
use tonic::body::Body;

use super::super::answer::{Inner, Reply, refuse};
use super::super::refusal;
use super::is_unlimited;
use crate::config::Limits;
use crate::domain::access::Principal;

/// How long a caller with too many open calls waits before it tries again.
const PAUSE: Duration = Duration::from_secs(1);

/// Holds each principal to its share.
pub(super) fn share(shares: &Arc<Shares>, request: Request<Body>, next: &mut impl Inner) -> Reply {
    let principal = request.extensions().get::<Principal>().filter(|_| !is_unlimited(&request));
    let Some(principal) = principal else { return Box::pin(next.call(request)) };
    match shares.take(principal.name()) {
        Ok(share) => {
            let reply = next.call(request);
            Box::pin(async move {
                let reply = reply.await;
                drop(share);
                reply
            })
        }
        Err(wait) => refuse(refusal::more_than_a_share(wait)),
    }
}

/// What each principal has taken.
#[derive(Debug)]
pub(super) struct Shares {
    most_open: u32,
    /// Between two calls of one principal, on average.
    interval: Duration,
    /// How far ahead of that pace it may be: a second's calls at once.
    burst: Duration,
    taken: Mutex<HashMap<String, Taken>>,
}

#[derive(Debug)]
struct Taken {
    open: u32,
    /// When the calls made so far are paid for, at the pace.
    paid: Instant,
}

impl Shares {
    pub(super) fn new(limits: &Limits) -> Self {
        let burst = Duration::from_secs(1);
        let interval = burst.checked_div(limits.max_calls_per_second_per_principal.get()).unwrap_or(burst);
        let most_open = limits.max_concurrent_calls_per_principal.get();
        Shares { most_open, interval, burst, taken: Mutex::default() }
    }

    /// Takes one call of a principal.
    ///
    /// # Errors
    /// How long to wait before trying again.
    fn take(self: &Arc<Self>, principal: &str) -> Result<Share, Duration> {
        let now = Instant::now();
        let mut all = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = all.entry(principal.to_owned()).or_insert(Taken { open: 0, paid: now });
        if taken.open >= self.most_open {
            return Err(PAUSE);
        }
        let paid = taken.paid.max(now);
        let ahead = paid.saturating_duration_since(now).saturating_add(self.interval);
        if let Some(wait) = ahead.checked_sub(self.burst).filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        taken.paid = paid.checked_add(self.interval).unwrap_or(paid);
        taken.open = taken.open.saturating_add(1);
        Ok(Share { shares: self.clone(), principal: principal.to_owned() })
    }
}

/// One open call of a principal.
struct Share {
    shares: Arc<Shares>,
    principal: String,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut all = self.shares.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = all.get_mut(&self.principal) {
            taken.open = taken.open.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn shares(open: u32, a_second: u32) -> Arc<Shares> {
        let number = |number| NonZeroU32::new(number).unwrap();
        Arc::new(Shares::new(&Limits {
            max_concurrent_calls_per_principal: number(open),
            max_calls_per_second_per_principal: number(a_second),
            ..Limits::default()
        }))
    }

    #[tokio::test]
    async fn nobody_has_more_calls_open_than_his_share_and_others_have_theirs() {
        let shares = shares(2, 1000);
        let one = shares.take("a").unwrap_or_else(|_| panic!());
        let _two = shares.take("a").unwrap_or_else(|_| panic!());
        assert_eq!(shares.take("a").err(), Some(PAUSE));
        assert!(shares.take("b").is_ok());
        drop(one);
        assert!(shares.take("a").is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_calls_more_often_than_his_share_for_longer_than_a_second() {
        let shares = shares(1000, 10);
        let made = (0..50).filter(|_| shares.take("a").is_ok()).count();
        assert_eq!(made, 10, "a second's calls at once");
        let wait = shares.take("a").err().unwrap();
        assert_eq!(wait, Duration::from_millis(100));
        tokio::time::advance(wait).await;
        assert!(shares.take("a").is_ok(), "as long as he was told to wait");
        assert!(shares.take("a").is_err() && shares.take("b").is_ok());
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!((0..50).filter(|_| shares.take("a").is_ok()).count(), 10, "what was not used is not saved up");
    }
}
