use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// Error of a call of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique constraint with this name refused a row.
    #[error("unique constraint: {0}")]
    Conflict(String),
    /// Another unit of work held a lock for too long, or caused a deadlock. The whole unit may be repeated.
    #[error("contention: {0}")]
    Contention(#[source] DbErr),
    /// The database did not answer within the deadline, or no connection was free in time.
    #[error("database unavailable: {0}")]
    Unavailable(#[source] DbErr),
    /// A row is missing, or a stored value is outside of its domain.
    #[error("corrupt {table}: {what}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// Description of the fault, with the row's key.
        what: String,
    },
    /// The frame of an event could not be written as JSON.
    #[error("frame of an event: {0}")]
    Frame(#[source] serde_json::Error),
    /// A unit of work ended in a panic.
    #[error("unit of work died: {0}")]
    Died(#[source] tokio::task::JoinError),
    /// Any other fault.
    #[error("database: {0}")]
    Other(#[source] DbErr),
}

impl StoreError {
    pub(crate) fn corrupt(table: &'static str, what: impl Into<String>) -> Self {
        Self::Corrupt { table, what: what.into() }
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(constraint)) = error.sql_err() {
            return Self::Conflict(constraint);
        }
        match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unavailable(error),
            DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
                match class_of(cause) {
                    Class::Contention => Self::Contention(error),
                    Class::Unavailable => Self::Unavailable(error),
                    Class::Other => Self::Other(error),
                }
            }
            _ => Self::Other(error),
        }
    }
}

enum Class {
    Contention,
    Unavailable,
    Other,
}

/// Classifies by SQLSTATE (PostgreSQL, appendix A) and by SQLite's result codes.
fn class_of(error: &sqlx::Error) -> Class {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Class::Unavailable,
        sqlx::Error::Database(database) => match database.code().as_deref() {
            // Serialization failure, deadlock, lock not available; SQLITE_BUSY and SQLITE_LOCKED with their kin.
            Some("40001" | "40P01" | "55P03" | "5" | "6" | "261" | "517" | "262") => Class::Contention,
            // Query cancelled by its deadline, shut down, starting up, too many connections, read-only standby, disk
            // full; SQLITE_IOERR and SQLITE_FULL.
            Some(
                "57014" | "57P01" | "57P02" | "57P03" | "53300" | "25006" | "25P03" | "53100" | "10" | "13",
            ) => Class::Unavailable,
            _ => Class::Other,
        },
        _ => Class::Other,
    }
}
