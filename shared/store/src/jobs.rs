//! Jobs: rows written in the same commit as their cause, run later by any process.

use std::time::Duration;

use domain::Timestamp;
use domain::ids::JobId;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::backend::is_among;
use crate::entities::jobs;
use crate::{StoreError, UnitOfWork};

/// A claimed job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Name of its kind.
    pub kind: String,
    /// Its input, as JSON.
    pub payload: String,
    /// Number of times it was claimed, this time included.
    pub attempts: i32,
    /// When it is no longer worth running.
    pub expires_at: Timestamp,
}

/// Enqueues a job. The commit of the unit wakes the workers of this process.
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
    jobs::Entity::insert(row).exec_without_returning(unit.connection().await?).await?;
    unit.note_job();
    Ok(())
}

/// Returns whether a job is due at `now`.
pub async fn any_due(connection: &impl ConnectionTrait, now: Timestamp) -> Result<bool, StoreError> {
    let due: Option<JobId> = jobs::Entity::find()
        .select_only()
        .column(jobs::Column::Id)
        .filter(jobs::Column::RunAt.lte(now))
        .order_by_asc(jobs::Column::RunAt)
        .limit(1)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(due.is_some())
}

/// Claims at most `limit` due jobs, the longest waiting first. No other process claims them within `hold`. A job whose
/// worker dies is claimed again after that.
pub async fn claim(unit: &UnitOfWork, limit: u64, hold: Duration) -> Result<Vec<Job>, StoreError> {
    let due = jobs::Entity::find()
        .filter(jobs::Column::RunAt.lte(unit.now()))
        .order_by_asc(jobs::Column::RunAt)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(unit.connection().await?)
        .await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    jobs::Entity::update_many()
        .col_expr(jobs::Column::RunAt, Expr::value(unit.now().plus(hold)))
        .col_expr(jobs::Column::Attempts, Expr::col(jobs::Column::Attempts).add(1))
        .filter(is_among(unit.connection().await?, jobs::Column::Id, due.iter().map(|row| row.id.0)))
        .exec(unit.connection().await?)
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

/// Deletes a job that is done or given up. Another process that claimed it after `hold` may have deleted it already.
pub async fn finish(unit: &UnitOfWork, id: JobId) -> Result<(), StoreError> {
    jobs::Entity::delete_by_id(id).exec(unit.connection().await?).await?;
    Ok(())
}

/// Postpones a job until an instant and stores the reason. Another process that claimed it after `hold` may have deleted
/// it already.
pub async fn put_off(unit: &UnitOfWork, id: JobId, until: Timestamp, fault: &str) -> Result<(), StoreError> {
    jobs::Entity::update_many()
        .col_expr(jobs::Column::RunAt, Expr::value(until))
        .col_expr(jobs::Column::LastFault, Expr::value(fault))
        .filter(jobs::Column::Id.eq(id))
        .exec(unit.connection().await?)
        .await?;
    Ok(())
}
