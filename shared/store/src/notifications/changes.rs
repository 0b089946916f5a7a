use domain::Timestamp;
use domain::ids::{NotificationId, UserId};
use domain::notifications::{Occasion, UnreadCounts};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query, UpdateStatement};

use super::{Earlier, Group};
use crate::entities::{notification_actors, notification_heads, notifications};
use crate::rows::expect_one;
use crate::writes::{Write, run_together};
use crate::{StoreError, UnitOfWork};

/// Creates a notification with one actor. Returns how the recipient's counters changed. Like every change here, it is
/// called while the unit holds the recipient's head, see [`advance`](super::advance).
pub async fn create(
    unit: &UnitOfWork,
    id: NotificationId,
    recipient: UserId,
    occasion: Occasion,
    actor: UserId,
    at: Timestamp,
) -> Result<UnreadCounts, StoreError> {
    use notifications::Column;
    let target = occasion.target();
    let notification = Query::insert()
        .into_table(notifications::Entity)
        .columns([
            Column::Id,
            Column::UserId,
            Column::Kind,
            Column::GroupKey,
            Column::TargetType,
            Column::TargetId,
            Column::PostId,
            Column::ActorCount,
            Column::CreatedAt,
            Column::UpdatedAt,
        ])
        .values_panic([
            id.0.into(),
            recipient.0.into(),
            occasion.kind().as_str().into(),
            occasion.group_key().into(),
            target.kind.as_str().into(),
            target.id.into(),
            target.post_id.map(|post| post.0).into(),
            1_i64.into(),
            at.0.into(),
            at.0.into(),
        ])
        .to_owned();
    let change = UnreadCounts { unseen: 1, unread: 1 };
    apply(unit, recipient, id, [Write::Insert(notification), put_actor(id, actor, at)], change).await
}

/// Adds an actor to a notification, which becomes unseen again. Returns how the recipient's counters changed.
pub async fn add_actor(
    unit: &UnitOfWork,
    recipient: UserId,
    group: &Group,
    actor: UserId,
    at: Timestamp,
) -> Result<UnreadCounts, StoreError> {
    let was_shown = group.actor_count > 0;
    let change =
        UnreadCounts { unseen: i64::from(!was_shown || group.is_seen), unread: i64::from(!was_shown) };
    let grown = adjust_actors(group.id, 1)
        .value(notifications::Column::UpdatedAt, at)
        .value(notifications::Column::SeenAt, None::<Timestamp>)
        .to_owned();
    apply(unit, recipient, group.id, [Write::Update(grown), put_actor(group.id, actor, at)], change).await
}

/// Marks an actor of a notification as withdrawn. A notification whose actors all withdrew is no longer shown. Returns
/// how the recipient's counters changed.
pub async fn retract_actor(
    unit: &UnitOfWork,
    recipient: UserId,
    earlier: &Earlier,
    actor: UserId,
) -> Result<UnreadCounts, StoreError> {
    let last = i64::from(earlier.actor_count == 1);
    let change =
        UnreadCounts { unseen: -last * earlier.weight.unseen, unread: -last * earlier.weight.unread };
    set_retracted(unit, recipient, earlier, actor, Some(unit.now()), change).await
}

/// Shows an actor that withdrew again, without a new notification. Returns how the recipient's counters changed.
pub async fn restore_actor(
    unit: &UnitOfWork,
    recipient: UserId,
    earlier: &Earlier,
    actor: UserId,
) -> Result<UnreadCounts, StoreError> {
    let first = i64::from(earlier.actor_count == 0);
    let change =
        UnreadCounts { unseen: first * earlier.weight.unseen, unread: first * earlier.weight.unread };
    set_retracted(unit, recipient, earlier, actor, None, change).await
}

async fn set_retracted(
    unit: &UnitOfWork,
    recipient: UserId,
    earlier: &Earlier,
    actor: UserId,
    retracted_at: Option<Timestamp>,
    change: UnreadCounts,
) -> Result<UnreadCounts, StoreError> {
    use notification_actors::Column;
    let set = Query::update()
        .table(notification_actors::Entity)
        .value(Column::RetractedAt, retracted_at)
        .and_where(Expr::col(Column::NotificationId).eq(earlier.id))
        .and_where(Expr::col(Column::ActorId).eq(actor))
        .to_owned();
    let by = if retracted_at.is_some() { -1 } else { 1 };
    let writes = [Write::Update(adjust_actors(earlier.id, by)), Write::Update(set)];
    apply(unit, recipient, earlier.id, writes, change).await
}

/// Runs the writes of one notification and of one of its actors, and adjusts the recipient's counters where they change.
async fn apply(
    unit: &UnitOfWork,
    recipient: UserId,
    id: NotificationId,
    [notification, actor]: [Write; 2],
    change: UnreadCounts,
) -> Result<UnreadCounts, StoreError> {
    let connection = unit.connection();
    let [notifications, actors] = if change == (UnreadCounts { unseen: 0, unread: 0 }) {
        run_together(connection, [notification, actor]).await?
    } else {
        let writes = [notification, actor, Write::Update(adjust_counters(recipient, change))];
        let [notifications, actors, heads] = run_together(connection, writes).await?;
        expect_one(heads, "notification_heads", recipient)?;
        [notifications, actors]
    };
    expect_one(notifications, "notifications", id)?;
    expect_one(actors, "notification_actors", id)?;
    Ok(change)
}

fn put_actor(id: NotificationId, actor: UserId, at: Timestamp) -> Write {
    use notification_actors::Column;
    let renew = OnConflict::columns([Column::NotificationId, Column::ActorId])
        .update_columns([Column::CreatedAt, Column::RetractedAt])
        .to_owned();
    let insert = Query::insert()
        .into_table(notification_actors::Entity)
        .columns([Column::NotificationId, Column::ActorId, Column::CreatedAt, Column::RetractedAt])
        .values_panic([id.0.into(), actor.0.into(), at.0.into(), None::<i64>.into()])
        .on_conflict(renew)
        .to_owned();
    Write::Insert(insert)
}

fn adjust_actors(id: NotificationId, by: i64) -> UpdateStatement {
    use notifications::Column;
    Query::update()
        .table(notifications::Entity)
        .value(Column::ActorCount, Expr::col(Column::ActorCount).add(by))
        .and_where(Expr::col(Column::Id).eq(id))
        .to_owned()
}

/// Adds to the counters of a recipient.
pub(super) fn adjust_counters(recipient: UserId, change: UnreadCounts) -> UpdateStatement {
    use notification_heads::Column;
    Query::update()
        .table(notification_heads::Entity)
        .value(Column::Unseen, Expr::col(Column::Unseen).add(change.unseen))
        .value(Column::Unread, Expr::col(Column::Unread).add(change.unread))
        .and_where(Expr::col(Column::UserId).eq(recipient))
        .to_owned()
}
