use std::collections::HashMap;

use domain::ids::{NotificationId, UserId};
use domain::notifications::{ACTORS_SHOWN, NotificationType, NotificationView, Target, TargetType};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait};

use super::StoredNotification;
use crate::backend::is_among;
use crate::entities::{notification_actors, notifications};
use crate::users::Summaries;
use crate::{StoreError, users};

/// Returns notifications as they are shown. Runs two statements, however many notifications there are.
pub async fn views(
    connection: &impl ConnectionTrait,
    stored: Vec<StoredNotification>,
) -> Result<Vec<NotificationView>, StoreError> {
    let actors = latest_actors(connection, stored.iter().map(|row| row.0.id)).await?;
    let summaries = users::summaries(connection, actors.values().flatten().copied()).await?;
    stored.into_iter().map(|row| make_view(row.0, &actors, &summaries)).collect()
}

/// Returns the latest actors of each notification, the latest first. Each is found by an index: a notification with
/// 50,000 actors costs the same as one with three.
async fn latest_actors(
    connection: &impl ConnectionTrait,
    ids: impl Iterator<Item = NotificationId>,
) -> Result<HashMap<NotificationId, Vec<UserId>>, StoreError> {
    use notification_actors::{Column, Entity};
    let ids: Vec<_> = ids.map(|id| id.0).collect();
    let mut actors: HashMap<NotificationId, Vec<UserId>> = HashMap::new();
    if ids.is_empty() {
        return Ok(actors);
    }
    let mut select = Query::select();
    select.column(notifications::Column::Id).from(notifications::Entity);
    select.and_where(is_among(connection, notifications::Column::Id, ids));
    for (place, offset) in (0..ACTORS_SHOWN).zip(0_u64..) {
        let notification = Expr::col((notifications::Entity, notifications::Column::Id));
        let actor = Query::select()
            .column(Column::ActorId)
            .from(Entity)
            .and_where(Expr::col((Entity, Column::NotificationId)).eq(notification))
            .and_where(Column::RetractedAt.is_null())
            .order_by(Column::CreatedAt, Order::Desc)
            .order_by(Column::ActorId, Order::Desc)
            .limit(1)
            .offset(offset)
            .to_owned();
        select.expr_as(Expr::from(actor), format!("actor_{place}"));
    }
    for row in connection.query_all(&select).await? {
        let latest = actors.entry(row.try_get("", "id")?).or_default();
        for place in 0..ACTORS_SHOWN {
            latest.extend(row.try_get::<Option<UserId>>("", &format!("actor_{place}"))?);
        }
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
    // Follows of one day share the notification of the first follower, who may have unfollowed: it links to the latest
    // one.
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
