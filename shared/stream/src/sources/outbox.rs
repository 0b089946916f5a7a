use std::time::Duration;

use domain::events::LoggedEvent;
use store::Store;
use store::outbox::{self, NewEvents};
use tokio::sync::watch;

use super::SourceFault;
use crate::pace::Pace;
use crate::{Cursor, Positions};

/// Largest number of events of one partition that are read at once.
const LIMIT: u16 = 256;

/// Reads the outbox table. Commits of this process wake it; it polls for commits of other processes.
pub struct OutboxSource {
    store: Store,
    appends: watch::Receiver<u64>,
    poll: Duration,
    pace: Pace,
    /// The last event that was returned, for every partition.
    returned: Box<Cursor>,
}

impl OutboxSource {
    /// Reads through a store, at least every `poll`.
    pub fn new(store: Store, poll: Duration) -> Self {
        let (pace, returned) = (Pace::default(), Box::default());
        Self { appends: store.appends(), store, poll, pace, returned }
    }

    /// Sets the events that the reader has processed elsewhere, with their marks, so that a replaced one is noticed.
    #[must_use]
    pub fn starting_at(mut self, cursor: Cursor) -> Self {
        *self.returned = cursor;
        self
    }

    /// Returns events after the given positions. If there are none, waits up to `poll` for a commit of this process,
    /// reads again, and may return an empty list. Fails with [`SourceFault::Diverged`] if the outbox ends before the last event
    /// that was returned, or has a different event at its position. A pruned event counts as the same.
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
        // Marked before the statement: a commit that the statement does not see wakes the next call.
        self.appends.mark_unchanged();
        let mut reader = Cursor { positions: *after, ..Cursor::default() };
        for (partition, position) in self.returned.positions.iter() {
            if after.get(partition) == position {
                reader.set(partition, position, self.returned.mark(partition));
            }
        }
        match outbox::read_new(self.store.reader(), &reader.marked(), LIMIT).await? {
            NewEvents::Following(events) => {
                for event in &events {
                    reader.advance(event);
                }
                *self.returned = reader;
                Ok(events)
            }
            NewEvents::Diverged(partition) => Err(SourceFault::Diverged(partition.number())),
        }
    }
}
