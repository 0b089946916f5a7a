use std::time::Duration;

use domain::events::LoggedEvent;
use store::{Store, outbox};
use tokio::sync::watch;

use super::SourceFault;
use crate::Positions;

/// How many events of one partition are read at once.
const LIMIT: u64 = 512;

/// Reads the log itself: woken by the commits of this process, and by looking from time to time for those of others.
pub struct OutboxSource {
    store: Store,
    appends: watch::Receiver<u64>,
    poll: Duration,
}

impl OutboxSource {
    /// Reads from a store, and looks at least every `poll`.
    pub fn new(store: Store, poll: Duration) -> Self {
        Self { appends: store.appends(), store, poll }
    }

    /// Returns events after the given positions; none where `poll` passed without any.
    pub async fn next(&mut self, after: &Positions) -> Result<Vec<LoggedEvent>, SourceFault> {
        // Before reading: a commit while we read wakes us again.
        self.appends.mark_unchanged();
        let events = self.read(after).await?;
        if !events.is_empty() {
            return Ok(events);
        }
        match tokio::time::timeout(self.poll, self.appends.changed()).await {
            Ok(Ok(())) => self.read(after).await,
            _ => Ok(events),
        }
    }

    async fn read(&self, after: &Positions) -> Result<Vec<LoggedEvent>, SourceFault> {
        let heads = Positions(outbox::heads(self.store.reader()).await?);
        let mut events = Vec::new();
        for (partition, known) in after.iter() {
            if heads.get(partition) > known {
                events.extend(outbox::read(self.store.reader(), partition, known, LIMIT).await?);
            }
        }
        Ok(events)
    }
}
