#![doc = include_str!("../README.md")]

mod gateway_rights;
mod in_one_transaction;
mod steps;

pub use gateway_rights::GATEWAY_ROLE;
pub use sea_orm_migration::migrator::MigrationStatus;

use in_one_transaction::InOneTransaction;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend};

/// All migrations, in order.
#[derive(Debug)]
pub struct Migrations;

#[async_trait::async_trait]
impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let steps: Vec<Box<dyn MigrationTrait>> = vec![
            Box::new(steps::m20261121_000001_create_log::Step),
            Box::new(steps::m20261121_000002_create_users::Step),
            Box::new(steps::m20261121_000003_create_sessions::Step),
            Box::new(steps::m20261121_000004_create_posts::Step),
            Box::new(steps::m20261121_000005_create_comments::Step),
            Box::new(steps::m20261121_000006_create_notifications::Step),
            Box::new(steps::m20261121_000007_create_jobs::Step),
            Box::new(steps::m20261121_000008_count_notifications::Step),
            Box::new(steps::m20261121_000009_mark_events::Step),
            Box::new(steps::m20261122_000023_describe_sessions::Step),
            Box::new(steps::m20261122_000024_bind_codes_to_flows::Step),
            Box::new(steps::m20261122_000025_count_failed_log_ins::Step),
            Box::new(steps::m20261122_000030_rank_posts::Step),
            Box::new(steps::m20261122_000031_restore_posts::Step),
            Box::new(steps::m20261122_000032_like_comments::Step),
            Box::new(steps::m20261122_000033_count_views::Step),
            Box::new(steps::m20261122_000037_create_idempotency_keys::Step),
        ];
        steps.into_iter().map(InOneTransaction::boxed).collect()
    }
}

/// The key of the advisory lock: the bytes of `OrGo`, so that no other program is likely to use it.
const LOCK: i64 = 0x4F72_476F;

/// A change of the whole schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Applies every migration that is not applied yet.
    Up,
    /// Reverts the latest migration.
    Down,
}

/// Applies a change to the database at `url`; a second run at the same time waits for the first. On PostgreSQL the
/// rights of [`GATEWAY_ROLE`] follow the schema up, where the role exists.
pub async fn change(url: &str, change: Change) -> Result<(), DbErr> {
    let database = connect(url).await?;
    let locks = database.get_database_backend() == DbBackend::Postgres;
    if locks {
        database.execute_unprepared(&format!("SELECT pg_advisory_lock({LOCK})")).await?;
    }
    let outcome = match change {
        Change::Up => up(&database).await,
        Change::Down => Migrations::down(&database, Some(1)).await,
    };
    if locks {
        database.execute_unprepared(&format!("SELECT pg_advisory_unlock({LOCK})")).await?;
    }
    database.close().await?;
    outcome
}

async fn up(database: &DatabaseConnection) -> Result<(), DbErr> {
    Migrations::up(database, None).await?;
    gateway_rights::grant(database).await.map(|_exists| ())
}

/// Grants [`GATEWAY_ROLE`] its rights. Fails where the role does not exist, and on SQLite, which has no roles.
pub async fn grant_gateway_rights(url: &str) -> Result<(), DbErr> {
    let database = connect(url).await?;
    let granted = gateway_rights::grant(&database).await;
    database.close().await?;
    if granted? { Ok(()) } else { Err(DbErr::Custom(format!("the role {GATEWAY_ROLE} does not exist"))) }
}

/// Returns the name of every migration and whether it is applied.
pub async fn status(url: &str) -> Result<Vec<(String, MigrationStatus)>, DbErr> {
    let database = connect(url).await?;
    let all = Migrations::get_migration_with_status(&database).await?;
    database.close().await?;
    Ok(all.iter().map(|migration| (migration.name().to_owned(), migration.status())).collect())
}

/// Opens a single connection, because the advisory lock belongs to a connection.
async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(|options| {
        options
            .create_if_missing(true)
            .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
            .busy_timeout(std::time::Duration::from_secs(10))
    });
    Database::connect(options).await
}

/// Returns the name of the last migration of the list.
pub fn latest() -> String {
    Migrations::migrations().last().map(|migration| migration.name().to_owned()).unwrap_or_default()
}
