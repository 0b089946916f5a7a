//! Connections to the database, for statements with a deadline.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use tokio::sync::Mutex;

use crate::calls::{Calls, Lease, Permits};
use crate::pool::{Pool, PooledConnection};

/// Runs statements, each within the deadline of a call.
pub struct Connection {
    source: Source,
    pub(crate) pool: Pool,
    pub(crate) calls: Arc<Calls>,
}

/// Where a statement gets its connection.
enum Source {
    /// From the pool, for each statement anew: reads that guard no write.
    Pool,
    /// The connection of a unit of work, with an open transaction.
    Transaction(Mutex<Lease>),
}

impl Connection {
    /// Returns the connections of a pool.
    pub(crate) fn of_pool(pool: Pool, calls: Arc<Calls>) -> Self {
        Self { source: Source::Pool, pool, calls }
    }

    /// Begins a transaction on a connection of its own. `permits` are dropped when it is over.
    pub(crate) async fn begin(&self, permits: Permits) -> Result<Self, DbErr> {
        let mut lease = Lease::acquire(&self.pool, &self.calls, self.calls.by()).await?;
        lease.permits = permits;
        // Set before the answer arrives: a caller that is dropped during `BEGIN` must not leave the transaction open.
        lease.in_transaction = true;
        self.calls.ran("BEGIN");
        let begin = async |connection: &mut PooledConnection| {
            connection.execute_unprepared(connection.begin_statement()).await
        };
        if let Err(fault) = lease.call(self.calls.by(), begin).await {
            lease.in_transaction = false;
            return Err(fault);
        }
        let source = Source::Transaction(Mutex::new(lease));
        Ok(Self { source, pool: self.pool.clone(), calls: Arc::clone(&self.calls) })
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
        let Source::Transaction(lease) = self.source else { return Ok(()) };
        let mut lease = lease.into_inner();
        self.calls.ran(sql);
        lease.call(self.calls.by(), async |connection| connection.execute_unprepared(sql).await).await?;
        lease.in_transaction = false;
        lease.permits.clear();
        Ok(())
    }

    /// Runs one call. The wait for a connection is part of it.
    async fn call<T>(
        &self,
        call: impl AsyncFnOnce(&mut PooledConnection) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        let deadline = self.calls.by();
        match &self.source {
            Source::Pool => {
                let mut lease = Lease::acquire(&self.pool, &self.calls, deadline).await?;
                lease.call(deadline, call).await
            }
            Source::Transaction(lease) => lease.lock().await.call(deadline, call).await,
        }
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Connection {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.calls.ran(&statement.sql);
        self.call(async |connection| connection.execute(statement).await).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.calls.ran(sql);
        self.call(async |connection| connection.execute_unprepared(sql).await).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        // All rows, although the statement asks for one: a connection is returned with every answer read.
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.calls.ran(&statement.sql);
        self.call(async |connection| connection.query_all(statement).await).await
    }
}
