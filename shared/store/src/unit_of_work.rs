use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::Timestamp;
use domain::events::{Event, NewEvent, Partition};

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

    /// Returns the instant at which everything in the unit takes place.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns the connection, for finders whose answers guard a write.
    pub fn connection(&self) -> &Transaction {
        &self.transaction
    }

    /// Records an event. The commit writes it to the outbox.
    pub fn record(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Notes that a job was enqueued. The commit wakes the workers of this process.
    pub(crate) fn note_job(&self) {
        self.enqueued.store(true, Ordering::Relaxed);
    }

    /// Writes the recorded events to the outbox and commits. Both happen in a task of their own: dropping this future
    /// does not interrupt them. Without an answer within the deadline of a call, it is unknown whether the unit took
    /// place.
    pub async fn commit(self) -> Result<(), StoreError> {
        let Self { transaction, events, enqueued, signals, now } = self;
        let committed = tokio::spawn(async move {
            let mut by_partition: BTreeMap<Partition, Vec<NewEvent>> = BTreeMap::new();
            for event in events {
                let partition = event.audience().partition();
                let event = event.into_new(now).map_err(StoreError::Frame)?;
                by_partition.entry(partition).or_default().push(event);
            }
            let has_events = !by_partition.is_empty();
            // In ascending order, always: two commits that need the same heads cannot wait for each other.
            for (partition, events) in by_partition {
                outbox::append(&transaction, partition, events, now).await?;
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
