//! Calls of the database with a deadline, and the connections that they use.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr};
use tokio::time::Instant;

use crate::OnStatement;
use crate::pool::{Pool, PooledConnection};

/// Divisor of a call's deadline: returning a connection may take a third of the deadline. This is shorter than the wait
/// for a connection, so that a waiting caller can take the place of a connection that did not answer.
const RETURN_PART: u32 = 3;

/// Settings and state shared by all calls on the connections of one pool.
pub(crate) struct Calls {
    /// Longest time that a call may take, waiting for a connection included.
    pub(crate) deadline: Duration,
    /// Called with the text of every statement.
    pub(crate) on_statement: Option<OnStatement>,
    /// The last time at which the database exceeded a deadline.
    pub(crate) silence: Arc<Silence>,
}

/// The last times at which the database did not answer in time.
#[derive(Default)]
pub(crate) struct Silence {
    calls: LastTime,
    probes: LastTime,
}

/// The last time at which something happened.
#[derive(Default)]
struct LastTime(Mutex<Option<Instant>>);

impl LastTime {
    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn is_within(&self, idle: Duration) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| last.elapsed() <= idle)
    }
}

impl Silence {
    fn note_call(&self) {
        self.calls.note();
    }

    /// Records that the probe of an idle connection failed.
    pub(crate) fn note_probe(&self) {
        self.probes.note();
    }

    /// Returns whether a connection that has been idle for `idle` was idle when a call was not answered. It is probed
    /// before use.
    pub(crate) fn had_call_within(&self, idle: Duration) -> bool {
        self.calls.is_within(idle)
    }

    /// Returns whether a connection that has been idle for `idle` was idle when the probe of another one failed. It is
    /// closed without a probe of its own: many probes, one after another, would exceed the deadline of a call.
    pub(crate) fn had_probe_within(&self, idle: Duration) -> bool {
        self.probes.is_within(idle)
    }
}

impl Calls {
    /// Returns the instant by which a call that begins now must be answered.
    pub(crate) fn by(&self) -> Instant {
        Instant::now() + self.deadline
    }

    /// Tells the observer of statements about one.
    pub(crate) fn ran(&self, sql: &str) {
        if let Some(on_statement) = &self.on_statement {
            on_statement(sql);
        }
    }
}

/// A connection that is in use. Dropping it returns the connection to the pool. If a transaction is open, or an answer
/// is missing, it rolls back or waits for the answer first, in a task of its own, and closes the connection if the
/// database does not answer.
pub(crate) struct Lease {
    connection: Option<PooledConnection>,
    calls: Arc<Calls>,
    /// Whether dropping the lease has to roll a transaction back.
    pub(crate) in_transaction: bool,
    /// Permits that are dropped when the transaction is over.
    pub(crate) permits: Permits,
}

/// Permits that a unit of work holds besides its connection. They are dropped when the transaction is over.
pub(crate) type Permits = Vec<Box<dyn Send + Sync>>;

impl Lease {
    /// Takes a connection. Waits for it no longer than until `deadline`.
    pub(crate) async fn acquire(pool: &Pool, calls: &Arc<Calls>, deadline: Instant) -> Result<Self, DbErr> {
        let acquired = tokio::time::timeout_at(deadline, pool.acquire()).await;
        let connection = Some(acquired.map_err(|_passed| no_answer(calls.deadline))??);
        Ok(Self { connection, calls: Arc::clone(calls), in_transaction: false, permits: Vec::new() })
    }

    /// Runs a call that must be answered by `deadline`. When the deadline passes, the connection is closed, and every
    /// later call on it fails at once.
    pub(crate) async fn call<T>(
        &mut self,
        deadline: Instant,
        call: impl AsyncFnOnce(&mut PooledConnection) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        let Some(connection) = &mut self.connection else { return Err(no_answer(self.calls.deadline)) };
        connection.is_sound = false;
        let Ok(answer) = tokio::time::timeout_at(deadline, call(connection)).await else {
            self.calls.silence.note_call();
            self.in_transaction = false;
            self.connection = None;
            return Err(no_answer(self.calls.deadline));
        };
        connection.is_sound = answer.is_ok();
        answer
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if connection.is_sound && !self.in_transaction {
            return;
        }
        // If the task below is dropped, the connection is closed.
        connection.is_sound = false;
        let (calls, in_transaction) = (Arc::clone(&self.calls), self.in_transaction);
        let permits = std::mem::take(&mut self.permits);
        tokio::spawn(async move {
            let settling = async {
                if in_transaction {
                    calls.ran("ROLLBACK");
                    connection.execute_unprepared("ROLLBACK").await?;
                } else {
                    connection.settle().await?;
                }
                connection.is_sound = true;
                drop(permits);
                Ok::<_, DbErr>(())
            };
            if tokio::time::timeout(calls.deadline / RETURN_PART, settling).await.is_err() {
                calls.silence.note_call();
            }
        });
    }
}

fn no_answer(deadline: Duration) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(format!("no answer within {} ms", deadline.as_millis())))
}
