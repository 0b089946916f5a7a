use std::time::Duration;

use domain::events::LoggedEvent;
use store::{Store, outbox};
use tokio::sync::watch;

use super::SourceFault;
use crate::Positions;
use crate::pace::Pace;

/// Largest number of events of one partition that are read at once.
const LIMIT: u16 = 256;

/// Reads the outbox table. Commits of this process wake it; it polls for commits of other processes.
pub struct OutboxSource {
    store: Store,
    appends: watch::Receiver<u64>,
    poll: Duration,
    pace: Pace,
}

impl OutboxSource {
    /// Reads through a store, at least every `poll`.
    pub fn new(store: Store, poll: Duration) -> Self {
        Self { appends: store.appends(), store, poll, pace: Pace::default() }
    }

    /// Returns events after the given positions; an empty list if there were none for `poll`.
    pub async fn next(&mut self, after: &Positions) -> Result<Vec<LoggedEvent>, SourceFault> {
        let events = self.read(after).await?;
        if !events.is_empty() {
            return Ok(events);
        }
        match tokio::time::timeout(self.poll, self.appends.changed()).await {
            Ok(Ok(())) => self.read(after).await,
            _ => Ok(events),
        }
    }

    async fn read(&mut self, after: &Positions) -> Result<Vec<LoggedEvent>, SourceFault> {
        self.pace.next_round().await;
        // Before the statement: a commit that it does not see wakes the next call.
        self.appends.mark_unchanged();
        Ok(outbox::read_new(self.store.reader(), &after.0, LIMIT).await?)
    }
}
