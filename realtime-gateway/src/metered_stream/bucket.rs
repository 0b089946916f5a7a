use tokio::time::Instant;

use super::RateExceeded;

/// A token bucket: `per_second` units per second on average, at most `burst` at once.
pub(super) struct Bucket {
    per_second: f64,
    burst: f64,
    level: f64,
    filled_at: Instant,
}

impl Bucket {
    /// Creates a bucket that is full at `now`.
    pub(super) fn full(per_second: u32, burst: u32, now: Instant) -> Self {
        let burst = f64::from(burst);
        Self { per_second: f64::from(per_second), burst, level: burst, filled_at: now }
    }

    /// Takes `units`, or fails if fewer are left.
    pub(super) fn take(&mut self, units: u32, now: Instant) -> Result<(), RateExceeded> {
        let passed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.filled_at = now;
        self.level = passed.mul_add(self.per_second, self.level).min(self.burst);
        let left = self.level - f64::from(units);
        if left < 0.0 {
            return Err(RateExceeded);
        }
        self.level = left;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_is_allowed_at_once_and_the_rate_without_end() {
        let start = Instant::now();
        let mut bucket = Bucket::full(50, 100, start);
        assert_eq!(bucket.take(100, start), Ok(()));
        assert_eq!(bucket.take(1, start), Err(RateExceeded));
        for second in 1..=1_000 {
            assert_eq!(bucket.take(50, start + Duration::from_secs(second)), Ok(()), "second {second}");
        }
        let last = start + Duration::from_secs(1_000);
        assert_eq!(bucket.take(1, last), Err(RateExceeded));
        assert_eq!(bucket.take(1, last + Duration::from_millis(21)), Ok(()));
    }

    #[test]
    fn a_bucket_holds_no_more_than_its_burst() {
        let start = Instant::now();
        let mut bucket = Bucket::full(50, 100, start);
        let much_later = start + Duration::from_hours(1);
        assert_eq!(bucket.take(101, much_later), Err(RateExceeded));
        assert_eq!(bucket.take(100, much_later), Ok(()));
        assert_eq!(bucket.take(0, start), Ok(()), "an earlier instant changes nothing");
    }
}
