mod copier;
mod wake;

use std::sync::Arc;
use std::time::Duration;

use domain::Clock;
use store::{Store, StoreError, leases};
use tokio::time::Instant;

use self::copier::Copier;
use crate::{SourceFault, redis_stream};

/// The name of the lease.
const LEASE: &str = "relay";
/// How long a relay that died keeps the others waiting.
const LEASE_FOR: Duration = Duration::from_secs(4);
/// How often the lease is renewed, or asked for.
const RENEW: Duration = Duration::from_secs(1);
/// How often the log is looked at all the same: for commits whose word was lost.
const POLL: Duration = Duration::from_millis(50);
/// How long to wait after a fault: doubled each time, with jitter.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Copies the log to Redis Streams. One process does, by a lease; if two do, Redis refuses what is there already.
pub struct Relay {
    store: Store,
    client: redis::Client,
    prefix: String,
    clock: Arc<dyn Clock>,
    holder: String,
}

impl Relay {
    /// Prepares a relay to the Redis at `redis_url`, under keys that begin with `prefix`. `holder` names this process.
    /// Fails only where the URL is none.
    pub fn new(
        store: Store,
        redis_url: &str,
        prefix: &str,
        clock: Arc<dyn Clock>,
        holder: impl Into<String>,
    ) -> Result<Self, SourceFault> {
        let client = redis_stream::client(redis_url)?;
        Ok(Self { store, client, prefix: prefix.to_owned(), clock, holder: holder.into() })
    }

    /// Copies until `shutdown` completes; every fault is waited out.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        let channel = wake::channel(&self.prefix);
        tokio::select! {
            () = shutdown => {}
            () = self.copy_for_ever() => {}
            () = wake::tell(&self.store, &self.client, &channel) => {}
        }
        if let Err(error) = self.release().await {
            tracing::debug!(%error, "the relay's lease was not given back; it runs out");
        }
    }

    async fn copy_for_ever(&self) {
        let mut faults: u32 = 0;
        loop {
            let began = Instant::now();
            match self.hold_and_copy().await {
                // Another process has the lease.
                Ok(()) => tokio::time::sleep(RENEW).await,
                Err(fault) => {
                    // What worked for long enough was not the same trouble.
                    faults = if began.elapsed() > BACKOFF.1 { 0 } else { faults.saturating_add(1) };
                    tracing::warn!(error = %fault, "the relay lost its way; it starts anew");
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
        let mut appends = self.store.appends();
        let others = wake::Listener::start(self.client.clone(), wake::channel(&self.prefix));
        let mut copier = Copier::connect(&self.store, &self.client, &self.prefix).await?;
        tracing::info!(holder = self.holder, "relaying");
        let mut renew_at = Instant::now() + RENEW;
        loop {
            // Before reading: a commit while we read wakes us again.
            appends.mark_unchanged();
            let count = copier.copy().await?;
            if Instant::now() >= renew_at {
                if !self.acquire().await? {
                    tracing::info!(holder = self.holder, "another process relays");
                    return Ok(());
                }
                copier.check().await?;
                renew_at = Instant::now() + RENEW;
            }
            if count == 0 {
                tokio::select! {
                    _ = appends.changed() => {}
                    () = others.heard() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
        }
    }

    async fn acquire(&self) -> Result<bool, StoreError> {
        let unit = self.store.begin(self.clock.now()).await?;
        let ours = leases::acquire(&unit, LEASE, &self.holder, LEASE_FOR).await?;
        unit.commit().await?;
        Ok(ours)
    }

    async fn release(&self) -> Result<(), StoreError> {
        let unit = self.store.begin(self.clock.now()).await?;
        leases::release(&unit, LEASE, &self.holder).await?;
        unit.commit().await
    }
}

/// Full jitter, so that relays that failed together do not come back together.
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
