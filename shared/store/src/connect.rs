use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use tokio::sync::watch;

use crate::{StoreError, UnitOfWork};

/// How long a request waits for a free connection before it is told to come back.
const ACQUIRE: Duration = Duration::from_secs(2);
/// How long a statement may run, wait for a lock, or leave a transaction open, on PostgreSQL.
const POSTGRES_LIMITS: [(&str, &str); 3] =
    [("statement_timeout", "3s"), ("lock_timeout", "2s"), ("idle_in_transaction_session_timeout", "10s")];
/// How long a writer waits for the one before it, on SQLite.
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
    commits: watch::Sender<u64>,
}

impl Store {
    /// Opens `postgres://…` or `sqlite://…`. The schema must be there.
    pub async fn connect(url: &str, options: StoreOptions) -> Result<Self, ConnectFault> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") && !url.starts_with("sqlite:") {
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
        settings.map_sqlx_postgres_opts(|postgres| {
            postgres.application_name("orgo").options(POSTGRES_LIMITS)
        });
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
        Ok(Self { database, commits: watch::Sender::new(0) })
    }

    /// Returns the connections for reads that guard no write.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.database
    }

    /// Opens a unit of work that takes place at `now`.
    pub async fn begin(&self, now: Timestamp) -> Result<UnitOfWork, StoreError> {
        UnitOfWork::begin(self.database.clone(), self.commits.clone(), now).await
    }

    /// Returns a signal that changes after every commit of this process: there may be events or work.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.subscribe()
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
