//! The drivers of the two databases behind one type of pool and one type of connection.

use sea_orm::{DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Executor, PgPool, Postgres, Sqlite, SqlitePool};

/// A pool of connections to PostgreSQL or SQLite.
#[derive(Clone)]
pub(crate) enum Pool {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

/// One connection taken out of a [`Pool`].
pub(crate) enum PooledConnection {
    Postgres(PoolConnection<Postgres>),
    Sqlite(PoolConnection<Sqlite>),
}

/// Runs the same code on whichever connection it is.
macro_rules! on {
    ($connection:expr, $bound:ident => $body:expr) => {
        match $connection {
            PooledConnection::Postgres($bound) => $body,
            PooledConnection::Sqlite($bound) => $body,
        }
    };
}

impl Pool {
    pub(crate) fn backend(&self) -> DbBackend {
        match self {
            Self::Postgres(_) => DbBackend::Postgres,
            Self::Sqlite(_) => DbBackend::Sqlite,
        }
    }

    pub(crate) async fn acquire(&self) -> Result<PooledConnection, DbErr> {
        let acquired = match self {
            Self::Postgres(pool) => pool.acquire().await.map(PooledConnection::Postgres),
            Self::Sqlite(pool) => pool.acquire().await.map(PooledConnection::Sqlite),
        };
        acquired.map_err(|fault| DbErr::Conn(RuntimeErr::SqlxError(fault.into())))
    }

    /// Closes every connection once it is returned.
    pub(crate) async fn close(&self) {
        match self {
            Self::Postgres(pool) => pool.close().await,
            Self::Sqlite(pool) => pool.close().await,
        }
    }
}

impl PooledConnection {
    /// Returns the statement that begins a transaction. A deferred transaction of SQLite that reads and then writes
    /// fails when another connection wrote in between; an immediate one takes the write lock at once.
    pub(crate) fn begin_statement(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "BEGIN",
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
        }
    }

    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<ExecResult, DbErr> {
        let (sql, values) = parts(statement);
        on!(self, connection => {
            let result = sqlx::query_with(AssertSqlSafe(sql), values).execute(&mut **connection).await;
            result.map(ExecResult::from).map_err(exec_fault)
        })
    }

    pub(crate) async fn execute_unprepared(&mut self, sql: &str) -> Result<ExecResult, DbErr> {
        let sql = AssertSqlSafe(sql.to_owned());
        on!(self, connection => connection.execute(sql).await.map(ExecResult::from).map_err(exec_fault))
    }

    pub(crate) async fn query_one(&mut self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let (sql, values) = parts(statement);
        on!(self, connection => {
            let row = sqlx::query_with(AssertSqlSafe(sql), values).fetch_optional(&mut **connection).await;
            Ok(row.map_err(query_fault)?.map(QueryResult::from))
        })
    }

    pub(crate) async fn query_all(&mut self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let (sql, values) = parts(statement);
        on!(self, connection => {
            let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(&mut **connection).await;
            Ok(rows.map_err(query_fault)?.into_iter().map(QueryResult::from).collect())
        })
    }

    /// Makes dropping this close the connection instead of returning it to the pool.
    pub(crate) fn close_on_drop(&mut self) {
        on!(self, connection => connection.close_on_drop());
    }

    /// Waits for the answers to statements whose callers are gone, and returns the connection to the pool. Closes it if
    /// it is broken, or if this future is dropped.
    pub(crate) async fn return_to_pool(mut self) {
        on!(&mut self, connection => connection.return_to_pool().await);
    }
}

fn parts(statement: Statement) -> (String, SqlxValues) {
    let values = statement.values.unwrap_or_else(|| sea_orm::Values(Vec::new()));
    (statement.sql, SqlxValues(values))
}

fn exec_fault(fault: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(fault.into()))
}

fn query_fault(fault: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(fault.into()))
}
