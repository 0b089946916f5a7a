//! Follows the event log: takes events from the source, fills gaps from the outbox, and applies them to the hub in order.

mod redis_away;

use std::sync::atomic::{AtomicI64, Ordering};

use domain::Timestamp;
use domain::events::{LoggedEvent, Partition};
use store::{StoreError, outbox};
use stream::{Cursor, EventSource, LogState, OutboxSource, Positions, RedisSource, SourceFault};
use tokio::sync::mpsc;
use uuid::Uuid;

use self::redis_away::Away;
use crate::audit::Finding;
use crate::hub::Hub;
use crate::{Gateway, Source};

/// Number of events that are read from the outbox at once to fill a gap.
const LIMIT: u64 = 512;
/// Largest number of events that are applied together, before the tail lets sockets write. The partition is locked
/// meanwhile.
const TOGETHER: usize = 32;

/// Records whether the tail keeps up with the event log.
pub(crate) struct TailHealth {
    /// Milliseconds since 1970.
    kept_up_at: AtomicI64,
}

impl TailHealth {
    pub(crate) fn new() -> Self {
        Self { kept_up_at: AtomicI64::new(i64::MIN) }
    }

    pub(crate) fn kept_up(&self, now: Timestamp) {
        self.kept_up_at.store(now.0, Ordering::Relaxed);
    }

    /// Returns the last instant at which the tail kept up.
    pub(crate) fn kept_up_at(&self) -> Timestamp {
        Timestamp(self.kept_up_at.load(Ordering::Relaxed))
    }
}

/// Result of a comparison with the outbox.
enum Compared {
    /// The newest positions of the outbox.
    Continues(Box<Positions>),
    /// Everything continues at the positions of a new epoch.
    Restarted,
}

/// The one writer of the hub.
struct Tail<'a> {
    gateway: &'a Gateway,
    source: EventSource,
    /// Redis, while events are read from the outbox instead.
    away: Option<Away>,
    /// Whether the hub is to be compared with the outbox before the next events are read.
    compare_first: bool,
}

/// Follows the event log. Never returns.
pub(crate) async fn follow(gateway: &Gateway, mut findings: mpsc::Receiver<Finding>) {
    let epoch = begin(gateway).await;
    let mut tail = Tail::new(gateway, epoch);
    loop {
        tokio::select! {
            biased;
            Some(finding) = findings.recv() => tail.act_on(finding).await,
            () = tail.step() => {}
        }
    }
}

/// Reads the heads of the event log. Every later event is delivered.
async fn begin(gateway: &Gateway) -> Uuid {
    loop {
        let app = &gateway.app;
        match stream::open_log(&gateway.tail_store, app.clock.now(), app.ids.next_id()).await {
            Ok((epoch, cursor)) => {
                gateway.hub.restart(&cursor, || ());
                gateway.tail_health.kept_up(app.clock.now());
                gateway.set_epoch(epoch);
                return epoch;
            }
            Err(error) => {
                tracing::warn!(%error, "the event log cannot be read yet");
                tokio::time::sleep(gateway.settings.timing.retry).await;
            }
        }
    }
}

impl<'a> Tail<'a> {
    fn new(gateway: &'a Gateway, epoch: Uuid) -> Self {
        let timing = gateway.settings.timing;
        let outbox = |poll| {
            let source = OutboxSource::new(gateway.tail_store.clone(), poll);
            EventSource::Outbox(source.starting_at(gateway.hub.cursor()))
        };
        let source = match &gateway.settings.source {
            Source::Outbox { poll } => outbox(*poll),
            Source::Redis { url, prefix } => match RedisSource::new(url, prefix, epoch, timing.block) {
                Ok(source) => EventSource::Redis(Box::new(source)),
                Err(error) => {
                    tracing::error!(%error, "the URL of Redis is malformed; events are read from the outbox");
                    outbox(timing.poll)
                }
            },
        };
        Self { gateway, source, away: None, compare_first: false }
    }

    /// Waits for events once and applies them. May be dropped while it waits.
    async fn step(&mut self) {
        self.return_to_redis().await;
        if self.compare_first {
            match self.compare().await {
                Ok(_) => self.compare_first = false,
                Err(error) => return self.wait_after(&error).await,
            }
        }
        let positions = self.gateway.hub.positions();
        match self.source.next(&positions).await {
            Ok(events) => {
                if let Err(error) = self.apply_all(&events).await {
                    self.wait_after(&error).await;
                }
            }
            Err(SourceFault::Store(error)) => self.wait_after(&error).await,
            Err(SourceFault::Diverged(partition)) => {
                tracing::warn!(partition, "the outbox has another event at a known position");
                self.compare_first = true;
            }
            Err(fault) => self.leave_redis(&fault),
        }
    }

    /// Compares the hub with the outbox before events of the outbox follow events of another source: if the database
    /// was set back and gave positions again, the next positions would fit, and the loss would never be noticed.
    async fn compare(&mut self) -> Result<Compared, StoreError> {
        let app = &self.gateway.app;
        let Some(epoch) = self.gateway.known_epoch() else { return Ok(Compared::Continues(Box::default())) };
        let cursor = self.hub().cursor();
        let store = &self.gateway.tail_store;
        match stream::compare(store, app.clock.now(), app.ids.next_id(), epoch, &cursor).await? {
            LogState::Continues { heads } => Ok(Compared::Continues(Box::new(heads))),
            LogState::Restarted { epoch, heads } => {
                self.restart(epoch, &heads);
                Ok(Compared::Restarted)
            }
        }
    }

    /// The outbox cannot be read: no event is skipped, and the next step tries again.
    async fn wait_after(&self, error: &StoreError) {
        tracing::warn!(%error, "the outbox cannot be read");
        tokio::time::sleep(self.gateway.settings.timing.retry).await;
    }

    async fn apply_all(&mut self, events: &[LoggedEvent]) -> Result<(), StoreError> {
        let runs = events.chunk_by(|one, next| one.partition == next.partition);
        let mut since_yield = 0;
        for mut run in runs.flat_map(|run| run.chunks(TOGETHER)) {
            since_yield += run.len();
            loop {
                run = run.get(self.hub().apply(run)..).unwrap_or_default();
                let Some(ahead) = run.first() else { break };
                let Compared::Continues(_) = self.compare().await? else {
                    // The other events belong to the old epoch.
                    return Ok(());
                };
                self.fill(ahead.partition, ahead.position - 1).await?;
            }
            if since_yield >= TOGETHER {
                since_yield = 0;
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    /// Applies the outbox's events up to a position. If they are no longer kept, the sockets are owed a gap.
    async fn fill(&self, partition: Partition, up_to: i64) -> Result<(), StoreError> {
        loop {
            let last = self.hub().last(partition);
            if last >= up_to {
                return Ok(());
            }
            let events = outbox::read(self.gateway.tail_store.reader(), partition, last, LIMIT).await?;
            let next = events.first().map_or(up_to.saturating_add(1), |event| event.position);
            if next > last.saturating_add(1) {
                let to = up_to.min(next - 1);
                tracing::warn!(partition = partition.number(), after = last, to, "events are lost");
                self.hub().jump(partition, to);
            }
            for run in events.chunks(TOGETHER) {
                self.hub().apply(run);
            }
            tokio::task::yield_now().await;
        }
    }

    async fn act_on(&mut self, finding: Finding) {
        match finding {
            Finding::Behind => {
                if let Err(error) = self.catch_up().await {
                    self.wait_after(&error).await;
                }
            }
            // The tail may have noticed it before the audit.
            Finding::Restarted { epoch, .. } if self.gateway.known_epoch() == Some(epoch) => {}
            Finding::Restarted { epoch, cursor } => self.restart(epoch, &cursor),
        }
    }

    /// Redis can lose its newest entries without an error; it would then never return a new one.
    async fn catch_up(&mut self) -> Result<(), StoreError> {
        let Compared::Continues(heads) = self.compare().await? else { return Ok(()) };
        for (partition, head) in heads.iter() {
            let last = self.hub().last(partition);
            if last < head {
                tracing::warn!(partition = partition.number(), last, head, "behind the event log");
                self.fill(partition, head).await?;
            }
        }
        if let EventSource::Redis(source) = &mut self.source {
            source.reset();
        }
        Ok(())
    }

    /// The database lost its newest commits: positions of the old epoch are invalid.
    fn restart(&mut self, epoch: Uuid, cursor: &Cursor) {
        tracing::error!(%epoch, "the event log began a new epoch; every client is told to load its state again");
        self.gateway.hub.restart(cursor, || self.gateway.set_epoch(epoch));
        *self = Self::new(self.gateway, epoch);
    }

    fn hub(&self) -> &Hub {
        &self.gateway.hub
    }
}
