//! Answers to requests with an idempotency key: one row for each person, operation and key.

use domain::Timestamp;
use domain::ids::UserId;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::entities::idempotency_keys::{ActiveModel, Column, Entity};
use crate::{StoreError, UnitOfWork, backend};

/// The oldest `$2` rows, if created before `$1`. One statement deletes few rows, so that its locks are short.
const PRUNE: &str = "
    DELETE FROM idempotency_keys WHERE (user_id, operation, key) IN (
        SELECT user_id, operation, key FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT $2)";

/// What a key belongs to: the same key of another person, or for another operation, is another key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The person.
    pub user_id: UserId,
    /// Id of the operation.
    pub operation: &'static str,
    /// The key.
    pub key: String,
}

/// The request and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// Hash of the request.
    pub fingerprint: String,
    /// Status of the answer.
    pub status: u16,
    /// Headers of the answer, as JSON.
    pub headers: String,
    /// Body of the answer.
    pub body: String,
}

/// Finds the answer to a key, if it was stored after `after`.
pub async fn find(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    after: Timestamp,
) -> Result<Option<StoredAnswer>, StoreError> {
    let row = Entity::find_by_id((scope.user_id, scope.operation.to_owned(), scope.key.clone()))
        .filter(Column::CreatedAt.gt(after))
        .one(connection)
        .await?;
    let answer = |row: crate::entities::idempotency_keys::Model| {
        let status = u16::try_from(row.status)
            .map_err(|fault| StoreError::corrupt("idempotency_keys", format!("status: {fault}")))?;
        Ok(StoredAnswer { fingerprint: row.fingerprint, status, headers: row.headers, body: row.body })
    };
    row.map(answer).transpose()
}

/// Stores the answer to a key, unless there is one that was stored after `after`. Waits for another transaction that stores
/// an answer to the same key. Returns whether the answer was stored.
pub async fn insert(
    unit: &UnitOfWork,
    scope: &Scope,
    answer: &StoredAnswer,
    after: Timestamp,
) -> Result<bool, StoreError> {
    let row = ActiveModel {
        user_id: Set(scope.user_id),
        operation: Set(scope.operation.to_owned()),
        key: Set(scope.key.clone()),
        fingerprint: Set(answer.fingerprint.clone()),
        status: Set(answer.status.into()),
        headers: Set(answer.headers.clone()),
        body: Set(answer.body.clone()),
        created_at: Set(unit.now()),
    };
    let over_an_expired_one = OnConflict::columns([Column::UserId, Column::Operation, Column::Key])
        .update_columns([
            Column::Fingerprint,
            Column::Status,
            Column::Headers,
            Column::Body,
            Column::CreatedAt,
        ])
        .action_and_where(Expr::col((Entity, Column::CreatedAt)).lte(after))
        .to_owned();
    let stored = Entity::insert_many([row])
        .on_conflict(over_an_expired_one)
        .exec_without_returning(unit.connection().await?)
        .await?;
    Ok(stored == 1)
}

/// Deletes at most `limit` of the oldest answers, if they were stored before `before`. Returns their number; less than
/// `limit` means that none is left.
pub async fn prune(unit: &UnitOfWork, before: Timestamp, limit: u16) -> Result<u64, StoreError> {
    let connection = unit.connection().await?;
    let values = [before.0.into(), i64::from(limit).into()];
    Ok(connection.execute_raw(backend::statement(connection, PRUNE, values)).await?.rows_affected())
}
