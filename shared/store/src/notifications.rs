//! Notifications: one row for each group of occasions, its actors, and one head for each recipient.

mod changes;
mod state;
mod views;

use domain::Timestamp;
use domain::ids::{NotificationId, UserId};
use domain::notifications::UnreadCounts;
use domain::page::{Page, PageRequest, SortKey};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryResult, QuerySelect};

use crate::backend::{is_among, statement};
use crate::entities::{notification_heads, notifications};
use crate::page::{Keyset, Sorting, assemble};
use crate::writes::Write;
use crate::{StoreError, UnitOfWork};

pub use changes::{add_actor, create, restore_actor, retract_actor};
pub use state::{Earlier, Group, State, advance_for};
pub use views::views;

/// A stored notification, the input of a view.
#[derive(Debug, Clone)]
pub struct StoredNotification(pub(crate) notifications::Model);

impl StoredNotification {
    /// Returns its id.
    pub fn id(&self) -> NotificationId {
        self.0.id
    }
}

/// A recipient's next notification number and timestamp, and the counters before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number: 1, 2, 3 …
    pub number: i64,
    /// The instant of the unit, or one millisecond after the previous timestamp of this recipient, whichever is later.
    /// So a notification is never older than an instant up to which the recipient has read (rule NO5).
    pub at: Timestamp,
    /// The counters.
    pub unread: UnreadCounts,
}

/// Takes a recipient's next notification number. The head is locked until the unit ends: units that notify the same
/// recipient run one after another from here on.
pub async fn advance(unit: &UnitOfWork, recipient: UserId) -> Result<Head, StoreError> {
    let connection = unit.connection().await?;
    let values = [recipient.0.into(), unit.now().0.into()];
    let row = connection.query_one_raw(statement(connection, &advance_sql(2), values)).await?;
    head(&row.ok_or_else(|| no_head(recipient))?)
}

/// Returns the statement that takes a number. `$1` is the recipient; `now` is the number of the parameter with the
/// instant of the unit.
fn advance_sql(now: usize) -> String {
    format!(
        "INSERT INTO notification_heads AS head (user_id, seq, told_at, unseen, unread) VALUES ($1, 1, ${now}, 0, 0)
         ON CONFLICT (user_id) DO UPDATE SET seq = head.seq + 1,
             told_at = CASE WHEN head.told_at >= ${now} THEN head.told_at + 1 ELSE ${now} END
         RETURNING seq, told_at, unseen, unread"
    )
}

fn head(row: &QueryResult) -> Result<Head, StoreError> {
    let unread = UnreadCounts { unseen: row.try_get("", "unseen")?, unread: row.try_get("", "unread")? };
    Ok(Head { number: row.try_get("", "seq")?, at: row.try_get("", "told_at")?, unread })
}

fn no_head(recipient: UserId) -> StoreError {
    StoreError::corrupt("notification_heads", format!("{recipient} is missing"))
}

/// Returns the unused number that [`advance`] took: numbers have no gaps, so that a client
/// notices a missed notification. The head stays locked until the unit ends.
pub fn give_back(unit: &UnitOfWork, recipient: UserId) {
    use notification_heads::Column;
    let update = Query::update()
        .table(notification_heads::Entity)
        .value(Column::Seq, Expr::col(Column::Seq).sub(1))
        .and_where(Expr::col(Column::UserId).eq(recipient))
        .to_owned();
    unit.write(Write::update("notification_heads", recipient.0, update));
}

/// Filter of a list of notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All notifications.
    All,
    /// Unread notifications.
    Unread,
}

/// Returns a page of a recipient's notifications, the latest first. Changes nothing.
pub async fn list(
    connection: &impl ConnectionTrait,
    recipient: UserId,
    wanted: Wanted,
    request: &PageRequest,
) -> Result<Page<StoredNotification>, StoreError> {
    let mut select = notifications::Entity::find()
        .filter(notifications::Column::UserId.eq(recipient))
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

/// Returns a recipient's counters. Costs the same however many notifications there are.
pub async fn unread(
    connection: &impl ConnectionTrait,
    recipient: UserId,
) -> Result<UnreadCounts, StoreError> {
    let counters = notification_heads::Entity::find_by_id(recipient)
        .select_only()
        .columns([notification_heads::Column::Unseen, notification_heads::Column::Unread])
        .into_tuple::<(i64, i64)>()
        .one(connection)
        .await?;
    let (unseen, unread) = counters.unwrap_or_default();
    Ok(UnreadCounts { unseen, unread })
}

/// The notifications that a recipient marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marked {
    /// The notifications with these ids. Ids of others are ignored.
    Ids(Vec<NotificationId>),
    /// Every notification last updated at this instant or before.
    UpTo(Timestamp),
}

/// The mark that a recipient sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Shown in the opened list.
    Seen,
    /// Opened, which implies seen.
    Read,
}

/// Marks notifications that are shown to a recipient and not marked yet. Returns how the recipient's counters changed.
/// Called while the unit holds the recipient's head, see [`advance`].
pub async fn mark(
    unit: &UnitOfWork,
    recipient: UserId,
    marked: &Marked,
    mark: Mark,
) -> Result<UnreadCounts, StoreError> {
    let seen = set_mark(unit, recipient, marked, notifications::Column::SeenAt).await?;
    let read = match mark {
        Mark::Seen => 0,
        Mark::Read => set_mark(unit, recipient, marked, notifications::Column::ReadAt).await?,
    };
    Ok(changes::adjust_counters(unit, recipient, UnreadCounts { unseen: -seen, unread: -read }))
}

async fn set_mark(
    unit: &UnitOfWork,
    recipient: UserId,
    marked: &Marked,
    column: notifications::Column,
) -> Result<i64, StoreError> {
    let connection = unit.connection().await?;
    let update = notifications::Entity::update_many()
        .col_expr(column, Expr::value(unit.now()))
        .filter(notifications::Column::UserId.eq(recipient))
        .filter(notifications::Column::ActorCount.gt(0))
        .filter(column.is_null());
    let update = match marked {
        Marked::Ids(ids) => {
            let ids = ids.iter().map(|id| id.0);
            update.filter(is_among(connection, notifications::Column::Id, ids))
        }
        Marked::UpTo(instant) => update.filter(notifications::Column::UpdatedAt.lte(*instant)),
    };
    let rows = update.exec(connection).await?.rows_affected;
    i64::try_from(rows).map_err(|_too_many| StoreError::corrupt("notifications", "too many rows"))
}
