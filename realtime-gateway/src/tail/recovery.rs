//! The second half of the tail: what it does when a source fails, falls behind, or the log itself went back.

use store::{StoreError, outbox};
use stream::{EventSource, OutboxSource, Positions, SourceFault};
use tokio::time::Instant;

use super::{Away, Tail};

impl Tail<'_> {
    /// Compares with the log: Redis can lose its end without a word, and then has nothing new for ever.
    pub(super) async fn audit(&mut self) -> Result<(), StoreError> {
        let gateway = self.gateway;
        let now = gateway.app.clock.now();
        gateway.hub.forget(now.minus(gateway.settings.timing.ring), now);
        let known = gateway.hub.positions();
        let heads = Positions(outbox::heads(gateway.app.store.reader()).await?);
        for (partition, head) in heads.iter() {
            let position = known.get(partition);
            if position > head {
                tracing::error!(partition = partition.number(), position, head, "the log went back");
                gateway.hub.jump(partition, head);
            } else if position < self.heads.get(partition) {
                tracing::warn!(partition = partition.number(), position, head, "behind the log");
                self.fill(partition, head).await?;
                if let EventSource::Redis(source) = &mut self.source {
                    source.reset();
                }
            }
        }
        self.heads = heads;
        gateway.tail_health.kept_up(now);
        Ok(())
    }

    /// Reads the log in place of Redis.
    pub(super) fn leave_redis(&mut self, fault: &SourceFault) {
        tracing::warn!(error = %fault, "redis fails; events come from the log until it answers");
        let timing = self.gateway.settings.timing;
        let outbox = OutboxSource::new(self.gateway.app.store.clone(), timing.poll);
        if let EventSource::Redis(source) = std::mem::replace(&mut self.source, EventSource::Outbox(outbox)) {
            let try_at = Instant::now() + timing.retry;
            self.away = Some(Away { try_at, trying: None, source: Some(source) });
        }
    }

    /// Tries now and then whether Redis answers, and reads from it again when it does.
    pub(super) async fn return_to_redis(&mut self) {
        let Some(away) = &mut self.away else { return };
        if let Some(mut source) = away.source.take_if(|_| Instant::now() >= away.try_at) {
            away.trying = Some(tokio::spawn(async move {
                source.reset();
                let answer = source.probe().await;
                (source, answer.is_ok())
            }));
        }
        let Some(trying) = away.trying.take_if(|trying| trying.is_finished()) else { return };
        match trying.await {
            Ok((source, true)) => {
                tracing::info!("redis answers again");
                self.source = EventSource::Redis(source);
                self.away = None;
            }
            Ok((source, false)) => {
                away.try_at = Instant::now() + self.gateway.settings.timing.retry;
                away.source = Some(source);
            }
            Err(error) => {
                // Without a source to try, the log is read from now on.
                tracing::error!(%error, "trying to reach Redis failed");
                self.away = None;
            }
        }
    }
}
