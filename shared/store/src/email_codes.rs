//! Codes that prove an address: one row for each address and purpose.

use domain::Timestamp;
use domain::auth::{CodePurpose, EmailCode};
use domain::users::EmailAddress;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::entities::email_codes;
use crate::rows::expect_one;
use crate::{StoreError, UnitOfWork};

/// A stored code and its keyed hash.
#[derive(Debug, Clone)]
pub struct StoredCode {
    /// Its creation, attempts and use.
    pub code: EmailCode,
    /// The keyed hash, as text.
    pub hash: String,
}

/// Replaces the code of an address, unless the present one was created after `before`. Returns whether it was replaced:
/// of two concurrent requests, one succeeds.
pub async fn replace(
    unit: &UnitOfWork,
    email: &EmailAddress,
    purpose: CodePurpose,
    hash: &str,
    before: Timestamp,
) -> Result<bool, StoreError> {
    let row = email_codes::ActiveModel {
        email: Set(email.as_str().to_owned()),
        purpose: Set(purpose.as_str().to_owned()),
        code_hash: Set(hash.to_owned()),
        attempts: Set(0),
        created_at: Set(unit.now()),
        used_at: Set(None),
    };
    let over_the_old = OnConflict::columns([email_codes::Column::Email, email_codes::Column::Purpose])
        .update_columns([
            email_codes::Column::CodeHash,
            email_codes::Column::Attempts,
            email_codes::Column::CreatedAt,
            email_codes::Column::UsedAt,
        ])
        .action_and_where(Expr::col((email_codes::Entity, email_codes::Column::CreatedAt)).lte(before))
        .to_owned();
    let stored = email_codes::Entity::insert_many([row])
        .on_conflict(over_the_old)
        .exec_without_returning(unit.connection().await?)
        .await?;
    Ok(stored == 1)
}

/// Sets the hash of the code requested at `requested_at`. Returns false if a later request replaced it.
pub async fn set_hash(
    unit: &UnitOfWork,
    email: &EmailAddress,
    purpose: CodePurpose,
    hash: &str,
    requested_at: Timestamp,
) -> Result<bool, StoreError> {
    let set = email_codes::Entity::update_many()
        .col_expr(email_codes::Column::CodeHash, Expr::value(hash))
        .filter(email_codes::Column::Email.eq(email.as_str()))
        .filter(email_codes::Column::Purpose.eq(purpose.as_str()))
        .filter(email_codes::Column::CreatedAt.eq(requested_at))
        .filter(email_codes::Column::UsedAt.is_null())
        .exec(unit.connection().await?)
        .await?;
    Ok(set.rows_affected == 1)
}

/// Finds the code of an address.
pub async fn find(
    connection: &impl ConnectionTrait,
    email: &EmailAddress,
    purpose: CodePurpose,
) -> Result<Option<StoredCode>, StoreError> {
    let key = (email.as_str().to_owned(), purpose.as_str().to_owned());
    Ok(email_codes::Entity::find_by_id(key).one(connection).await?.map(stored))
}

/// Finds the code of an address and locks it until the unit ends.
pub async fn lock(
    unit: &UnitOfWork,
    email: &EmailAddress,
    purpose: CodePurpose,
) -> Result<Option<StoredCode>, StoreError> {
    let key = (email.as_str().to_owned(), purpose.as_str().to_owned());
    let row = email_codes::Entity::find_by_id(key).lock_exclusive().one(unit.connection().await?).await?;
    Ok(row.map(stored))
}

/// Counts a wrong attempt.
pub async fn count_attempt(
    unit: &UnitOfWork,
    email: &EmailAddress,
    purpose: CodePurpose,
) -> Result<(), StoreError> {
    let counted = email_codes::Entity::update_many()
        .col_expr(email_codes::Column::Attempts, Expr::col(email_codes::Column::Attempts).add(1))
        .filter(email_codes::Column::Email.eq(email.as_str()))
        .filter(email_codes::Column::Purpose.eq(purpose.as_str()))
        .exec(unit.connection().await?)
        .await?;
    expect_one(counted.rows_affected, "email_codes", email.as_str())
}

/// Marks a code as used. Returns whether it was unused.
pub async fn use_up(
    unit: &UnitOfWork,
    email: &EmailAddress,
    purpose: CodePurpose,
) -> Result<bool, StoreError> {
    let used = email_codes::Entity::update_many()
        .col_expr(email_codes::Column::UsedAt, Expr::value(unit.now()))
        .filter(email_codes::Column::Email.eq(email.as_str()))
        .filter(email_codes::Column::Purpose.eq(purpose.as_str()))
        .filter(email_codes::Column::UsedAt.is_null())
        .exec(unit.connection().await?)
        .await?;
    Ok(used.rows_affected == 1)
}

/// Deletes codes created before an instant. Returns their number.
pub async fn prune(unit: &UnitOfWork, before: Timestamp) -> Result<u64, StoreError> {
    let pruned = email_codes::Entity::delete_many()
        .filter(email_codes::Column::CreatedAt.lt(before))
        .exec(unit.connection().await?)
        .await?;
    Ok(pruned.rows_affected)
}

fn stored(row: email_codes::Model) -> StoredCode {
    let code = EmailCode { created_at: row.created_at, attempts: row.attempts, used_at: row.used_at };
    StoredCode { code, hash: row.code_hash }
}
