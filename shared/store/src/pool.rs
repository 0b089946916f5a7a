//! The drivers of the two databases behind one type of pool and one type of connection.

use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{
    self, Manager, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts, WeakPool,
};
use sea_orm::{ConnAcquireErr, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor as _};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::calls::Silence;

/// Idle time after which a connection is probed at its next use.
const IDLE_UNPROBED: Duration = Duration::from_secs(5);
/// Longest lifetime of a connection, and the longest time for which it is kept idle.
const LIFETIME: Duration = Duration::from_mins(30);
const IDLE_KEPT: Duration = Duration::from_mins(10);
/// Interval at which idle connections are closed.
const SWEEP: Duration = Duration::from_mins(1);
/// Shortest pause before another attempt to connect. It doubles each time, until the caller's wait is over.
const CONNECT_PAUSE: Duration = Duration::from_millis(10);

/// A pool of connections to PostgreSQL or SQLite.
///
/// Not sqlx's own pool, because that one asks the server of every connection that is returned whether it still answers:
/// one round trip more for every statement outside of a unit of work.
#[derive(Clone)]
pub(crate) struct Pool {
    idle: Idle,
    in_use: TaskTracker,
}

#[derive(Clone)]
enum Idle {
    Postgres(managed::Pool<Opener<PgConnectOptions>>),
    Sqlite(managed::Pool<Opener<SqliteConnectOptions>>),
}

/// Opens connections, and decides whether an idle one is used again.
pub(crate) struct Opener<O> {
    pub(crate) options: O,
    /// Longest time that a probe may take.
    pub(crate) probe: Duration,
    pub(crate) silence: Arc<Silence>,
}

impl<O> Manager for Opener<O>
where
    O: ConnectOptions,
    O::Connection: Send + Sized,
{
    type Type = O::Connection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<O::Connection, sqlx::Error> {
        let mut pause = CONNECT_PAUSE;
        loop {
            // Boxed: this happens rarely, and every wait for a connection would be as large.
            match Box::pin(self.options.connect()).await {
                Err(fault) if is_starting(&fault) => tokio::time::sleep(pause).await,
                connected => return connected,
            }
            pause = pause.saturating_mul(2);
        }
    }

    async fn recycle(&self, connection: &mut O::Connection, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if metrics.age() >= LIFETIME {
            return Err(RecycleError::message("too old"));
        }
        let idle = metrics.last_used();
        if self.silence.had_probe_within(idle) {
            return Err(RecycleError::message("idle while the database did not answer"));
        }
        if idle < IDLE_UNPROBED && !self.silence.had_call_within(idle) {
            return Ok(());
        }
        if let Ok(Ok(())) = tokio::time::timeout(self.probe, Box::pin(connection.ping())).await {
            return Ok(());
        }
        self.silence.note_probe();
        Err(RecycleError::message("no answer"))
    }
}

/// Returns whether the server is starting, or has no place at the moment. The caller waits for a connection a little
/// while anyway.
fn is_starting(fault: &sqlx::Error) -> bool {
    match fault {
        sqlx::Error::Io(fault) => fault.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(fault) => fault.is_transient_in_connect_phase(),
        _ => false,
    }
}

impl Pool {
    /// Makes a pool of at most `connections` connections. A caller waits for one no longer than `wait`.
    pub(crate) fn postgres(
        opener: Opener<PgConnectOptions>,
        connections: u32,
        wait: Duration,
    ) -> Result<Self, sqlx::Error> {
        Ok(Self { idle: Idle::Postgres(pool_of(opener, connections, wait)?), in_use: TaskTracker::new() })
    }

    /// Makes a pool of at most `connections` connections. A caller waits for one no longer than `wait`.
    pub(crate) fn sqlite(
        opener: Opener<SqliteConnectOptions>,
        connections: u32,
        wait: Duration,
    ) -> Result<Self, sqlx::Error> {
        Ok(Self { idle: Idle::Sqlite(pool_of(opener, connections, wait)?), in_use: TaskTracker::new() })
    }

    pub(crate) fn backend(&self) -> DbBackend {
        match self.idle {
            Idle::Postgres(_) => DbBackend::Postgres,
            Idle::Sqlite(_) => DbBackend::Sqlite,
        }
    }

    pub(crate) async fn acquire(&self) -> Result<PooledConnection, DbErr> {
        let in_use = self.in_use.token();
        let taken = match &self.idle {
            Idle::Postgres(pool) => Taken::Postgres(pool.get().await.map_err(acquire_fault)?),
            Idle::Sqlite(pool) => Taken::Sqlite(pool.get().await.map_err(acquire_fault)?),
        };
        Ok(PooledConnection { taken: Some(taken), is_sound: true, _in_use: in_use })
    }

    /// Lets nobody take a connection any more, closes the idle ones, and waits for the others, which are closed when
    /// they are returned.
    pub(crate) async fn close(&self) {
        match &self.idle {
            Idle::Postgres(pool) => close_idle(pool).await,
            Idle::Sqlite(pool) => close_idle(pool).await,
        }
        self.in_use.close();
        self.in_use.wait().await;
    }
}

fn pool_of<O>(
    opener: Opener<O>,
    connections: u32,
    wait: Duration,
) -> Result<managed::Pool<Opener<O>>, sqlx::Error>
where
    O: ConnectOptions,
    O::Connection: Send + Sized,
{
    let timeouts = Timeouts { wait: Some(wait), create: Some(wait), recycle: None };
    let pool = managed::Pool::builder(opener)
        .max_size(usize::try_from(connections).unwrap_or(usize::MAX))
        .timeouts(timeouts)
        .runtime(Runtime::Tokio1)
        // The connection that was used last is the likeliest to work, and its plans are in the processor's cache.
        .queue_mode(QueueMode::Lifo)
        .build()
        .map_err(|fault| sqlx::Error::Configuration(fault.into()))?;
    tokio::spawn(sweep(pool.weak()));
    Ok(pool)
}

/// Closes idle connections from time to time, until the pool is gone. The pool hands out the connection that was used
/// last, so it never comes across the others.
async fn sweep<O>(pool: WeakPool<Opener<O>>)
where
    O: ConnectOptions,
    O::Connection: Send + Sized,
{
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(pool) = pool.upgrade() else { return };
        let is_kept =
            |_: &O::Connection, metrics: Metrics| metrics.age() < LIFETIME && metrics.last_used() < IDLE_KEPT;
        for connection in pool.retain(is_kept).removed {
            close(connection).await;
        }
    }
}

async fn close(connection: impl Connection) {
    if let Err(error) = connection.close().await {
        tracing::debug!(%error, "a connection was not closed in order");
    }
}

async fn close_idle<O>(pool: &managed::Pool<Opener<O>>)
where
    O: ConnectOptions,
    O::Connection: Send + Sized,
{
    let idle = pool.retain(|_, _| false).removed;
    pool.close();
    for connection in idle {
        close(connection).await;
    }
}

fn acquire_fault(fault: PoolError<sqlx::Error>) -> DbErr {
    match fault {
        PoolError::Timeout(_) => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        PoolError::Closed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        PoolError::Backend(fault) => DbErr::Conn(RuntimeErr::SqlxError(fault.into())),
        fault => DbErr::Conn(RuntimeErr::Internal(fault.to_string())),
    }
}

/// One connection taken out of a [`Pool`]. Dropping it returns it if it [`is_sound`](Self::is_sound), and closes it
/// otherwise.
pub(crate) struct PooledConnection {
    taken: Option<Taken>,
    /// Whether the answers to all statements have arrived. A caller that is dropped may leave some unread.
    pub(crate) is_sound: bool,
    _in_use: TaskTrackerToken,
}

enum Taken {
    Postgres(Object<Opener<PgConnectOptions>>),
    Sqlite(Object<Opener<SqliteConnectOptions>>),
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        if self.is_sound {
            return;
        }
        match self.taken.take() {
            Some(Taken::Postgres(object)) => drop(Object::take(object)),
            Some(Taken::Sqlite(object)) => drop(Object::take(object)),
            None => {}
        }
    }
}

/// Runs the same code on whichever connection it is. It is `None` only while it is dropped.
macro_rules! on {
    ($connection:expr, $bound:ident => $body:expr) => {
        match &mut $connection.taken {
            Some(Taken::Postgres($bound)) => $body,
            Some(Taken::Sqlite($bound)) => $body,
            None => Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)),
        }
    };
}

impl PooledConnection {
    /// Returns the statement that begins a transaction. A deferred transaction of SQLite that reads and then writes
    /// fails when another connection wrote in between; an immediate one takes the write lock at once.
    pub(crate) fn begin_statement(&self) -> &'static str {
        match self.taken {
            Some(Taken::Sqlite(_)) => "BEGIN IMMEDIATE",
            _ => "BEGIN",
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

    pub(crate) async fn query_all(&mut self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let (sql, values) = parts(statement);
        on!(self, connection => {
            let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(&mut **connection).await;
            Ok(rows.map_err(query_fault)?.into_iter().map(QueryResult::from).collect())
        })
    }

    /// Waits for the answers to statements whose callers are gone.
    pub(crate) async fn settle(&mut self) -> Result<(), DbErr> {
        on!(self, connection => connection.ping().await.map_err(query_fault))
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
