use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use sea_orm::{ConnAcquireErr, ConnectOptions, Database, DatabaseConnection, DbErr};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::{StoreError, UnitOfWork};

/// How long a request waits for a free connection, or for its turn to write, before it is told to come back.
const ACQUIRE: Duration = Duration::from_secs(2);
/// How long a statement may run, wait for a lock, or leave a transaction open, on PostgreSQL.
const POSTGRES_LIMITS: [(&str, &str); 3] =
    [("statement_timeout", "3s"), ("lock_timeout", "2s"), ("idle_in_transaction_session_timeout", "10s")];
/// How long a writer waits for one of another process, on SQLite.
const SQLITE_BUSY: Duration = Duration::from_secs(5);

/// Called with the text of a statement.
pub type OnStatement = Arc<dyn Fn(&str) + Send + Sync>;

/// How a store is opened.
#[derive(Clone)]
pub struct StoreOptions {
    /// How many connections at the most.
    pub connections: u32,
    /// Called once a statement. Tests count with it.
    pub on_statement: Option<OnStatement>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { connections: 16, on_statement: None }
    }
}

/// The URL names no database we know, or the database cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectFault {
    /// The scheme is neither `postgres` nor `sqlite`.
    #[error("the database URL must begin with postgres:// or sqlite://")]
    UnknownScheme,
    /// The database did not answer.
    #[error("the database cannot be reached: {0}")]
    Unreachable(#[source] sea_orm::DbErr),
}

/// The truth: a pool of connections to PostgreSQL or SQLite.
#[derive(Clone)]
pub struct Store {
    database: DatabaseConnection,
    /// On SQLite, whose turn it is to write. SQLite's own way is to try again after longer and longer waits: that
    /// is slow, unfair, and takes the connections away from the readers.
    turns: Option<Arc<Semaphore>>,
    signals: Signals,
}

/// What changes when this process has committed.
#[derive(Clone)]
pub(crate) struct Signals {
    /// After every commit.
    pub(crate) commits: watch::Sender<u64>,
    /// After every commit that put events into the log.
    pub(crate) appends: watch::Sender<u64>,
}

impl Store {
    /// Opens `postgres://…` or `sqlite://…`. The schema must be there.
    pub async fn connect(url: &str, options: StoreOptions) -> Result<Self, ConnectFault> {
        let is_sqlite = url.starts_with("sqlite:");
        if !is_sqlite && !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(ConnectFault::UnknownScheme);
        }
        let mut settings = ConnectOptions::new(url);
        settings
            .max_connections(options.connections)
            .acquire_timeout(ACQUIRE)
            .connect_timeout(ACQUIRE)
            .max_lifetime(Duration::from_mins(30))
            .test_before_acquire_if_idle_for(Duration::from_secs(5))
            .sqlx_logging(false);
        settings
            .map_sqlx_postgres_opts(|postgres| postgres.application_name("orgo").options(POSTGRES_LIMITS));
        settings.map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
                // Acknowledged means on disk: the write-ahead log is synced at every commit.
                .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
                .busy_timeout(SQLITE_BUSY)
                .foreign_keys(true)
        });
        let mut database = Database::connect(settings).await.map_err(ConnectFault::Unreachable)?;
        if let Some(on_statement) = options.on_statement {
            database.set_metric_callback(move |statement| on_statement(&statement.statement.sql));
        }
        let turns = is_sqlite.then(|| Arc::new(Semaphore::new(1)));
        let signals = Signals { commits: watch::Sender::new(0), appends: watch::Sender::new(0) };
        Ok(Self { database, turns, signals })
    }

    /// Returns the connections for reads that guard no write.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.database
    }

    /// Opens a unit of work that takes place at `now`.
    pub async fn begin(&self, now: Timestamp) -> Result<UnitOfWork, StoreError> {
        let turn = match &self.turns {
            None => None,
            Some(turns) => Some(wait_for_turn(Arc::clone(turns)).await?),
        };
        UnitOfWork::begin(self.database.clone(), turn, self.signals.clone(), now).await
    }

    /// Returns a signal that changes after every commit of this process: there may be work.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.signals.commits.subscribe()
    }

    /// Returns a signal that changes after every commit of this process that put events into the log.
    pub fn appends(&self) -> watch::Receiver<u64> {
        self.signals.appends.subscribe()
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.database.ping().await?)
    }

    /// Closes every connection, after what is under way.
    pub async fn close(self) -> Result<(), StoreError> {
        Ok(self.database.close().await?)
    }
}

async fn wait_for_turn(turns: Arc<Semaphore>) -> Result<OwnedSemaphorePermit, DbErr> {
    match tokio::time::timeout(ACQUIRE, turns.acquire_owned()).await {
        Ok(Ok(turn)) => Ok(turn),
        Ok(Err(_never_closed)) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)),
        Err(_too_long) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
    }
}
