use std::time::Duration;

use tokio::time::Instant;

/// Shortest time between the beginnings of two rounds.
const INTERVAL: Duration = Duration::from_millis(4);
/// Pause after a round, as a multiple of the round's duration.
const REST: u32 = 3;
/// Longest pause after a round.
const LONGEST_REST: Duration = Duration::from_millis(15);

/// Limits a loop to 250 rounds a second, so that many commits in a short time cost one round. A round after a longer pause
/// begins at once.
///
/// A loop that calls [`end_round`](Self::end_round) pauses after a round for three times the round's duration, at most
/// 15 ms. Rounds that take long because the machine is busy become fewer and larger, and leave the processor to requests.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    begun: Option<Instant>,
    rest_until: Option<Instant>,
}

impl Pace {
    /// Waits until the next round may begin, and begins it.
    pub(crate) async fn next_round(&mut self) {
        if let Some(at) = self.earliest()
            && at > Instant::now()
        {
            tokio::time::sleep_until(at).await;
        }
        self.begun = Some(Instant::now());
    }

    /// Ends a round whose duration decides how long the loop rests.
    pub(crate) fn end_round(&mut self) {
        let now = Instant::now();
        let rest = self.begun.map(|begun| now.duration_since(begun).saturating_mul(REST).min(LONGEST_REST));
        self.rest_until = rest.map(|rest| now + rest);
    }

    fn earliest(&self) -> Option<Instant> {
        self.begun.map(|begun| begun + INTERVAL).max(self.rest_until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[tokio::test(start_paused = true)]
    async fn rounds_begin_at_least_four_milliseconds_apart() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        pace.next_round().await;
        assert_eq!(start.elapsed(), Duration::ZERO, "the first round begins at once");
        for round in 1..5 {
            pace.next_round().await;
            assert_eq!(start.elapsed(), milliseconds(4) * round);
        }
        tokio::time::advance(milliseconds(50)).await;
        let after_a_pause = start.elapsed();
        pace.next_round().await;
        assert_eq!(start.elapsed(), after_a_pause);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_round_is_followed_by_a_rest_in_proportion_and_bounded() {
        for (round, rest) in [(0, 4), (1, 3), (2, 6), (5, 15), (100, 15)] {
            let mut pace = Pace::default();
            pace.next_round().await;
            tokio::time::advance(milliseconds(round)).await;
            pace.end_round();
            let ended = Instant::now();
            pace.next_round().await;
            assert_eq!(ended.elapsed(), milliseconds(rest), "after a round of {round} ms");
        }
    }
}
