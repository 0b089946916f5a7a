//! Failed log-ins, counted by account and source.

use domain::Timestamp;
use domain::auth::LogInFailures;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::entities::log_in_failures;
use crate::rows::expect_one;
use crate::{StoreError, UnitOfWork};

/// What an attempt is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a> {
    /// The account, or the address that has none.
    pub account: &'a str,
    /// Where the attempts come from.
    pub source: &'a str,
}

impl Key<'_> {
    fn owned(self) -> (String, String) {
        (self.account.to_owned(), self.source.to_owned())
    }
}

/// Returns the failures with this key and locks their row until the unit ends. Adds a row without failures if there is
/// none, so that attempts at the same time wait for each other from the first one on.
pub async fn lock(unit: &UnitOfWork, key: Key<'_>) -> Result<LogInFailures, StoreError> {
    let (account, source) = key.owned();
    let row = log_in_failures::ActiveModel {
        account: Set(account),
        source: Set(source),
        failures: Set(0),
        last_at: Set(unit.now()),
    };
    let columns = [log_in_failures::Column::Account, log_in_failures::Column::Source];
    log_in_failures::Entity::insert_many([row])
        .on_conflict(OnConflict::columns(columns).do_nothing().to_owned())
        .exec_without_returning(unit.connection().await?)
        .await?;
    let found = log_in_failures::Entity::find_by_id(key.owned()).lock_exclusive();
    let row = found.one(unit.connection().await?).await?;
    let row =
        row.ok_or_else(|| StoreError::corrupt("log_in_failures", format!("no row of {}", key.source)))?;
    Ok(LogInFailures { count: u32::try_from(row.failures).unwrap_or(0), last_at: row.last_at })
}

/// Stores the failures of a locked row.
pub async fn store(unit: &UnitOfWork, key: Key<'_>, failures: LogInFailures) -> Result<(), StoreError> {
    let count = i32::try_from(failures.count).unwrap_or(i32::MAX);
    let stored = log_in_failures::Entity::update_many()
        .col_expr(log_in_failures::Column::Failures, Expr::value(count))
        .col_expr(log_in_failures::Column::LastAt, Expr::value(failures.last_at))
        .filter(log_in_failures::Column::Account.eq(key.account))
        .filter(log_in_failures::Column::Source.eq(key.source))
        .exec(unit.connection().await?)
        .await?;
    expect_one(stored.rows_affected, "log_in_failures", key.source)
}

/// Forgets the failures with this key.
pub async fn forget(unit: &UnitOfWork, key: Key<'_>) -> Result<(), StoreError> {
    log_in_failures::Entity::delete_by_id(key.owned()).exec(unit.connection().await?).await?;
    Ok(())
}

/// Forgets the failures of an account from everywhere.
pub async fn forget_account(unit: &UnitOfWork, account: &str) -> Result<(), StoreError> {
    log_in_failures::Entity::delete_many()
        .filter(log_in_failures::Column::Account.eq(account))
        .exec(unit.connection().await?)
        .await?;
    Ok(())
}

/// Deletes the failures since whose last one an instant has passed. Returns their number.
pub async fn prune(unit: &UnitOfWork, before: Timestamp) -> Result<u64, StoreError> {
    let pruned = log_in_failures::Entity::delete_many()
        .filter(log_in_failures::Column::LastAt.lt(before))
        .exec(unit.connection().await?)
        .await?;
    Ok(pruned.rows_affected)
}
