//! Rights of the PostgreSQL role that runs `realtime-gateway`.
//!
//! A gateway talks to unauthenticated clients. An attacker who takes over a gateway must not be able to log in as
//! another person: the role has no access to password hashes, codes and salts of refresh tokens.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

/// The role, as `deploy/roles.sql` makes it.
pub const GATEWAY_ROLE: &str = "orgo_gateway";

/// Everything the gateway's queries need. A query that needs more adds a line here.
const RIGHTS: &[&str] = &[
    // Following the event log.
    "SELECT ON outbox, stream_heads, log_epochs",
    // Beginning the first epoch: the insert is made under the lock of a head.
    "INSERT ON log_epochs",
    "UPDATE (pos) ON stream_heads",
    // Confirming that the session of a ticket or resume token has not ended: all columns but the salt.
    "SELECT (id, user_id, generation, rotated_at, created_at, revoked_at) ON sessions",
    "SELECT (id, role, state) ON users",
    // Checking whether a post or a person may be watched.
    "SELECT (id, author_id, deleted_at) ON posts",
];

/// Grants the gateway's role exactly these rights, in one transaction. Returns whether the role exists.
pub(crate) async fn grant(database: &DatabaseConnection) -> Result<bool, DbErr> {
    if database.get_database_backend() != DbBackend::Postgres {
        return Ok(false);
    }
    let known = format!("SELECT 1 FROM pg_roles WHERE rolname = '{GATEWAY_ROLE}'");
    if database.query_one_raw(Statement::from_string(DbBackend::Postgres, known)).await?.is_none() {
        return Ok(false);
    }
    // Several statements sent as one query are one transaction.
    let mut statements = vec![
        format!("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {GATEWAY_ROLE}"),
        format!("GRANT USAGE ON SCHEMA public TO {GATEWAY_ROLE}"),
    ];
    statements.extend(RIGHTS.iter().map(|right| format!("GRANT {right} TO {GATEWAY_ROLE}")));
    database.execute_unprepared(&statements.join("; ")).await?;
    Ok(true)
}
