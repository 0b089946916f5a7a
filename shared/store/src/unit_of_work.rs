use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::Timestamp;
use domain::events::Event;

use crate::connect::Signals;
use crate::connection::Connection;
use crate::writes::{self, Write};
use crate::{StoreError, held_commit};

/// One transaction. Dropping it without [`commit`](Self::commit) rolls it back.
pub struct UnitOfWork {
    connection: Connection,
    /// Writes that were not sent yet.
    writes: Mutex<Vec<Write>>,
    events: Vec<Event>,
    enqueued: AtomicBool,
    signals: Signals,
    now: Timestamp,
}

impl UnitOfWork {
    pub(crate) fn new(connection: Connection, signals: Signals, now: Timestamp) -> Self {
        Self {
            connection,
            writes: Mutex::new(Vec::new()),
            events: Vec::new(),
            enqueued: AtomicBool::new(false),
            signals,
            now,
        }
    }

    /// Returns the instant of everything that the unit writes.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns the connection, for finders whose answers guard a write. Sends the writes that wait first.
    pub async fn connection(&self) -> Result<&Connection, StoreError> {
        let waiting = std::mem::take(&mut *self.writes.lock().unwrap_or_else(PoisonError::into_inner));
        writes::run(&self.connection, waiting, Vec::new(), self.now).await?;
        Ok(&self.connection)
    }

    /// Writes a row before the next statement of the unit, or with the commit. Writes that wait are sent together, so none
    /// may change or need a row that another one changes.
    pub(crate) fn write(&self, write: Write) {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner).push(write);
    }

    /// Records an event. The commit appends it to the outbox.
    pub fn record(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Records that a job was enqueued. The commit wakes the workers of this process.
    pub(crate) fn note_job(&self) {
        self.enqueued.store(true, Ordering::Relaxed);
    }

    /// Sends the writes that wait, appends the recorded events to the outbox, and commits, in a task of its own: dropping
    /// this future does not interrupt it. If no answer arrives within the deadline of a call, the outcome is unknown.
    ///
    /// Inside of [`hold_commit`](crate::hold_commit), only hands the unit over: its caller commits it.
    pub async fn commit(self) -> Result<(), StoreError> {
        let Some(unit) = held_commit::hand_over(self) else { return Ok(()) };
        let Self { connection, writes, events, enqueued, signals, now } = unit;
        let committed = tokio::spawn(async move {
            let has_events = !events.is_empty();
            let events = events.into_iter().map(|event| event.into_new(now));
            let events = events.collect::<Result<_, _>>().map_err(StoreError::Frame)?;
            let waiting = writes.into_inner().unwrap_or_else(PoisonError::into_inner);
            writes::run(&connection, waiting, events, now).await?;
            connection.commit().await?;
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
        Ok(self.connection.rollback().await?)
    }
}

fn one_more(count: &mut u64) {
    *count = count.wrapping_add(1);
}
