//! The differences between the two databases, in one place. Everything else runs the same statements on both.

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

/// SQL of one statement in both dialects. Parameters are written `$1`, `$2` …, which both databases understand.
#[derive(Clone, Copy)]
pub(crate) struct Dialects {
    pub(crate) postgres: &'static str,
    pub(crate) sqlite: &'static str,
}

impl Dialects {
    /// Returns the statement for the database of a connection.
    pub(crate) fn statement(
        self,
        connection: &impl ConnectionTrait,
        values: impl IntoIterator<Item = Value>,
    ) -> Statement {
        let backend = connection.get_database_backend();
        let sql = if backend == DbBackend::Postgres { self.postgres } else { self.sqlite };
        Statement::from_sql_and_values(backend, sql, values)
    }
}

/// Returns a statement whose SQL is the same on both databases.
pub(crate) fn statement(
    connection: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    Statement::from_sql_and_values(connection.get_database_backend(), sql, values)
}

/// Tells whether a statement may change rows in several `WITH` clauses. SQLite cannot.
pub(crate) fn has_data_modifying_with(connection: &impl ConnectionTrait) -> bool {
    connection.get_database_backend() == DbBackend::Postgres
}
