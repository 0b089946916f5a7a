//! The differences between the two databases, in one place. Everything else runs the same statements on both.

use sea_orm::sea_query::{Expr, ExprTrait, Func, IntoColumnRef, Query, SimpleExpr};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use uuid::Uuid;

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

/// Returns whether the database supports data-modifying statements in `WITH` clauses. SQLite does not.
pub(crate) fn has_data_modifying_with(connection: &impl ConnectionTrait) -> bool {
    connection.get_database_backend() == DbBackend::Postgres
}

/// Returns the condition that a column is one of some ids. The ids are one parameter, so that the statement is the same
/// for every number of ids.
pub(crate) fn is_among(
    connection: &impl ConnectionTrait,
    column: impl IntoColumnRef,
    ids: impl IntoIterator<Item = Uuid>,
) -> SimpleExpr {
    let ids: Vec<String> = ids.into_iter().map(|id| id.simple().to_string()).collect();
    if connection.get_database_backend() == DbBackend::Postgres {
        let values = [Expr::col(column), Expr::val(ids.join(","))];
        Expr::cust_with_exprs("$1 = ANY(string_to_array($2, ',')::uuid[])", values)
    } else {
        let json = serde_json::Value::from(ids).to_string();
        let ids = Query::select()
            .expr(Expr::cust("unhex(value)"))
            .from_function(Func::cust("json_each").arg(json), "ids")
            .to_owned();
        Expr::col(column).in_subquery(ids)
    }
}
