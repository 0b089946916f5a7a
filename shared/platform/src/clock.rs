//! The system clock.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::{Clock, Timestamp};

/// The clock of the operating system, with a resolution of milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the injected time comes from")]
    fn now(&self) -> Timestamp {
        // A clock that is set before 1970 returns 1970.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(0).plus(since_epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_time_is_in_milliseconds() {
        // 2026-01-01 in milliseconds. Seconds or nanoseconds would differ by a factor of a thousand or more.
        let written_in = 1_767_225_600_000;
        let thousand_years = 1000 * 365 * 24 * 60 * 60 * 1000;
        let year_ago = written_in - 365 * 24 * 60 * 60 * 1000;
        assert!((year_ago..written_in + thousand_years).contains(&SystemClock.now().0));
    }
}
