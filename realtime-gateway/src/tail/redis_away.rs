//! The tail while Redis fails: it reads the outbox, and tries Redis from time to time.

use std::time::Duration;

use stream::{EventSource, OutboxSource, Positions, RedisSource, SourceFault};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Tail;

/// Number of times that one attempt asks Redis for its newest positions, and the pause between two of them.
const QUESTIONS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(20);

/// A task tries Redis, so that waiting for Redis does not delay events.
pub(super) struct Away {
    try_at: Instant,
    trying: Option<JoinHandle<Tried>>,
    source: Option<Box<RedisSource>>,
}

struct Tried {
    source: Box<RedisSource>,
    /// Whether Redis has every event that this gateway had when the attempt began.
    has_caught_up: bool,
}

/// Waits until Redis has every event up to these positions. Returns false if it does not answer, or is too far behind.
///
/// Under load, Redis is always a few milliseconds behind the outbox. So it is compared with the positions of one instant.
async fn has_caught_up(source: &mut RedisSource, positions: &Positions) -> bool {
    for _ in 0..QUESTIONS {
        match source.tops().await {
            Ok(tops) if tops.has_reached(positions) => return true,
            Ok(_) => tokio::time::sleep(PAUSE).await,
            Err(_) => return false,
        }
    }
    false
}

impl Tail<'_> {
    /// Reads the outbox instead of Redis.
    pub(super) fn leave_redis(&mut self, fault: &SourceFault) {
        tracing::warn!(error = %fault, "redis fails; events are read from the outbox");
        let timing = self.gateway.settings.timing;
        let outbox = OutboxSource::new(self.gateway.tail_store.clone(), timing.poll);
        let outbox = outbox.starting_at(self.gateway.hub.cursor());
        if let EventSource::Redis(source) = std::mem::replace(&mut self.source, EventSource::Outbox(outbox)) {
            let try_at = Instant::now() + timing.retry;
            self.away = Some(Away { try_at, trying: None, source: Some(source) });
        }
        // The new source does not know the events before its start.
        self.compare_first = true;
    }

    /// Reads from Redis again once it answers and the relay has copied every event that this gateway had when it asked.
    /// Earlier, Redis would return old events first and new ones late.
    pub(super) async fn return_to_redis(&mut self) {
        let Some(away) = &mut self.away else { return };
        if let Some(mut source) = away.source.take_if(|_| Instant::now() >= away.try_at) {
            let positions = self.gateway.hub.positions();
            away.trying = Some(tokio::spawn(async move {
                source.reset();
                let has_caught_up = has_caught_up(&mut source, &positions).await;
                Tried { source, has_caught_up }
            }));
        }
        let Some(trying) = away.trying.as_mut().filter(|trying| trying.is_finished()) else { return };
        let tried = trying.await;
        away.trying = None;
        match tried {
            Ok(Tried { source, has_caught_up: true }) => {
                tracing::info!("redis answers and has caught up");
                self.source = EventSource::Redis(source);
                self.away = None;
            }
            Ok(Tried { source, .. }) => {
                away.try_at = Instant::now() + self.gateway.settings.timing.retry;
                away.source = Some(source);
            }
            Err(error) => {
                tracing::error!(%error, "trying Redis failed; events are read from the outbox from now on");
                self.away = None;
            }
        }
    }
}
