use std::time::Duration;

/// A set of durations and its percentiles.
#[derive(Default)]
pub(crate) struct Percentiles(Vec<Duration>);

impl Percentiles {
    pub(crate) fn add(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the smallest duration that at least `percent` of all durations do not exceed (nearest rank).
    pub(crate) fn at(&mut self, percent: usize) -> Option<Duration> {
        self.0.sort_unstable();
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let mut percentiles = Percentiles::default();
        assert_eq!(percentiles.at(50), None);
        (1..=200).rev().for_each(|ms| percentiles.add(Duration::from_millis(ms)));
        for (percent, ms) in [(50, 100), (99, 198), (100, 200), (0, 1)] {
            assert_eq!(percentiles.at(percent), Some(Duration::from_millis(ms)), "{percent}");
        }
    }
}
