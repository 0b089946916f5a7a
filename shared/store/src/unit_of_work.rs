use std::sync::atomic::{AtomicBool, Ordering};

use domain::Timestamp;
use domain::events::Event;

use crate::connect::Signals;
use crate::connection::Transaction;
use crate::{StoreError, outbox};

/// One transaction. Dropping it without [`commit`](Self::commit) rolls it back.
pub struct UnitOfWork {
    transaction: Transaction,
    events: Vec<Event>,
    enqueued: AtomicBool,
    signals: Signals,
    now: Timestamp,
}

impl UnitOfWork {
    pub(crate) fn new(transaction: Transaction, signals: Signals, now: Timestamp) -> Self {
        Self { transaction, events: Vec::new(), enqueued: AtomicBool::new(false), signals, now }
    }

    /// Returns the instant of everything that the unit writes.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns the connection, for finders whose answers guard a write.
    pub fn connection(&self) -> &Transaction {
        &self.transaction
    }

    /// Records an event. The commit appends it to the outbox.
    pub fn record(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Records that a job was enqueued. The commit wakes the workers of this process.
    pub(crate) fn note_job(&self) {
        self.enqueued.store(true, Ordering::Relaxed);
    }

    /// Appends the recorded events to the outbox and commits, in a task of its own: dropping this future does not
    /// interrupt it. If no answer arrives within the deadline of a call, the outcome is unknown.
    pub async fn commit(self) -> Result<(), StoreError> {
        let Self { transaction, events, enqueued, signals, now } = self;
        let committed = tokio::spawn(async move {
            let has_events = !events.is_empty();
            if has_events {
                let events = events.into_iter().map(|event| event.into_new(now));
                let events = events.collect::<Result<_, _>>().map_err(StoreError::Frame)?;
                outbox::append(&transaction, events, now).await?;
            }
            transaction.commit().await?;
            signals.commits.send_modify(one_more);
            if has_events {
                signals.appends.send_modify(one_more);
            }
            if enqueued.into_inner() {
                signals.jobs.send_modify(one_more);
            }
            Ok(())
        });
        committed.await.map_err(StoreError::Died)?
    }

    /// Rolls everything back.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.transaction.rollback().await?)
    }
}

fn one_more(count: &mut u64) {
    *count = count.wrapping_add(1);
}
