use domain::Timestamp;
use domain::ids::{NotificationId, UserId};
use domain::notifications::{Occasion, UnreadCounts};
use domain::users::{Role, UserState, UserSummary};
use sea_orm::{ConnectionTrait as _, QueryResult, Value};

use super::{Head, advance, advance_sql, head, no_head};
use crate::backend::{has_data_modifying_with, statement};
use crate::connection::Connection;
use crate::{StoreError, UnitOfWork};

/// The stored state that decides how an occasion changes the notifications of its recipient.
#[derive(Debug, Clone)]
pub struct State {
    /// The unread notification that gathers such occasions, if there is one.
    pub group: Option<Group>,
    /// The latest notification of the same occasion by the same actor, if there is one.
    pub earlier: Option<Earlier>,
}

/// An unread notification that gathers occasions.
#[derive(Debug, Clone)]
pub struct Group {
    /// The notification.
    pub id: NotificationId,
    /// Number of its actors.
    pub actor_count: i64,
    /// Whether the recipient has seen it since it last grew.
    pub is_seen: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its latest two actors other than the actor of the occasion, the latest first.
    pub others: Vec<UserSummary>,
}

/// A notification that already names the actor of an occasion.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// The notification.
    pub id: NotificationId,
    /// When the actor was added to it.
    pub added_at: Timestamp,
    /// Whether the actor withdrew since.
    pub is_retracted: bool,
    /// Number of its actors.
    pub actor_count: i64,
    /// The notification's contribution to the counters while it has actors.
    pub weight: UnreadCounts,
}

/// Takes a recipient's next notification number, like [`advance`], and reads the state that decides about an occasion.
/// Notifications before `since` are ignored.
///
/// PostgreSQL does both in one statement. Such a statement reads the rows as they were when it began, and then waits for
/// the head. Whoever changed the recipient's notifications meanwhile took a number, so the state is read again if a
/// number is missing in between.
pub async fn advance_for(
    unit: &UnitOfWork,
    recipient: UserId,
    occasion: Occasion,
    actor: UserId,
    since: Timestamp,
) -> Result<(Head, State), StoreError> {
    let connection = unit.connection().await?;
    let (joins, mut values) = joins(recipient, occasion, actor, since);
    if has_data_modifying_with(connection) {
        values.push(unit.now().0.into());
        let sql = format!(
            "WITH head AS ({advance})
             SELECT head.seq, head.told_at, head.unseen, head.unread,
                    (SELECT seq FROM notification_heads WHERE user_id = $1) AS seq_seen, {COLUMNS}
             FROM head {joins}",
            advance = advance_sql(values.len()),
        );
        let row = connection.query_one_raw(statement(connection, &sql, values.clone())).await?;
        let row = row.ok_or_else(|| no_head(recipient))?;
        let head = head(&row)?;
        if row.try_get::<Option<i64>>("", "seq_seen")?.unwrap_or(0) + 1 == head.number {
            return Ok((head, state(&row)?));
        }
        values.pop();
        return Ok((head, read_state(connection, recipient, &joins, values).await?));
    }
    let head = advance(unit, recipient).await?;
    Ok((head, read_state(connection, recipient, &joins, values).await?))
}

/// Reads the state while the unit holds the recipient's head.
async fn read_state(
    connection: &Connection,
    recipient: UserId,
    joins: &str,
    values: Vec<Value>,
) -> Result<State, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM notification_heads AS head {joins} WHERE head.user_id = $1");
    let row = connection.query_one_raw(statement(connection, &sql, values)).await?;
    state(&row.ok_or_else(|| no_head(recipient))?)
}

const COLUMNS: &str = "unread.id, unread.actor_count, unread.seen_at, unread.created_at,
    earlier.notification_id AS earlier_id, earlier.created_at AS added_at, earlier.retracted_at,
    holder.actor_count AS holder_count, holder.seen_at AS holder_seen, holder.read_at AS holder_read,
    second.id AS second_id, second.nickname AS second_nickname, second.state AS second_state,
    second.role AS second_role,
    third.id AS third_id, third.nickname AS third_nickname, third.state AS third_state, third.role AS third_role";

/// Returns the joins that [`COLUMNS`] need, and the values of their parameters.
fn joins(recipient: UserId, occasion: Occasion, actor: UserId, since: Timestamp) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = vec![
        recipient.0.into(),
        actor.0.into(),
        occasion.group_key().into(),
        occasion.kind().as_str().into(),
        since.0.into(),
    ];
    // Follows of one day share a notification whose target is the first follower, so only the actor distinguishes them.
    let same_target = if matches!(occasion, Occasion::Followed(..)) {
        ""
    } else {
        values.push(occasion.target().id.into());
        "AND same.target_id = $6"
    };
    let joins = format!(
        "LEFT JOIN notifications AS unread
           ON unread.user_id = $1 AND unread.group_key = $3 AND unread.read_at IS NULL
         LEFT JOIN notification_actors AS earlier
           ON earlier.actor_id = $2 AND earlier.notification_id =
              (SELECT named.notification_id FROM notifications AS same
               JOIN notification_actors AS named ON named.notification_id = same.id AND named.actor_id = $2
               WHERE same.user_id = $1 AND same.type = $4 AND same.updated_at >= $5 {same_target}
               ORDER BY named.created_at DESC, named.notification_id DESC LIMIT 1)
         LEFT JOIN notifications AS holder ON holder.id = earlier.notification_id
         LEFT JOIN users AS second ON second.id = ({latest_other} LIMIT 1)
         LEFT JOIN users AS third ON third.id = ({latest_other} LIMIT 1 OFFSET 1)",
        latest_other = "SELECT other.actor_id FROM notification_actors AS other
            WHERE other.notification_id = unread.id AND other.retracted_at IS NULL AND other.actor_id <> $2
            ORDER BY other.created_at DESC, other.actor_id DESC",
    );
    (joins, values)
}

fn state(row: &QueryResult) -> Result<State, StoreError> {
    Ok(State { group: group(row)?, earlier: earlier(row)? })
}

fn group(row: &QueryResult) -> Result<Option<Group>, StoreError> {
    let Some(id) = row.try_get("", "id")? else { return Ok(None) };
    let mut others = Vec::new();
    for place in ["second", "third"] {
        if let Some(id) = row.try_get("", &format!("{place}_id"))? {
            others.push(summary(row, place, id)?);
        }
    }
    Ok(Some(Group {
        id,
        actor_count: row.try_get("", "actor_count")?,
        is_seen: row.try_get::<Option<Timestamp>>("", "seen_at")?.is_some(),
        created_at: row.try_get("", "created_at")?,
        others,
    }))
}

fn earlier(row: &QueryResult) -> Result<Option<Earlier>, StoreError> {
    let Some(id) = row.try_get("", "earlier_id")? else { return Ok(None) };
    let is_open = |column| Ok::<_, StoreError>(row.try_get::<Option<Timestamp>>("", column)?.is_none());
    Ok(Some(Earlier {
        id,
        added_at: row.try_get("", "added_at")?,
        is_retracted: row.try_get::<Option<Timestamp>>("", "retracted_at")?.is_some(),
        actor_count: row.try_get("", "holder_count")?,
        weight: UnreadCounts {
            unseen: i64::from(is_open("holder_seen")?),
            unread: i64::from(is_open("holder_read")?),
        },
    }))
}

fn summary(row: &QueryResult, prefix: &str, id: UserId) -> Result<UserSummary, StoreError> {
    let text = |column: &str| row.try_get::<String>("", &format!("{prefix}_{column}"));
    let corrupt = |column: &str| StoreError::corrupt("users", format!("{column} of {id}"));
    Ok(UserSummary {
        id,
        nickname: text("nickname")?,
        state: UserState::from_name(&text("state")?).ok_or_else(|| corrupt("state"))?,
        role: Role::from_name(&text("role")?).ok_or_else(|| corrupt("role"))?,
    })
}
