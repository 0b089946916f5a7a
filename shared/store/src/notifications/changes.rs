use domain::Timestamp;
use domain::ids::{NotificationId, UserId};
use domain::notifications::{Occasion, UnreadCounts};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query, UpdateStatement};

use super::{Earlier, Group};
use crate::UnitOfWork;
use crate::entities::{notification_actors, notification_heads, notifications};
use crate::writes::Write;

/// Creates a notification with one actor. Returns how the recipient's counters changed. Like every change here, it is
/// called while the unit holds the recipient's head, see [`advance`](super::advance).
pub fn create(
    unit: &UnitOfWork,
    id: NotificationId,
    recipient: UserId,
    occasion: Occasion,
    actor: UserId,
    at: Timestamp,
) -> UnreadCounts {
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
    unit.write(Write::insert("notifications", id.0, notification));
    put_actor(unit, id, actor, at);
    adjust_counters(unit, recipient, change)
}

/// Adds an actor to a notification, which becomes unseen again. Returns how the recipient's counters changed.
pub fn add_actor(
    unit: &UnitOfWork,
    recipient: UserId,
    group: &Group,
    actor: UserId,
    at: Timestamp,
) -> UnreadCounts {
    let was_shown = group.actor_count > 0;
    let change =
        UnreadCounts { unseen: i64::from(!was_shown || group.is_seen), unread: i64::from(!was_shown) };
    let grown = adjust_actors(group.id, 1)
        .value(notifications::Column::UpdatedAt, at)
        .value(notifications::Column::SeenAt, None::<Timestamp>)
        .to_owned();
    unit.write(Write::update("notifications", group.id.0, grown));
    put_actor(unit, group.id, actor, at);
    adjust_counters(unit, recipient, change)
}

/// Marks an actor of a notification as withdrawn. A notification whose actors all withdrew is no longer shown. Returns
/// how the recipient's counters changed.
pub fn retract_actor(unit: &UnitOfWork, recipient: UserId, earlier: &Earlier, actor: UserId) -> UnreadCounts {
    let last = i64::from(earlier.actor_count == 1);
    let change =
        UnreadCounts { unseen: -last * earlier.weight.unseen, unread: -last * earlier.weight.unread };
    set_retracted(unit, earlier, actor, Some(unit.now()));
    adjust_counters(unit, recipient, change)
}

/// Shows an actor that withdrew again, without a new notification. Returns how the recipient's counters changed.
pub fn restore_actor(unit: &UnitOfWork, recipient: UserId, earlier: &Earlier, actor: UserId) -> UnreadCounts {
    let first = i64::from(earlier.actor_count == 0);
    let change =
        UnreadCounts { unseen: first * earlier.weight.unseen, unread: first * earlier.weight.unread };
    set_retracted(unit, earlier, actor, None);
    adjust_counters(unit, recipient, change)
}

fn set_retracted(unit: &UnitOfWork, earlier: &Earlier, actor: UserId, retracted_at: Option<Timestamp>) {
    use notification_actors::Column;
    let set = Query::update()
        .table(notification_actors::Entity)
        .value(Column::RetractedAt, retracted_at)
        .and_where(Expr::col(Column::NotificationId).eq(earlier.id))
        .and_where(Expr::col(Column::ActorId).eq(actor))
        .to_owned();
    let by = if retracted_at.is_some() { -1 } else { 1 };
    unit.write(Write::update("notifications", earlier.id.0, adjust_actors(earlier.id, by)));
    unit.write(Write::update("notification_actors", earlier.id.0, set));
}

fn put_actor(unit: &UnitOfWork, id: NotificationId, actor: UserId, at: Timestamp) {
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
    unit.write(Write::insert("notification_actors", id.0, insert));
}

fn adjust_actors(id: NotificationId, by: i64) -> UpdateStatement {
    use notifications::Column;
    Query::update()
        .table(notifications::Entity)
        .value(Column::ActorCount, Expr::col(Column::ActorCount).add(by))
        .and_where(Expr::col(Column::Id).eq(id))
        .to_owned()
}

/// Adds to the counters of a recipient, where that changes them. Returns the change.
pub(super) fn adjust_counters(unit: &UnitOfWork, recipient: UserId, change: UnreadCounts) -> UnreadCounts {
    use notification_heads::Column;
    if change != (UnreadCounts { unseen: 0, unread: 0 }) {
        let update = Query::update()
            .table(notification_heads::Entity)
            .value(Column::Unseen, Expr::col(Column::Unseen).add(change.unseen))
            .value(Column::Unread, Expr::col(Column::Unread).add(change.unread))
            .and_where(Expr::col(Column::UserId).eq(recipient))
            .to_owned();
        unit.write(Write::update("notification_heads", recipient.0, update));
    }
    change
}
