//! Follows the log: takes events from the source, fills holes from the log, and hands them to the hub in order.

mod recovery;

use std::sync::atomic::{AtomicI64, Ordering};

use domain::Timestamp;
use domain::events::{LoggedEvent, Partition};
use store::{StoreError, outbox};
use stream::{EventSource, OutboxSource, Positions, RedisSource, SourceFault};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use uuid::Uuid;

use crate::hub::{Applied, Hub};
use crate::{Gateway, Source};

/// How many events are read from the log at once to fill a hole.
const LIMIT: u64 = 512;

/// Whether the tail keeps up, for whoever asks.
pub(crate) struct TailHealth {
    /// When everything the log had a moment before had been passed on; milliseconds.
    kept_up_at: AtomicI64,
}

impl TailHealth {
    pub(crate) fn new() -> Self {
        Self { kept_up_at: AtomicI64::new(i64::MIN) }
    }

    fn kept_up(&self, now: Timestamp) {
        self.kept_up_at.store(now.0, Ordering::Relaxed);
    }

    /// Returns the last instant at which the tail was seen to keep up.
    pub(crate) fn kept_up_at(&self) -> Timestamp {
        Timestamp(self.kept_up_at.load(Ordering::Relaxed))
    }
}

/// The one writer of the hub.
struct Tail<'a> {
    gateway: &'a Gateway,
    source: EventSource,
    /// Redis, while the log is read in its place.
    away: Option<Away>,
    audit_at: Instant,
    /// The heads at the last comparison with the log.
    heads: Positions,
}

/// Redis is tried again in a task of its own: what waits for it to answer does not hold up events.
struct Away {
    try_at: Instant,
    trying: Option<JoinHandle<(Box<RedisSource>, bool)>>,
    source: Option<Box<RedisSource>>,
}

/// Follows the log for ever.
pub(crate) async fn follow(gateway: &Gateway) {
    let epoch = begin(gateway).await;
    let mut tail = Tail::new(gateway, epoch);
    loop {
        tail.step().await;
    }
}

/// Finds out where the log stands; from there on the gateway passes everything on.
async fn begin(gateway: &Gateway) -> Uuid {
    loop {
        match find_start(gateway).await {
            Ok((epoch, heads)) => {
                gateway.hub.start(&heads);
                gateway.tail_health.kept_up(gateway.app.clock.now());
                gateway.open(epoch);
                return epoch;
            }
            Err(error) => {
                tracing::warn!(%error, "the log cannot be read yet");
                tokio::time::sleep(gateway.settings.timing.retry).await;
            }
        }
    }
}

async fn find_start(gateway: &Gateway) -> Result<(Uuid, Positions), StoreError> {
    let app = &gateway.app;
    let epoch = stream::open_log(&app.store, app.clock.now(), app.ids.next_id()).await?;
    Ok((epoch, outbox::heads(app.store.reader()).await?.into()))
}

impl<'a> Tail<'a> {
    fn new(gateway: &'a Gateway, epoch: Uuid) -> Self {
        let timing = gateway.settings.timing;
        let outbox = |poll| EventSource::Outbox(OutboxSource::new(gateway.app.store.clone(), poll));
        let source = match &gateway.settings.source {
            Source::Outbox { poll } => outbox(*poll),
            Source::Redis { url, prefix } => match RedisSource::new(url, prefix, epoch, timing.block) {
                Ok(source) => EventSource::Redis(Box::new(source)),
                Err(error) => {
                    tracing::error!(%error, "the URL of Redis is none; the log is read instead");
                    outbox(timing.poll)
                }
            },
        };
        Self {
            gateway,
            source,
            away: None,
            audit_at: Instant::now() + timing.audit,
            heads: gateway.hub.positions(),
        }
    }

    /// Waits for events once, and passes them on.
    async fn step(&mut self) {
        self.return_to_redis().await;
        let positions = self.gateway.hub.positions();
        match self.source.next(&positions).await {
            Ok(events) => {
                if let Err(error) = self.pass_on(&events).await {
                    self.wait_out(&error).await;
                }
            }
            Err(SourceFault::Store(error)) => self.wait_out(&error).await,
            Err(fault) => self.leave_redis(&fault),
        }
        if Instant::now() >= self.audit_at {
            self.audit_at = Instant::now() + self.gateway.settings.timing.audit;
            if let Err(error) = self.audit().await {
                self.wait_out(&error).await;
            }
        }
    }

    /// The log cannot be read: nothing is passed over, the next step asks again.
    async fn wait_out(&self, error: &StoreError) {
        tracing::warn!(%error, "the log cannot be read");
        tokio::time::sleep(self.gateway.settings.timing.retry).await;
    }

    async fn pass_on(&self, events: &[LoggedEvent]) -> Result<(), StoreError> {
        for event in events {
            if self.hub().apply(event) == Applied::Hole {
                self.fill(event.partition, event.position - 1).await?;
                self.hub().apply(event);
            }
        }
        Ok(())
    }

    /// Passes on what the log has up to a position. What it has no more, everybody is told of.
    async fn fill(&self, partition: Partition, up_to: i64) -> Result<(), StoreError> {
        loop {
            let last = self.hub().positions().get(partition);
            if last >= up_to {
                return Ok(());
            }
            let events = outbox::read(self.gateway.app.store.reader(), partition, last, LIMIT).await?;
            let next = events.first().map_or(up_to.saturating_add(1), |event| event.position);
            if next > last.saturating_add(1) {
                let to = up_to.min(next - 1);
                tracing::warn!(partition = partition.number(), after = last, to, "events are lost");
                self.hub().jump(partition, to);
            }
            for event in events {
                self.hub().apply(&event);
            }
        }
    }

    fn hub(&self) -> &Hub {
        &self.gateway.hub
    }
}
