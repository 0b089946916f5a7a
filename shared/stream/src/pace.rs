use std::time::Duration;

use tokio::time::Instant;

/// Shortest time between the beginnings of two rounds.
const INTERVAL: Duration = Duration::from_millis(4);

/// Limits a loop to 250 rounds a second, so that many commits in a short time cost one round. A round after a longer pause
/// begins at once; an event waits four milliseconds at most.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    last_round: Option<Instant>,
}

impl Pace {
    /// Waits until the next round may begin, and begins it.
    pub(crate) async fn next_round(&mut self) {
        if let Some(at) = self.earliest()
            && at > Instant::now()
        {
            tokio::time::sleep_until(at).await;
        }
        self.last_round = Some(Instant::now());
    }

    fn earliest(&self) -> Option<Instant> {
        self.last_round.map(|last| last + INTERVAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn rounds_begin_at_least_four_milliseconds_apart() {
        let mut pace = Pace::default();
        assert_eq!(pace.earliest(), None, "the first round begins at once");
        for _ in 0..5 {
            let earliest = pace.earliest();
            pace.next_round().await;
            assert!(pace.last_round >= earliest);
            assert_eq!(pace.earliest(), pace.last_round.map(|last| last + Duration::from_millis(4)));
        }
    }
}
