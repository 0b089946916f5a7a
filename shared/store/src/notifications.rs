//! What people are told.

mod views;

use domain::Timestamp;
use domain::ids::{NotificationId, UserId};
use domain::notifications::{Occasion, UnreadCounts};
use domain::page::{Page, PageRequest, SortKey};
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::entities::{notification_actors, notification_heads, notifications};
use crate::page::{Keyset, Sorting, assemble};
use crate::{StoreError, UnitOfWork};

pub use views::{view, views};

/// A stored notification, to be made into a view.
#[derive(Debug, Clone)]
pub struct StoredNotification(pub(crate) notifications::Model);

impl StoredNotification {
    /// Returns which one it is.
    pub fn id(&self) -> NotificationId {
        self.0.id
    }
}

/// A place in the line of everything a person is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Its number: 1, 2, 3 …
    pub number: i64,
    /// When it is: the unit's instant, or just after the turn before, if that unit began later. So who has read up to
    /// an instant has not read what is told afterwards (rule NO5).
    pub at: Timestamp,
}

/// Puts this unit into the line of everything this person is told.
pub async fn next_seq(unit: &UnitOfWork, person: UserId) -> Result<Turn, StoreError> {
    use notification_heads::Column;
    let row = notification_heads::ActiveModel { user_id: Set(person), seq: Set(1), told_at: Set(unit.now()) };
    let told_at = Expr::col((notification_heads::Entity, Column::ToldAt));
    let later = Expr::case(told_at.clone().gte(unit.now()), told_at.add(1)).finally(unit.now());
    let one_more = OnConflict::column(Column::UserId)
        .value(Column::Seq, Expr::col((notification_heads::Entity, Column::Seq)).add(1))
        .value(Column::ToldAt, later)
        .to_owned();
    let head = notification_heads::Entity::insert(row)
        .on_conflict(one_more)
        .exec_with_returning(unit.connection())
        .await?;
    Ok(Turn { number: head.seq, at: head.told_at })
}

/// Gives back the number [`next_seq`] took, where the unit tells this person nothing after all: the numbers have no
/// holes, so that whoever misses one knows. The unit stays in the line until it ends.
pub async fn give_back_seq(unit: &UnitOfWork, person: UserId) -> Result<(), StoreError> {
    notification_heads::Entity::update_many()
        .col_expr(notification_heads::Column::Seq, Expr::col(notification_heads::Column::Seq).sub(1))
        .filter(notification_heads::Column::UserId.eq(person))
        .exec(unit.connection())
        .await?;
    Ok(())
}

/// Finds the entry that gathers an occasion while unread. Called in the person's line, see [`next_seq`].
pub async fn find_unread_group(
    unit: &UnitOfWork,
    person: UserId,
    group_key: &str,
) -> Result<Option<StoredNotification>, StoreError> {
    let row = notifications::Entity::find()
        .filter(notifications::Column::UserId.eq(person))
        .filter(notifications::Column::GroupKey.eq(group_key))
        .filter(notifications::Column::ReadAt.is_null())
        .one(unit.connection())
        .await?;
    Ok(row.map(StoredNotification))
}

/// That a person was told what an actor did.
#[derive(Debug, Clone)]
pub struct Telling {
    /// The entry that names the actor.
    pub notification: NotificationId,
    /// When they were told.
    pub told_at: Timestamp,
    /// Whether the actor took it back since.
    pub is_retracted: bool,
}

/// Finds when a person was last told that an actor did such a thing. Called in the person's line.
pub async fn find_telling(
    unit: &UnitOfWork,
    person: UserId,
    occasion: Occasion,
    actor: UserId,
) -> Result<Option<Telling>, StoreError> {
    let to_entry = notification_actors::Entity::belongs_to(notifications::Entity)
        .from(notification_actors::Column::NotificationId)
        .to(notifications::Column::Id)
        .into();
    let mut select = notification_actors::Entity::find()
        .join(JoinType::InnerJoin, to_entry)
        .filter(notification_actors::Column::ActorId.eq(actor))
        .filter(notifications::Column::UserId.eq(person))
        .filter(notifications::Column::Kind.eq(occasion.kind().as_str()));
    // Follows gather in the entry of the first of the day; the actor alone tells them apart.
    if !matches!(occasion, Occasion::Followed(..)) {
        select = select.filter(notifications::Column::TargetId.eq(occasion.target().id));
    }
    let latest = select
        .order_by_desc(notification_actors::Column::CreatedAt)
        .order_by_desc(notification_actors::Column::NotificationId)
        .one(unit.connection())
        .await?;
    Ok(latest.map(|row| Telling {
        notification: row.notification_id,
        told_at: row.created_at,
        is_retracted: row.retracted_at.is_some(),
    }))
}

/// Begins an entry about an occasion, still without anybody in it.
pub async fn insert(
    unit: &UnitOfWork,
    id: NotificationId,
    person: UserId,
    occasion: Occasion,
    at: Timestamp,
) -> Result<StoredNotification, StoreError> {
    let target = occasion.target();
    let row = notifications::ActiveModel {
        id: Set(id),
        user_id: Set(person),
        kind: Set(occasion.kind().as_str().to_owned()),
        group_key: Set(occasion.group_key()),
        target_type: Set(target.kind.as_str().to_owned()),
        target_id: Set(target.id),
        post_id: Set(target.post_id),
        actor_count: Set(0),
        seen_at: Set(None),
        read_at: Set(None),
        created_at: Set(at),
        updated_at: Set(at),
    };
    let row = notifications::Entity::insert(row).exec_with_returning(unit.connection()).await?;
    Ok(StoredNotification(row))
}

/// Adds an actor to an entry, which becomes unseen again. Returns the entry.
pub async fn add_actor(
    unit: &UnitOfWork,
    id: NotificationId,
    actor: UserId,
    at: Timestamp,
) -> Result<Option<StoredNotification>, StoreError> {
    use notification_actors::Column;
    let row = notification_actors::ActiveModel {
        notification_id: Set(id),
        actor_id: Set(actor),
        created_at: Set(at),
        retracted_at: Set(None),
    };
    let anew = OnConflict::columns([Column::NotificationId, Column::ActorId])
        .update_columns([Column::CreatedAt, Column::RetractedAt])
        .to_owned();
    notification_actors::Entity::insert_many([row])
        .on_conflict(anew)
        .exec_without_returning(unit.connection())
        .await?;
    let rows = notifications::Entity::update_many()
        .col_expr(notifications::Column::ActorCount, Expr::col(notifications::Column::ActorCount).add(1))
        .col_expr(notifications::Column::UpdatedAt, Expr::value(at))
        .col_expr(notifications::Column::SeenAt, Expr::value(None::<Timestamp>))
        .filter(notifications::Column::Id.eq(id))
        .exec_with_returning(unit.connection())
        .await?;
    Ok(rows.into_iter().next().map(StoredNotification))
}

/// Takes an actor out of an entry; an entry without actors is no longer shown.
pub async fn retract_actor(unit: &UnitOfWork, id: NotificationId, actor: UserId) -> Result<(), StoreError> {
    set_retracted(unit, id, actor, Some(unit.now())).await
}

/// Puts an actor back into an entry, without telling anybody.
pub async fn restore_actor(unit: &UnitOfWork, id: NotificationId, actor: UserId) -> Result<(), StoreError> {
    set_retracted(unit, id, actor, None).await
}

async fn set_retracted(
    unit: &UnitOfWork,
    id: NotificationId,
    actor: UserId,
    retracted_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    notification_actors::Entity::update_many()
        .col_expr(notification_actors::Column::RetractedAt, Expr::value(retracted_at))
        .filter(notification_actors::Column::NotificationId.eq(id))
        .filter(notification_actors::Column::ActorId.eq(actor))
        .exec(unit.connection())
        .await?;
    let by = if retracted_at.is_some() { -1 } else { 1 };
    notifications::Entity::update_many()
        .col_expr(notifications::Column::ActorCount, Expr::col(notifications::Column::ActorCount).add(by))
        .filter(notifications::Column::Id.eq(id))
        .exec(unit.connection())
        .await?;
    Ok(())
}

/// Which entries of a list are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All of them.
    All,
    /// Those not yet read.
    Unread,
}

/// Returns a page of what a person was told, the latest first. Changes nothing.
pub async fn list(
    connection: &impl ConnectionTrait,
    person: UserId,
    wanted: Wanted,
    request: &PageRequest,
) -> Result<Page<StoredNotification>, StoreError> {
    let mut select = notifications::Entity::find()
        .filter(notifications::Column::UserId.eq(person))
        .filter(notifications::Column::ActorCount.gt(0));
    if wanted == Wanted::Unread {
        select = select.filter(notifications::Column::ReadAt.is_null());
    }
    let keyset = Keyset {
        id: notifications::Column::Id,
        value: Some(notifications::Column::UpdatedAt),
        sorting: Sorting::Descending,
    };
    let rows = keyset.narrow(select, request).all(connection).await?;
    let page = assemble(rows, request, |row| SortKey { value: row.updated_at.0, id: row.id.0 });
    Ok(page.map(StoredNotification))
}

/// Returns how many entries wait, in one statement.
pub async fn unread(connection: &impl ConnectionTrait, person: UserId) -> Result<UnreadCounts, StoreError> {
    let waiting = |column| Func::count(Expr::case(Expr::col(column).is_null(), 1));
    let select = Query::select()
        .expr_as(waiting(notifications::Column::SeenAt), "unseen")
        .expr_as(waiting(notifications::Column::ReadAt), "unread")
        .from(notifications::Entity)
        .and_where(notifications::Column::UserId.eq(person))
        .and_where(notifications::Column::ActorCount.gt(0))
        .cond_where(
            Condition::any()
                .add(notifications::Column::SeenAt.is_null())
                .add(notifications::Column::ReadAt.is_null()),
        )
        .to_owned();
    let row = connection.query_one(&select).await?;
    let row = row.ok_or_else(|| StoreError::corrupt("notifications", "no count"))?;
    Ok(UnreadCounts { unseen: row.try_get("", "unseen")?, unread: row.try_get("", "unread")? })
}

/// Which entries a person has read or seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marked {
    /// These.
    Ids(Vec<NotificationId>),
    /// Every one that last happened at this instant or before.
    UpTo(Timestamp),
}

/// What a person did with entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Opened the list with them in it.
    Seen,
    /// Opened them, which is seeing them too.
    Read,
}

/// Marks entries of a person that are shown. Called in the person's line, see [`next_seq`].
pub async fn mark(unit: &UnitOfWork, person: UserId, marked: &Marked, mark: Mark) -> Result<(), StoreError> {
    let marks = match mark {
        Mark::Seen => vec![notifications::Column::SeenAt],
        Mark::Read => vec![notifications::Column::SeenAt, notifications::Column::ReadAt],
    };
    for column in marks {
        let update = notifications::Entity::update_many()
            .col_expr(column, Expr::value(unit.now()))
            .filter(notifications::Column::UserId.eq(person))
            .filter(notifications::Column::ActorCount.gt(0))
            .filter(column.is_null());
        let update = match marked {
            Marked::Ids(ids) => update.filter(notifications::Column::Id.is_in(ids.iter().copied())),
            Marked::UpTo(instant) => update.filter(notifications::Column::UpdatedAt.lte(*instant)),
        };
        update.exec(unit.connection()).await?;
    }
    Ok(())
}
