use std::collections::HashMap;

use domain::ids::{NotificationId, UserId};
use domain::notifications::{ACTORS_SHOWN, NotificationType, NotificationView, Target, TargetType};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query, WindowStatement};
use sea_orm::{ColumnTrait, ConnectionTrait};

use super::StoredNotification;
use crate::entities::{notification_actors, notifications};
use crate::users::Summaries;
use crate::{StoreError, users};

/// Returns notifications as they are shown: two statements, however many there are.
pub async fn views(
    connection: &impl ConnectionTrait,
    stored: Vec<StoredNotification>,
) -> Result<Vec<NotificationView>, StoreError> {
    let actors = latest_actors(connection, stored.iter().map(|row| row.0.id)).await?;
    let summaries = users::summaries(connection, actors.values().flatten().copied()).await?;
    stored.into_iter().map(|row| make_view(row.0, &actors, &summaries)).collect()
}

/// Returns one notification as it is shown.
pub async fn view(
    connection: &impl ConnectionTrait,
    stored: StoredNotification,
) -> Result<NotificationView, StoreError> {
    let id = stored.0.id;
    let view = views(connection, vec![stored]).await?.into_iter().next();
    view.ok_or_else(|| StoreError::corrupt("notifications", format!("no view of {id}")))
}

/// Returns the latest actors of every entry: a like by a thousand reads three rows.
async fn latest_actors(
    connection: &impl ConnectionTrait,
    ids: impl Iterator<Item = NotificationId>,
) -> Result<HashMap<NotificationId, Vec<UserId>>, StoreError> {
    use notification_actors::{Column, Entity};
    let ids: Vec<_> = ids.collect();
    let mut actors: HashMap<NotificationId, Vec<UserId>> = HashMap::new();
    if ids.is_empty() {
        return Ok(actors);
    }
    let latest_first = WindowStatement::partition_by(Column::NotificationId)
        .order_by(Column::CreatedAt, Order::Desc)
        .order_by(Column::ActorId, Order::Desc)
        .to_owned();
    let ranked = Query::select()
        .columns([Column::NotificationId, Column::ActorId])
        .expr_window_as(Expr::cust("ROW_NUMBER()"), latest_first, Alias::new("place"))
        .from(Entity)
        .and_where(Column::NotificationId.is_in(ids))
        .and_where(Column::RetractedAt.is_null())
        .to_owned();
    let shown = i64::try_from(ACTORS_SHOWN).unwrap_or(i64::MAX);
    let select = Query::select()
        .columns(["notification_id", "actor_id"])
        .from_subquery(ranked, Alias::new("ranked"))
        .and_where(Expr::col(Alias::new("place")).lte(shown))
        .order_by(Alias::new("notification_id"), Order::Asc)
        .order_by(Alias::new("place"), Order::Asc)
        .to_owned();
    for row in connection.query_all(&select).await? {
        let id: NotificationId = row.try_get("", "notification_id")?;
        actors.entry(id).or_default().push(row.try_get("", "actor_id")?);
    }
    Ok(actors)
}

fn make_view(
    row: notifications::Model,
    actors: &HashMap<NotificationId, Vec<UserId>>,
    summaries: &Summaries,
) -> Result<NotificationView, StoreError> {
    let corrupt = |column: &str| StoreError::corrupt("notifications", format!("{column} of {}", row.id));
    let named = actors.get(&row.id).map(Vec::as_slice).unwrap_or_default();
    let kind = NotificationType::from_name(&row.kind).ok_or_else(|| corrupt("type"))?;
    // Follows of a day gather in the entry of the first, who may have stopped following: it leads to the latest.
    let follower = named.first().filter(|_| kind == NotificationType::Followed);
    Ok(NotificationView {
        id: row.id,
        kind,
        actors: named.iter().map(|actor| summaries.get(*actor)).collect::<Result<_, _>>()?,
        actor_count: row.actor_count,
        target: Target {
            kind: TargetType::from_name(&row.target_type).ok_or_else(|| corrupt("target_type"))?,
            id: follower.map_or(row.target_id, |follower| follower.0),
            post_id: row.post_id,
        },
        group_key: row.group_key,
        seen_at: row.seen_at,
        read_at: row.read_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}
