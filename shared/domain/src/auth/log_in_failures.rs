use std::time::Duration;

use crate::clock::Timestamp;
use crate::problem::{Problem, ProblemCode};

/// Number of failed log-ins in a row from one source that are not delayed.
const FAILURES_WITHOUT_DELAY: u32 = 5;
/// Largest number of failed log-ins in a row to one account from one source.
const FAILURES_AT_MOST: u32 = 100;
/// Longest delay between two attempts.
const LONGEST_DELAY: Duration = Duration::from_mins(15);
/// Time without attempts after which the failures are forgotten.
pub const FAILURES_KEPT: Duration = Duration::from_hours(7 * 24);

/// The failed log-ins in a row to one account from one source (rule ID14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogInFailures {
    /// Their number.
    pub count: u32,
    /// When the last one was.
    pub last_at: Timestamp,
}

impl LogInFailures {
    /// Counts an attempt as failed; a success forgets it. Returns the problem, with the time to wait, if no attempt may be
    /// made now.
    pub fn with_attempt(self, now: Timestamp) -> Result<Self, Problem> {
        let passed = now.since(self.last_at);
        if passed >= FAILURES_KEPT {
            return Ok(Self { count: 1, last_at: now });
        }
        let left = self.delay().saturating_sub(passed);
        if left.is_zero() {
            Ok(Self { count: self.count.saturating_add(1), last_at: now })
        } else {
            Err(Problem::new(ProblemCode::RateLimited).retry_after(left))
        }
    }

    /// Returns the time between the last failure and the next attempt: it doubles from one second on.
    fn delay(self) -> Duration {
        if self.count >= FAILURES_AT_MOST {
            return FAILURES_KEPT;
        }
        match self.count.checked_sub(FAILURES_WITHOUT_DELAY) {
            None => Duration::ZERO,
            Some(doublings) => {
                let seconds = 1_u64.checked_shl(doublings).unwrap_or(u64::MAX);
                Duration::from_secs(seconds).min(LONGEST_DELAY)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_767_323_045_000);

    fn waits(count: u32, passed: Duration) -> Option<Duration> {
        let failures = LogInFailures { count, last_at: NOW.minus(passed) };
        failures.with_attempt(NOW).err().map(|problem| {
            assert_eq!(problem.code, ProblemCode::RateLimited);
            problem.retry_after.unwrap()
        })
    }

    /// Rule ID14.
    #[test]
    fn the_delay_doubles_after_five_failures_up_to_a_quarter_of_an_hour() {
        for count in 0..5 {
            assert_eq!(waits(count, Duration::ZERO), None);
        }
        for (count, seconds) in [(5, 1), (6, 2), (7, 4), (14, 512), (15, 900), (63, 900), (99, 900)] {
            let delay = Duration::from_secs(seconds);
            assert_eq!(waits(count, Duration::ZERO), Some(delay), "{count}");
            assert_eq!(
                waits(count, delay.saturating_sub(Duration::from_millis(1))),
                Some(Duration::from_millis(1))
            );
            assert_eq!(waits(count, delay), None, "{count}");
        }
    }

    /// Rule ID14.
    #[test]
    fn no_more_than_a_hundred_attempts_in_a_row_are_made() {
        let (mut failures, mut now) = (LogInFailures { count: 0, last_at: NOW }, NOW);
        for _ in 0..100 {
            failures = failures.with_attempt(now).unwrap();
            now = now.plus(LONGEST_DELAY);
        }
        let wait = failures.with_attempt(now).unwrap_err().retry_after.unwrap();
        assert_eq!(wait, FAILURES_KEPT.saturating_sub(LONGEST_DELAY));
        let again = failures.with_attempt(now.plus(wait)).unwrap();
        assert_eq!(again.count, 1);
    }
}
