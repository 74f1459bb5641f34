//! Log lines of what may come by the thousand: some a second, and how many there were besides.
//!
//! **Invariants.** A flood does not fill the disk that the log is on. What is not logged is counted, and the count is
//! told with the next line.

use std::time::{Duration, Instant};

/// How many lines a second: enough to see which callers come, and for what.
const LINES: u32 = 10;

/// Decides which of many like events are logged.
#[derive(Debug)]
pub(super) struct Sparing {
    since: Instant,
    logged: u32,
    /// How many were not logged since one was.
    unlogged: u64,
}

impl Default for Sparing {
    fn default() -> Self {
        Sparing { since: Instant::now(), logged: 0, unlogged: 0 }
    }
}

impl Sparing {
    /// Counts an event; if it is to be logged, gives how many before it were not.
    pub(super) fn count(&mut self, now: Instant) -> Option<u64> {
        if now.saturating_duration_since(self.since) >= Duration::from_secs(1) {
            (self.since, self.logged) = (now, 0);
        }
        if self.logged == LINES {
            self.unlogged = self.unlogged.saturating_add(1);
            return None;
        }
        self.logged = self.logged.saturating_add(1);
        Some(std::mem::take(&mut self.unlogged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_flood_some_are_logged_a_second_and_the_others_counted() {
        let mut sparing = Sparing::default();
        let start = sparing.since;
        let logged = (0..5000).filter_map(|_| sparing.count(start)).collect::<Vec<_>>();
        assert_eq!(logged, [0; 10]);
        let next = start.checked_add(Duration::from_secs(1)).unwrap();
        assert_eq!(sparing.count(next), Some(4990));
        assert_eq!(sparing.count(next), Some(0));
    }
}
