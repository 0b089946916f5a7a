use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use sea_orm::{ConnAcquireErr, ConnectionTrait as _, DbBackend, DbErr, RuntimeErr};
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use uuid::Uuid;

use crate::calls::{Calls, Permits, Silence};
use crate::connection::Connection;
use crate::keyed_queue::KeyedQueue;
use crate::pool::{Opener, Pool};
use crate::{StoreError, UnitOfWork};

/// Longest wait of a call for a free connection.
const ACQUIRE: Duration = Duration::from_secs(2);
/// Settings of every PostgreSQL session. A statement is cancelled by the server before the client's deadline passes, so
/// that a slow statement costs an error and not a connection. The others let the server notice that a client is gone.
const POSTGRES_SETTINGS: [(&str, &str); 9] = [
    ("statement_timeout", "2500ms"),
    ("lock_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("tcp_keepalives_idle", "10s"),
    ("tcp_keepalives_interval", "5s"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "10s"),
    ("enable_seqscan", "off"),
    ("jit", "off"),
];
/// Longest wait of a writer for a writer of another process, on SQLite.
const SQLITE_BUSY: Duration = Duration::from_secs(2);
/// Part of the deadline of a call that a probe may take, so that the call has time left to open another connection.
const PROBE_PART: u32 = 6;

/// Called with the text of a statement.
pub type OnStatement = Arc<dyn Fn(&str) + Send + Sync>;

/// Options of [`Store::connect`].
#[derive(Clone)]
pub struct StoreOptions {
    /// Maximum number of connections.
    pub connections: u32,
    /// Longest time that one call may take: a statement, the beginning or the end of a transaction.
    pub deadline: Duration,
    /// Called with every statement, `BEGIN`, `COMMIT` and `ROLLBACK` included. Tests count with it.
    pub on_statement: Option<OnStatement>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { connections: 16, deadline: Duration::from_secs(3), on_statement: None }
    }
}

/// Error: the URL is not supported, or the database cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectFault {
    /// The scheme is neither `postgres` nor `sqlite`.
    #[error("the database URL must begin with postgres:// or sqlite://")]
    UnknownScheme,
    /// The database did not answer.
    #[error("the database cannot be reached: {0}")]
    Unreachable(#[source] DbErr),
}

impl From<sqlx::Error> for ConnectFault {
    fn from(fault: sqlx::Error) -> Self {
        Self::Unreachable(DbErr::Conn(RuntimeErr::SqlxError(fault.into())))
    }
}

/// A pool of connections to PostgreSQL or SQLite. Clones share the pool.
#[derive(Clone)]
pub struct Store {
    reader: Arc<Connection>,
    shared: Arc<Shared>,
}

/// State shared by a store and those made by [`Store::with_own_connections`].
struct Shared {
    url: String,
    options: StoreOptions,
    /// On SQLite, the permit of the only writer. SQLite's own busy handler retries with growing delays, is unfair, and
    /// holds a connection that readers could use.
    writer: Option<Arc<Semaphore>>,
    hot_rows: KeyedQueue,
    signals: Signals,
}

/// Signals that change after commits of this process.
#[derive(Clone)]
pub(crate) struct Signals {
    /// Changes after every commit.
    pub(crate) commits: watch::Sender<u64>,
    /// Changes after every commit that appended events to the outbox.
    pub(crate) appends: watch::Sender<u64>,
    /// Changes after every commit that enqueued a job.
    pub(crate) jobs: watch::Sender<u64>,
}

impl Store {
    /// Opens `postgres://…` or `sqlite://…`. Does not create the schema.
    pub async fn connect(url: &str, options: StoreOptions) -> Result<Self, ConnectFault> {
        let reader = open(url, &options).await?;
        let writer = (reader.pool.backend() == DbBackend::Sqlite).then(|| Arc::new(Semaphore::new(1)));
        let signals = Signals {
            commits: watch::Sender::new(0),
            appends: watch::Sender::new(0),
            jobs: watch::Sender::new(0),
        };
        let hot_rows = KeyedQueue::default();
        let shared = Arc::new(Shared { url: url.to_owned(), options, writer, hot_rows, signals });
        Ok(Self { reader: Arc::new(reader), shared })
    }

    /// Opens a store on the same database with at most `connections` connections of its own, so that its callers do not
    /// wait for those of this store. Both see each other's signals.
    pub async fn with_own_connections(&self, connections: u32) -> Result<Self, ConnectFault> {
        let options = StoreOptions { connections, ..self.shared.options.clone() };
        let reader = open(&self.shared.url, &options).await?;
        Ok(Self { reader: Arc::new(reader), shared: Arc::clone(&self.shared) })
    }

    /// Returns the connections for reads that guard no write.
    pub fn reader(&self) -> &Connection {
        &self.reader
    }

    /// Begins a unit of work. `now` is the instant of everything it writes.
    pub async fn begin(&self, now: Timestamp) -> Result<UnitOfWork, StoreError> {
        self.begin_with(Permits::new(), now).await
    }

    /// Begins a unit of work whose first write is to the row `row`, which many callers may write at once. At most two
    /// such units of this process hold a connection at the same time. Fails with [`StoreError::Unavailable`] if too
    /// many units already wait for the row, or if the wait exceeds the deadline of a call.
    pub async fn begin_for(&self, row: Uuid, now: Timestamp) -> Result<UnitOfWork, StoreError> {
        let entered = self.shared.hot_rows.enter(row, self.shared.options.deadline).await;
        let pass = entered.map_err(|_crowded| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?;
        self.begin_with(vec![Box::new(pass)], now).await
    }

    async fn begin_with(&self, mut permits: Permits, now: Timestamp) -> Result<UnitOfWork, StoreError> {
        if let Some(writer) = &self.shared.writer {
            permits.push(Box::new(wait_to_write(Arc::clone(writer), self.shared.options.deadline).await?));
        }
        let transaction = self.reader.begin(permits).await?;
        Ok(UnitOfWork::new(transaction, self.shared.signals.clone(), now))
    }

    /// Returns a signal that changes after every commit of this process.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.shared.signals.commits.subscribe()
    }

    /// Returns a signal that changes after every commit of this process that appended events to the outbox.
    pub fn appends(&self) -> watch::Receiver<u64> {
        self.shared.signals.appends.subscribe()
    }

    /// Returns a signal that changes after every commit of this process that enqueued a job.
    pub fn jobs(&self) -> watch::Receiver<u64> {
        self.shared.signals.jobs.subscribe()
    }

    /// Checks that the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.reader.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Closes the connections of this store and its clones once they are returned, or when the deadline passes.
    pub async fn close(self) -> Result<(), StoreError> {
        let closed = tokio::time::timeout(self.shared.options.deadline, self.reader.pool.close()).await;
        Ok(closed.map_err(|_passed| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?)
    }
}

async fn open(url: &str, options: &StoreOptions) -> Result<Connection, ConnectFault> {
    let silence = Arc::new(Silence::default());
    let pool = if url.starts_with("sqlite:") {
        let opener = opener(sqlite(url)?, options, &silence);
        Pool::sqlite(opener, options.connections, ACQUIRE)?
    } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        let opener = opener(postgres(url)?, options, &silence);
        Pool::postgres(opener, options.connections, ACQUIRE)?
    } else {
        return Err(ConnectFault::UnknownScheme);
    };
    pool.acquire().await.map_err(ConnectFault::Unreachable)?;
    let on_statement = options.on_statement.clone();
    let calls = Calls { deadline: options.deadline, on_statement, silence };
    Ok(Connection::of_pool(pool, Arc::new(calls)))
}

fn opener<O>(connect: O, options: &StoreOptions, silence: &Arc<Silence>) -> Opener<O> {
    Opener { options: connect, probe: options.deadline / PROBE_PART, silence: Arc::clone(silence) }
}

fn postgres(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?;
    Ok(options.application_name("orgo").options(POSTGRES_SETTINGS).disable_statement_logging())
}

fn sqlite(url: &str) -> Result<SqliteConnectOptions, sqlx::Error> {
    let options = SqliteConnectOptions::from_str(url)?
        .journal_mode(SqliteJournalMode::Wal)
        // Acknowledged means on disk: the write-ahead log is synced at every commit.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(SQLITE_BUSY)
        .foreign_keys(true);
    Ok(options.disable_statement_logging())
}

async fn wait_to_write(writer: Arc<Semaphore>, deadline: Duration) -> Result<OwnedSemaphorePermit, DbErr> {
    match tokio::time::timeout(deadline, writer.acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_never_closed)) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)),
        Err(_passed) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
    }
}
