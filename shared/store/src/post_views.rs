//! Views of posts: who was counted within the last day, so that of several processes one counts a viewer (rule PO6).

use std::collections::BTreeMap;

use domain::Timestamp;
use domain::ids::PostId;
use domain::posts::VIEW_WINDOW;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Value};
use serde::Serialize;
use uuid::Uuid;

use crate::backend::{has_data_modifying_with, statement};
use crate::entities::{post_views, posts};
use crate::{StoreError, UnitOfWork};

/// A view that is to be counted unless its viewer was counted within the last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct View {
    /// The post.
    pub post_id: PostId,
    /// Key of the viewer.
    pub viewer: Uuid,
    /// When the post was sent.
    pub seen_at: Timestamp,
}

#[derive(Serialize)]
struct Row {
    post_id: String,
    viewer: String,
    seen_at: i64,
}

/// PostgreSQL: the posts are locked in the order of their ids, so that two processes do not wait for each other. Parameters:
/// the views as JSON, the window in milliseconds.
const COUNT: &str = "
    WITH seen AS (
        SELECT * FROM json_to_recordset($1::json) AS seen (post_id uuid, viewer uuid, seen_at bigint)
    ), locked AS (
        SELECT id FROM posts
        WHERE id IN (SELECT post_id FROM seen) AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE
    ), counted AS (
        INSERT INTO post_views (post_id, viewer, counted_at)
        SELECT seen.post_id, seen.viewer, seen.seen_at FROM seen JOIN locked ON locked.id = seen.post_id
        ON CONFLICT (post_id, viewer) DO UPDATE SET counted_at = excluded.counted_at
            WHERE post_views.counted_at <= excluded.counted_at - $2
        RETURNING post_id
    ), total AS (
        SELECT post_id, COUNT(*) AS views FROM counted GROUP BY post_id
    )
    UPDATE posts SET views_count = views_count + total.views FROM total WHERE posts.id = total.post_id
    RETURNING total.views";

const COUNT_ON_SQLITE: &str = "
    INSERT INTO post_views (post_id, viewer, counted_at)
    SELECT unhex(seen.value ->> 'post_id'), unhex(seen.value ->> 'viewer'), seen.value ->> 'seen_at'
    FROM json_each($1) AS seen JOIN posts ON posts.id = unhex(seen.value ->> 'post_id')
    WHERE posts.deleted_at IS NULL
    ON CONFLICT (post_id, viewer) DO UPDATE SET counted_at = excluded.counted_at
        WHERE post_views.counted_at <= excluded.counted_at - $2
    RETURNING post_id";

/// Counts views of live posts, each viewer of a post at most once in the views. Returns the number of those that were
/// counted.
pub async fn count(unit: &UnitOfWork, views: &[View]) -> Result<i64, StoreError> {
    let row = |view: &View| Row {
        post_id: view.post_id.0.simple().to_string(),
        viewer: view.viewer.simple().to_string(),
        seen_at: view.seen_at.0,
    };
    let rows: Vec<Row> = views.iter().map(row).collect();
    let json = serde_json::to_string(&rows).map_err(StoreError::Frame)?;
    let window = i64::try_from(VIEW_WINDOW.as_millis()).unwrap_or(i64::MAX);
    let values: [Value; 2] = [json.into(), window.into()];
    let connection = unit.connection().await?;
    if has_data_modifying_with(connection) {
        let mut counted = 0;
        for row in connection.query_all_raw(statement(connection, COUNT, values)).await? {
            counted += row.try_get_by_index::<i64>(0)?;
        }
        return Ok(counted);
    }
    let mut totals: BTreeMap<PostId, i64> = BTreeMap::new();
    for row in connection.query_all_raw(statement(connection, COUNT_ON_SQLITE, values)).await? {
        *totals.entry(row.try_get_by_index(0)?).or_default() += 1;
    }
    for (post, views) in &totals {
        let update = Query::update()
            .table(posts::Entity)
            .value(posts::Column::ViewsCount, Expr::col(posts::Column::ViewsCount).add(*views))
            .and_where(Expr::col(posts::Column::Id).eq(*post))
            .to_owned();
        connection.execute(&update).await?;
    }
    Ok(totals.values().sum())
}

/// Forgets at most `limit` viewers who were counted before `before`. Returns their number.
pub async fn prune(unit: &UnitOfWork, before: Timestamp, limit: u16) -> Result<u64, StoreError> {
    let old = Query::select()
        .columns([post_views::Column::PostId, post_views::Column::Viewer])
        .from(post_views::Entity)
        .and_where(post_views::Column::CountedAt.lt(before))
        .order_by(post_views::Column::CountedAt, Order::Asc)
        .limit(u64::from(limit))
        .to_owned();
    let key = [post_views::Column::PostId, post_views::Column::Viewer].map(Expr::col);
    let deleted = post_views::Entity::delete_many()
        .filter(Expr::tuple(key).in_subquery(old))
        .exec(unit.connection().await?)
        .await?;
    Ok(deleted.rows_affected)
}
