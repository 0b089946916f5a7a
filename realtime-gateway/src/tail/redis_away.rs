//! The tail while Redis fails: it reads the outbox, and tries Redis from time to time.

use stream::{EventSource, OutboxSource, RedisSource, SourceFault};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Tail;

/// A task tries Redis, so that waiting for Redis does not delay events.
pub(super) struct Away {
    try_at: Instant,
    trying: Option<JoinHandle<Tried>>,
    source: Option<Box<RedisSource>>,
}

struct Tried {
    source: Box<RedisSource>,
    /// Newest positions in Redis, if Redis answers.
    tops: Option<stream::Positions>,
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

    /// Reads from Redis again once it answers and the relay has copied every event that this gateway has. Earlier,
    /// Redis would return old events first and new ones late.
    pub(super) async fn return_to_redis(&mut self) {
        let Some(away) = &mut self.away else { return };
        if let Some(mut source) = away.source.take_if(|_| Instant::now() >= away.try_at) {
            away.trying = Some(tokio::spawn(async move {
                source.reset();
                let tops = source.tops().await.ok();
                Tried { source, tops }
            }));
        }
        let Some(trying) = away.trying.as_mut().filter(|trying| trying.is_finished()) else { return };
        let tried = trying.await;
        away.trying = None;
        match tried {
            Ok(Tried { source, tops: Some(tops) }) if tops.has_reached(&self.gateway.hub.positions()) => {
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
