//! Rate limits: the generic cell rate algorithm (ITU-T I.371), which stores one instant per key.
//!
//! The instant is when all uses of a key will be paid for. Each use moves it by one interval. A use that would move it
//! further than the whole quota from now is refused.

use std::time::Duration;

/// A rate limit: `quota` uses at once, then one use per `per / quota`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Name of the limit. Limits of different names are counted separately.
    pub name: &'static str,
    /// Number of uses; 0 counts as 1.
    pub quota: u32,
    /// Time after which the whole quota is available again; counted in microseconds.
    pub per: Duration,
}

/// Decision on a use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    /// The use is allowed.
    Granted {
        /// Number of further uses allowed at once.
        remaining: u32,
        /// Time until the whole quota is available again.
        reset_after: Duration,
    },
    /// The use is refused.
    Refused {
        /// Time until a use will be allowed, if no other use comes first.
        retry_after: Duration,
    },
}

impl RateLimit {
    /// Returns the time that one use takes to be paid for, in microseconds.
    pub(crate) fn interval(&self) -> i64 {
        let interval = self.per.as_micros() / u128::from(self.quota.max(1));
        i64::try_from(interval).unwrap_or(i64::MAX).max(1)
    }

    /// Returns the time that the whole quota takes to be paid for, in microseconds.
    pub(crate) fn window(&self) -> i64 {
        self.interval().saturating_mul(i64::from(self.quota.max(1)))
    }

    /// Returns the decision on a granted use, after which `debt` microseconds remain to be paid for.
    pub(crate) fn granted(&self, debt: i64) -> Allowance {
        let left = self.window().saturating_sub(debt).max(0) / self.interval();
        Allowance::Granted { remaining: u32::try_from(left).unwrap_or(u32::MAX), reset_after: duration(debt) }
    }

    /// Returns the decision on a refused use, which would be granted in `wait` microseconds.
    pub(crate) fn refused(wait: i64) -> Allowance {
        Allowance::Refused { retry_after: duration(wait) }
    }

    /// Decides on a use at `now` by a key whose uses are paid for at `paid_at`, both in microseconds.
    ///
    /// Returns the new instant of the key if the use is granted.
    pub(crate) fn decide(&self, paid_at: Option<i64>, now: i64) -> (Allowance, Option<i64>) {
        let paid_at = paid_at.unwrap_or(now).max(now).saturating_add(self.interval());
        let debt = paid_at.saturating_sub(now);
        match debt.saturating_sub(self.window()) {
            wait @ 1.. => (Self::refused(wait), None),
            _ => (self.granted(debt), Some(paid_at)),
        }
    }
}

fn duration(microseconds: i64) -> Duration {
    Duration::from_micros(u64::try_from(microseconds).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RateLimit = RateLimit { name: "write", quota: 4, per: Duration::from_secs(8) };
    const SECOND: i64 = 1_000_000;

    fn granted(remaining: u32, seconds: u64) -> Allowance {
        Allowance::Granted { remaining, reset_after: Duration::from_secs(seconds) }
    }

    fn refused(seconds: u64) -> Allowance {
        Allowance::Refused { retry_after: Duration::from_secs(seconds) }
    }

    #[test]
    fn the_quota_is_available_at_once_and_returns_one_by_one() {
        let mut paid_at = None;
        for (now, expected) in [
            (0, granted(3, 2)),
            (0, granted(2, 4)),
            (0, granted(1, 6)),
            (0, granted(0, 8)),
            (0, refused(2)),
            (1, refused(1)),
            (2, granted(0, 8)),
            (2, refused(2)),
            (6, granted(1, 6)),
            // After a long time the quota is whole, but not larger.
            (1000, granted(3, 2)),
            // A clock that goes backwards takes no unused quota away.
            (999, granted(1, 5)),
        ] {
            let (allowance, next) = LIMIT.decide(paid_at, now * SECOND);
            assert_eq!(allowance, expected, "at {now} s");
            paid_at = next.or(paid_at);
        }
    }

    #[test]
    fn no_window_of_time_holds_more_than_twice_the_quota_and_the_long_run_no_more_than_the_rate() {
        let mut paid_at = None;
        // A client tries every tenth of a second, for 800 seconds.
        let mut grants = Vec::new();
        for now in (0..800 * SECOND).step_by(100_000) {
            if let (Allowance::Granted { .. }, next) = LIMIT.decide(paid_at, now) {
                grants.push(now);
                paid_at = next;
            }
        }
        assert_eq!(grants.len(), 3 + 400);
        for start in &grants {
            let within = grants.iter().filter(|at| (*start..start + 8 * SECOND).contains(at)).count();
            assert!(within < 8, "{within} from {start}");
        }
    }

    #[test]
    fn extreme_limits_cause_no_overflow() {
        for limit in [
            RateLimit { name: "none", quota: 0, per: Duration::ZERO },
            RateLimit { name: "all", quota: u32::MAX, per: Duration::MAX },
            RateLimit { name: "once", quota: 1, per: Duration::MAX },
        ] {
            for now in [i64::MIN, 0, i64::MAX] {
                let (allowance, _) = limit.decide(None, now);
                assert!(matches!(allowance, Allowance::Granted { .. }), "{limit:?} at {now}");
            }
        }
    }
}
