mod copier;
mod wake;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::{Clock, IdSource};
use store::{Store, StoreError, leases};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use self::copier::{Copier, Parts};
use crate::pace::Pace;
use crate::{SourceFault, redis_stream};

/// Name of the lease.
const LEASE: &str = "relay";
/// Period of the lease: longest time for which a relay that died keeps other processes waiting.
const LEASE_FOR: Duration = Duration::from_secs(4);
/// Interval between renewals of the lease, and between attempts to get it.
const RENEW: Duration = Duration::from_secs(1);
/// Interval between comparisons of Redis with the outbox.
const CHECK: Duration = Duration::from_secs(1);
/// Interval at which the outbox is read even if no message about a commit came.
const POLL: Duration = Duration::from_millis(50);
/// Shortest and longest pause after a fault. The upper bound of the random pause doubles with every fault.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Copies the outbox to Redis Streams. A lease chooses the process that does so; if two copy at once, Redis refuses the
/// entries that it already has.
pub struct Relay {
    parts: Parts,
    holder: String,
    /// Whether this process copies, so that nobody else is to be told of its commits.
    is_relaying: AtomicBool,
}

impl Relay {
    /// Creates a relay to the Redis at `redis_url`, under keys that begin with `prefix`. Reads through `store`, which
    /// should have connections of its own. `holder` identifies this process. Fails only if the URL is malformed.
    pub fn new(
        store: Store,
        redis_url: &str,
        prefix: &str,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        holder: impl Into<String>,
    ) -> Result<Self, SourceFault> {
        let client = redis_stream::client(redis_url)?;
        let parts = Parts { store, client, prefix: prefix.to_owned(), clock, ids };
        Ok(Self { parts, holder: holder.into(), is_relaying: AtomicBool::new(false) })
    }

    /// Copies until `shutdown` completes. After a fault it waits and starts again.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        let Parts { store, client, prefix, .. } = &self.parts;
        let channel = wake::channel(prefix);
        tokio::select! {
            () = shutdown => {}
            () = self.copy_forever() => {}
            () = wake::publish(store, client, &channel, &self.is_relaying) => {}
        }
        if let Err(error) = self.release().await {
            tracing::debug!(%error, "the relay's lease was not released; it expires");
        }
    }

    async fn copy_forever(&self) {
        let mut faults: u32 = 0;
        loop {
            let began = Instant::now();
            let copied = Box::pin(self.hold_and_copy()).await;
            self.is_relaying.store(false, Ordering::Relaxed);
            match copied {
                // Another process has the lease.
                Ok(()) => tokio::time::sleep(RENEW).await,
                Err(fault) => {
                    // A fault after a longer time without faults counts as the first.
                    faults = if began.elapsed() > BACKOFF.1 { 0 } else { faults.saturating_add(1) };
                    tracing::warn!(error = %fault, "the relay failed; it starts again");
                    tokio::time::sleep(backoff(faults)).await;
                }
            }
        }
    }

    /// Copies as long as this process has the lease.
    async fn hold_and_copy(&self) -> Result<(), SourceFault> {
        if !self.acquire().await? {
            return Ok(());
        }
        let Parts { store, client, prefix, .. } = &self.parts;
        let mut appends = store.appends();
        let others = wake::Listener::start(client.clone(), wake::channel(prefix));
        let mut copier = Copier::connect(&self.parts).await?;
        tracing::info!(holder = self.holder, "relaying");
        self.is_relaying.store(true, Ordering::Relaxed);
        let (mut renewal, mut check, mut pace) = (every(RENEW), every(CHECK), Pace::default());
        loop {
            pace.next_round().await;
            // Marked before the statement: a commit that the statement does not see starts another round.
            appends.mark_unchanged();
            let has_more = copier.copy().await?;
            if !has_more {
                pace.end_round();
            }
            tokio::select! {
                biased;
                _ = renewal.tick() => {
                    if !self.acquire().await? {
                        tracing::info!(holder = self.holder, "another process relays");
                        return Ok(());
                    }
                }
                _ = check.tick() => copier.check().await?,
                () = std::future::ready(()), if has_more => {}
                _ = appends.changed() => {}
                () = others.received() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    async fn acquire(&self) -> Result<bool, StoreError> {
        let unit = self.parts.store.begin(self.parts.clock.now()).await?;
        let is_ours = leases::acquire(&unit, LEASE, &self.holder, LEASE_FOR).await?;
        unit.commit().await?;
        Ok(is_ours)
    }

    async fn release(&self) -> Result<(), StoreError> {
        let unit = self.parts.store.begin(self.parts.clock.now()).await?;
        leases::release(&unit, LEASE, &self.holder).await?;
        unit.commit().await
    }
}

/// Returns a timer that ticks at an interval, first after one interval. Missed ticks are skipped.
fn every(interval: Duration) -> Interval {
    let mut ticks = tokio::time::interval_at(Instant::now() + interval, interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Returns a random pause, so that relays that failed at the same time do not return at the same time.
fn backoff(faults: u32) -> Duration {
    let (least, most) = BACKOFF;
    let ceiling = least.saturating_mul(1_u32.checked_shl(faults).unwrap_or(u32::MAX)).min(most);
    rand::random_range(least..=ceiling.max(least))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_after_a_fault_grows_and_ends_at_five_seconds() {
        for faults in [0, 1, 5, 6, 31, 32, u32::MAX] {
            assert!((BACKOFF.0..=BACKOFF.1).contains(&backoff(faults)), "{faults}");
        }
        assert_eq!(backoff(0), BACKOFF.0);
    }
}
