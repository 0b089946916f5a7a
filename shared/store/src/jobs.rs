//! Follow-up work: a row in the same commit as its cause, done later by any instance.

use std::time::Duration;

use domain::Timestamp;
use domain::ids::JobId;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entities::jobs;
use crate::{StoreError, UnitOfWork};

/// A piece of follow-up work.
#[derive(Debug, Clone)]
pub struct Job {
    /// Which one.
    pub id: JobId,
    /// What is to be done.
    pub kind: String,
    /// With what: JSON.
    pub payload: String,
    /// How often it was begun, this time included.
    pub attempts: i32,
    /// When it is no longer worth doing.
    pub expires_at: Timestamp,
}

/// Leaves work to be done once the unit commits.
pub async fn enqueue(
    unit: &UnitOfWork,
    id: JobId,
    kind: &str,
    payload: String,
    lifetime: Duration,
) -> Result<(), StoreError> {
    let row = jobs::ActiveModel {
        id: Set(id),
        kind: Set(kind.to_owned()),
        payload: Set(payload),
        run_at: Set(unit.now()),
        expires_at: Set(unit.now().plus(lifetime)),
        attempts: Set(0),
        last_fault: Set(None),
    };
    jobs::Entity::insert(row).exec_without_returning(unit.connection()).await?;
    Ok(())
}

/// Takes at most `limit` pieces of work that are due, so that no other instance takes them within `hold`. Whoever
/// dies holding one leaves it to the next.
pub async fn claim(unit: &UnitOfWork, limit: u64, hold: Duration) -> Result<Vec<Job>, StoreError> {
    let due = jobs::Entity::find()
        .filter(jobs::Column::RunAt.lte(unit.now()))
        .order_by_asc(jobs::Column::RunAt)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(unit.connection())
        .await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    jobs::Entity::update_many()
        .col_expr(jobs::Column::RunAt, Expr::value(unit.now().plus(hold)))
        .col_expr(jobs::Column::Attempts, Expr::col(jobs::Column::Attempts).add(1))
        .filter(jobs::Column::Id.is_in(due.iter().map(|row| row.id)))
        .exec(unit.connection())
        .await?;
    let job = |row: jobs::Model| Job {
        id: row.id,
        kind: row.kind,
        payload: row.payload,
        attempts: row.attempts + 1,
        expires_at: row.expires_at,
    };
    Ok(due.into_iter().map(job).collect())
}

/// Strikes work off: it is done, or no longer worth doing.
pub async fn finish(unit: &UnitOfWork, id: JobId) -> Result<(), StoreError> {
    jobs::Entity::delete_by_id(id).exec(unit.connection()).await?;
    Ok(())
}

/// Puts work off until an instant, and says why.
pub async fn put_off(unit: &UnitOfWork, id: JobId, until: Timestamp, fault: &str) -> Result<(), StoreError> {
    jobs::Entity::update_many()
        .col_expr(jobs::Column::RunAt, Expr::value(until))
        .col_expr(jobs::Column::LastFault, Expr::value(fault))
        .filter(jobs::Column::Id.eq(id))
        .exec(unit.connection())
        .await?;
    Ok(())
}
