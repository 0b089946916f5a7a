//! Codes that prove an address: one row for each flow.

use domain::Timestamp;
use domain::auth::{CODE_ATTEMPTS, CODE_LIFETIME, CodeFlow, CodePurpose};
use domain::ids::CodeFlowId;
use domain::users::EmailAddress;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::entities::email_codes;
use crate::{StoreError, UnitOfWork};

/// Placeholder for the hash until the worker has generated the code. No code matches it.
const NOT_YET_GENERATED: &str = "";

/// Adds a flow, without a code.
pub async fn insert(
    unit: &UnitOfWork,
    id: CodeFlowId,
    email: &EmailAddress,
    purpose: CodePurpose,
) -> Result<(), StoreError> {
    let row = email_codes::ActiveModel {
        flow_id: Set(id),
        email: Set(email.as_str().to_owned()),
        purpose: Set(purpose.as_str().to_owned()),
        code_hash: Set(NOT_YET_GENERATED.to_owned()),
        attempts: Set(0),
        created_at: Set(unit.now()),
        used_at: Set(None),
    };
    email_codes::Entity::insert(row).exec_without_returning(unit.connection().await?).await?;
    Ok(())
}

/// Sets the hash of the code of a flow. Returns false if the flow was used or does not exist.
pub async fn set_hash(unit: &UnitOfWork, id: CodeFlowId, hash: &str) -> Result<bool, StoreError> {
    let set = email_codes::Entity::update_many()
        .col_expr(email_codes::Column::CodeHash, Expr::value(hash))
        .filter(email_codes::Column::FlowId.eq(id))
        .filter(email_codes::Column::UsedAt.is_null())
        .exec(unit.connection().await?)
        .await?;
    Ok(set.rows_affected == 1)
}

/// Finds a flow.
pub async fn find(connection: &impl ConnectionTrait, id: CodeFlowId) -> Result<Option<CodeFlow>, StoreError> {
    email_codes::Entity::find_by_id(id).one(connection).await?.map(flow).transpose()
}

/// A counted attempt at the code of a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The keyed hash of the code, as text.
    pub code_hash: String,
    /// The number of attempts, this one included.
    pub attempts: i32,
}

/// Counts an attempt at the code of a flow, if one is allowed: the flow has not expired, was not used, and has attempts
/// left ([`CodeFlow::refusal`]). Of concurrent attempts no more are counted than allowed.
pub async fn count_attempt(unit: &UnitOfWork, id: CodeFlowId) -> Result<Option<Attempt>, StoreError> {
    let update = Query::update()
        .table(email_codes::Entity)
        .value(email_codes::Column::Attempts, Expr::col(email_codes::Column::Attempts).add(1))
        .and_where(email_codes::Column::FlowId.eq(id))
        .and_where(email_codes::Column::UsedAt.is_null())
        .and_where(email_codes::Column::Attempts.lt(CODE_ATTEMPTS))
        .and_where(email_codes::Column::CreatedAt.gt(unit.now().minus(CODE_LIFETIME)))
        .returning(Query::returning().columns([email_codes::Column::CodeHash, email_codes::Column::Attempts]))
        .to_owned();
    let Some(row) = unit.connection().await?.query_one(&update).await? else { return Ok(None) };
    Ok(Some(Attempt { code_hash: row.try_get_by_index(0)?, attempts: row.try_get_by_index(1)? }))
}

/// Marks a flow as used. Returns whether it was unused.
pub async fn use_up(unit: &UnitOfWork, id: CodeFlowId) -> Result<bool, StoreError> {
    let used = email_codes::Entity::update_many()
        .col_expr(email_codes::Column::UsedAt, Expr::value(unit.now()))
        .filter(email_codes::Column::FlowId.eq(id))
        .filter(email_codes::Column::UsedAt.is_null())
        .exec(unit.connection().await?)
        .await?;
    Ok(used.rows_affected == 1)
}

/// Deletes flows created before an instant. Returns their number.
pub async fn prune(unit: &UnitOfWork, before: Timestamp) -> Result<u64, StoreError> {
    let pruned = email_codes::Entity::delete_many()
        .filter(email_codes::Column::CreatedAt.lt(before))
        .exec(unit.connection().await?)
        .await?;
    Ok(pruned.rows_affected)
}

fn flow(row: email_codes::Model) -> Result<CodeFlow, StoreError> {
    let purpose = CodePurpose::from_name(&row.purpose);
    Ok(CodeFlow {
        purpose: purpose
            .ok_or_else(|| StoreError::corrupt("email_codes", format!("purpose of {}", row.flow_id)))?,
        id: row.flow_id,
        email: EmailAddress::from_stored(row.email),
        created_at: row.created_at,
        attempts: row.attempts,
        used_at: row.used_at,
    })
}
