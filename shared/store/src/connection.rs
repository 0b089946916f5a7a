//! Connections on which every call has a deadline.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
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

/// The last time at which the database did not answer in time. Connections that were idle at that instant are probed
/// before use.
#[derive(Default)]
pub(crate) struct Silence(Mutex<Option<Instant>>);

impl Silence {
    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Returns whether a connection that has been idle for `idle` was idle when the database last did not answer.
    pub(crate) fn is_within(&self, idle: Duration) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| last.elapsed() <= idle)
    }
}

impl Calls {
    fn ran(&self, sql: &str) {
        if let Some(on_statement) = &self.on_statement {
            on_statement(sql);
        }
    }
}

/// A connection that is in use. Dropping it rolls an open transaction back and returns the connection to the pool, both
/// in a task of their own. It closes the connection if the database does not answer.
struct Lease {
    connection: Option<PooledConnection>,
    calls: Arc<Calls>,
    in_transaction: bool,
    /// Permits that are dropped when the transaction is over.
    permits: Permits,
}

/// Permits that a unit of work holds besides its connection. They are dropped when the transaction is over.
pub(crate) type Permits = Vec<Box<dyn Send + Sync>>;

impl Lease {
    async fn acquire(pool: &Pool, calls: &Arc<Calls>) -> Result<Self, DbErr> {
        let connection = Some(pool.acquire().await?);
        Ok(Self { connection, calls: Arc::clone(calls), in_transaction: false, permits: Vec::new() })
    }

    /// Runs a call within the deadline. When the deadline passes, the connection is closed, and every later call on it
    /// fails at once.
    async fn call<T>(
        &mut self,
        call: impl AsyncFnOnce(&mut PooledConnection) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        let Some(connection) = &mut self.connection else { return Err(no_answer(self.calls.deadline)) };
        match tokio::time::timeout(self.calls.deadline, call(connection)).await {
            Ok(answer) => answer,
            Err(_passed) => {
                self.close();
                Err(no_answer(self.calls.deadline))
            }
        }
    }

    fn close(&mut self) {
        self.calls.silence.note();
        self.in_transaction = false;
        if let Some(mut connection) = self.connection.take() {
            connection.close_on_drop();
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        // If the task below is dropped, the connection is closed. Only `return_to_pool` keeps it.
        connection.close_on_drop();
        let (calls, in_transaction) = (Arc::clone(&self.calls), self.in_transaction);
        let permits = std::mem::take(&mut self.permits);
        tokio::spawn(async move {
            let returning = async {
                if in_transaction {
                    calls.ran("ROLLBACK");
                    if connection.execute_unprepared("ROLLBACK").await.is_err() {
                        return;
                    }
                }
                drop(permits);
                connection.return_to_pool().await;
            };
            if tokio::time::timeout(calls.deadline / RETURN_PART, returning).await.is_err() {
                calls.silence.note();
            }
        });
    }
}

fn no_answer(deadline: Duration) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(format!("no answer within {} ms", deadline.as_millis())))
}

/// The connections of a store, for reads that guard no write. Every statement takes a connection of its own.
#[derive(Clone)]
pub struct Reader {
    pub(crate) pool: Pool,
    pub(crate) calls: Arc<Calls>,
}

impl Reader {
    async fn call<T>(
        &self,
        sql: &str,
        call: impl AsyncFnOnce(&mut PooledConnection) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        let deadline = Instant::now() + self.calls.deadline;
        let acquired = tokio::time::timeout_at(deadline, Lease::acquire(&self.pool, &self.calls)).await;
        let mut lease = acquired.map_err(|_passed| no_answer(self.calls.deadline))??;
        self.calls.ran(sql);
        match tokio::time::timeout_at(deadline, lease.call(call)).await {
            Ok(answer) => answer,
            Err(_passed) => {
                lease.close();
                Err(no_answer(self.calls.deadline))
            }
        }
    }

    /// Begins a transaction on a connection of its own. `permits` are dropped when it is over.
    pub(crate) async fn begin(&self, permits: Permits) -> Result<Transaction, DbErr> {
        let acquired =
            tokio::time::timeout(self.calls.deadline, Lease::acquire(&self.pool, &self.calls)).await;
        let mut lease = acquired.map_err(|_passed| no_answer(self.calls.deadline))??;
        lease.permits = permits;
        // Set before the answer arrives: a caller that is dropped during `BEGIN` must not leave the transaction open.
        lease.in_transaction = true;
        let begun = lease
            .call(async |connection| {
                self.calls.ran("BEGIN");
                connection.execute_unprepared(connection.begin_statement()).await
            })
            .await;
        if let Err(fault) = begun {
            lease.in_transaction = false;
            return Err(fault);
        }
        let lease = tokio::sync::Mutex::new(lease);
        Ok(Transaction { lease, backend: self.pool.backend(), calls: Arc::clone(&self.calls) })
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let sql = statement.sql.clone();
        self.call(&sql, async |connection| connection.execute(statement).await).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.call(sql, async |connection| connection.execute_unprepared(sql).await).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let sql = statement.sql.clone();
        self.call(&sql, async |connection| connection.query_one(statement).await).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let sql = statement.sql.clone();
        self.call(&sql, async |connection| connection.query_all(statement).await).await
    }
}

/// The connection of a unit of work.
pub struct Transaction {
    lease: tokio::sync::Mutex<Lease>,
    backend: DbBackend,
    calls: Arc<Calls>,
}

impl Transaction {
    async fn call<T>(
        &self,
        sql: &str,
        call: impl AsyncFnOnce(&mut PooledConnection) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        self.calls.ran(sql);
        self.lease.lock().await.call(call).await
    }

    /// Commits. Without an answer within the deadline it is unknown whether the transaction took place.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        self.end("COMMIT").await
    }

    /// Rolls back.
    pub(crate) async fn rollback(self) -> Result<(), DbErr> {
        self.end("ROLLBACK").await
    }

    async fn end(self, sql: &'static str) -> Result<(), DbErr> {
        self.calls.ran(sql);
        let mut lease = self.lease.into_inner();
        lease.call(async |connection| connection.execute_unprepared(sql).await).await?;
        lease.in_transaction = false;
        lease.permits.clear();
        Ok(())
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let sql = statement.sql.clone();
        self.call(&sql, async |connection| connection.execute(statement).await).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.call(sql, async |connection| connection.execute_unprepared(sql).await).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let sql = statement.sql.clone();
        self.call(&sql, async |connection| connection.query_one(statement).await).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let sql = statement.sql.clone();
        self.call(&sql, async |connection| connection.query_all(statement).await).await
    }
}
