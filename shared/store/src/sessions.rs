//! Sessions.

use domain::Timestamp;
use domain::auth::{ClientOrigin, SESSION_ABSOLUTE, SESSION_IDLE, Session};
use domain::ids::{SessionId, UserId};
use domain::users::{Role, UserState};
use sea_orm::sea_query::{Cond, Expr, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, Select,
};

use crate::backend::is_among;
use crate::entities::{sessions, users};
use crate::rows::expect_one;
use crate::{StoreError, UnitOfWork};

/// A session and the salt of its refresh tokens.
#[derive(Debug, Clone)]
pub struct StoredSession {
    /// The session.
    pub session: Session,
    /// The salt, as text.
    pub salt: String,
}

/// Adds a session that begins at `origin`.
pub async fn insert(
    unit: &UnitOfWork,
    session: &Session,
    salt: &str,
    origin: &ClientOrigin,
) -> Result<(), StoreError> {
    let row = sessions::ActiveModel {
        id: Set(session.id),
        user_id: Set(session.user_id),
        generation: Set(session.generation),
        refresh_salt: Set(salt.to_owned()),
        rotated_at: Set(session.rotated_at),
        created_at: Set(session.created_at),
        revoked_at: Set(session.revoked_at),
        client: Set(origin.client.clone()),
        ip_prefix: Set(origin.ip_prefix.clone()),
    };
    sessions::Entity::insert(row).exec_without_returning(unit.connection().await?).await?;
    Ok(())
}

/// Finds a session and locks it until the unit ends.
pub async fn lock(unit: &UnitOfWork, id: SessionId) -> Result<Option<StoredSession>, StoreError> {
    let row = sessions::Entity::find_by_id(id).lock_exclusive().one(unit.connection().await?).await?;
    Ok(row.map(|row| StoredSession { salt: row.refresh_salt.clone(), session: session(&row) }))
}

/// A session with the state and role of its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionWithOwner {
    /// The session.
    pub session: Session,
    /// State of the owner's account.
    pub state: UserState,
    /// Role of the owner.
    pub role: Role,
}

/// Finds a session with the state and the role of its owner, in one statement. The gateway may read these columns.
pub async fn find_with_owner(
    connection: &impl ConnectionTrait,
    id: SessionId,
) -> Result<Option<SessionWithOwner>, StoreError> {
    with_owner(id).into_tuple().one(connection).await?.map(|row| of_row(id, row)).transpose()
}

/// Finds a session with the state, the role and the nickname of its owner, in one statement.
pub async fn find_with_nickname(
    connection: &impl ConnectionTrait,
    id: SessionId,
) -> Result<Option<(SessionWithOwner, String)>, StoreError> {
    let select = with_owner(id).column(users::Column::Nickname);
    let row =
        select.into_tuple::<(UserId, i64, Timestamp, Timestamp, Option<Timestamp>, String, String, String)>();
    let Some((user, generation, rotated, created, revoked, state, role, nickname)) =
        row.one(connection).await?
    else {
        return Ok(None);
    };
    Ok(Some((of_row(id, (user, generation, rotated, created, revoked, state, role))?, nickname)))
}

fn with_owner(id: SessionId) -> Select<sessions::Entity> {
    let to_user = sessions::Entity::belongs_to(users::Entity)
        .from(sessions::Column::UserId)
        .to(users::Column::Id)
        .into();
    sessions::Entity::find_by_id(id)
        .select_only()
        .columns([
            sessions::Column::UserId,
            sessions::Column::Generation,
            sessions::Column::RotatedAt,
            sessions::Column::CreatedAt,
            sessions::Column::RevokedAt,
        ])
        .columns([users::Column::State, users::Column::Role])
        .join(JoinType::InnerJoin, to_user)
}

type OwnerRow = (UserId, i64, Timestamp, Timestamp, Option<Timestamp>, String, String);

fn of_row(id: SessionId, row: OwnerRow) -> Result<SessionWithOwner, StoreError> {
    let (user_id, generation, rotated_at, created_at, revoked_at, state, role) = row;
    let corrupt = |column: &str| StoreError::corrupt("users", format!("{column} of {user_id}"));
    Ok(SessionWithOwner {
        session: Session { id, user_id, generation, rotated_at, created_at, revoked_at },
        state: UserState::from_name(&state).ok_or_else(|| corrupt("state"))?,
        role: Role::from_name(&role).ok_or_else(|| corrupt("role"))?,
    })
}

/// Records that a session's refresh token was rotated.
pub async fn rotate(unit: &UnitOfWork, id: SessionId, generation: i64) -> Result<(), StoreError> {
    let rotated = sessions::Entity::update_many()
        .col_expr(sessions::Column::Generation, Expr::value(generation))
        .col_expr(sessions::Column::RotatedAt, Expr::value(unit.now()))
        .filter(sessions::Column::Id.eq(id))
        .exec(unit.connection().await?)
        .await?;
    expect_one(rotated.rows_affected, "sessions", id)
}

/// Ends a session. Returns false if it had ended before.
pub async fn revoke(unit: &UnitOfWork, id: SessionId) -> Result<bool, StoreError> {
    let revoked = sessions::Entity::update_many()
        .col_expr(sessions::Column::RevokedAt, Expr::value(unit.now()))
        .filter(sessions::Column::Id.eq(id))
        .filter(sessions::Column::RevokedAt.is_null())
        .exec(unit.connection().await?)
        .await?;
    Ok(revoked.rows_affected == 1)
}

/// Returns the sessions of a person that are live at `now`, with where they began, the one used last first. At most
/// `limit`.
pub async fn live_of(
    connection: &impl ConnectionTrait,
    user: UserId,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<(Session, ClientOrigin)>, StoreError> {
    let rows = sessions::Entity::find()
        .filter(is_live(user, now))
        .order_by_desc(sessions::Column::RotatedAt)
        .order_by_desc(sessions::Column::Id)
        .limit(limit)
        .all(connection)
        .await?;
    let origin =
        |row: &sessions::Model| ClientOrigin { client: row.client.clone(), ip_prefix: row.ip_prefix.clone() };
    Ok(rows.iter().map(|row| (session(row), origin(row))).collect())
}

/// Returns whether a session belongs to a person, ended or not.
pub async fn is_of(
    connection: &impl ConnectionTrait,
    id: SessionId,
    user: UserId,
) -> Result<bool, StoreError> {
    let owner: Option<UserId> = sessions::Entity::find_by_id(id)
        .select_only()
        .column(sessions::Column::UserId)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(owner == Some(user))
}

/// Which live sessions of a person to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All of them.
    All,
    /// All but one.
    AllBut(SessionId),
    /// The oldest, so that this number is left.
    AllButNewest(usize),
}

/// Ends live sessions of a person. Returns those that this call ended. The caller holds the lock of the person
/// ([`crate::users::lock`]), so that calls at the same time do not wait for each other's rows.
pub async fn revoke_live(
    unit: &UnitOfWork,
    user: UserId,
    ending: Ending,
) -> Result<Vec<SessionId>, StoreError> {
    let mut update = Query::update();
    update
        .table(sessions::Entity)
        .value(sessions::Column::RevokedAt, unit.now())
        .cond_where(is_live(user, unit.now()))
        .returning_col(sessions::Column::Id);
    let connection = unit.connection().await?;
    match ending {
        Ending::All => {}
        Ending::AllBut(kept) => {
            update.and_where(sessions::Column::Id.ne(kept));
        }
        Ending::AllButNewest(kept) => {
            let live: Vec<SessionId> = sessions::Entity::find()
                .select_only()
                .column(sessions::Column::Id)
                .filter(is_live(user, unit.now()))
                .order_by_desc(sessions::Column::Id)
                .into_tuple()
                .all(connection)
                .await?;
            let oldest: Vec<_> = live.into_iter().skip(kept).map(|id| id.0).collect();
            if oldest.is_empty() {
                return Ok(Vec::new());
            }
            update.and_where(is_among(connection, sessions::Column::Id, oldest));
        }
    }
    let rows = connection.query_all(&update).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

/// The condition of [`Session::is_live`] for the sessions of a person.
fn is_live(user: UserId, now: Timestamp) -> Cond {
    Cond::all()
        .add(sessions::Column::UserId.eq(user))
        .add(sessions::Column::RevokedAt.is_null())
        .add(sessions::Column::RotatedAt.gt(now.minus(SESSION_IDLE)))
        .add(sessions::Column::CreatedAt.gt(now.minus(SESSION_ABSOLUTE)))
}

/// Returns which of these sessions have ended.
pub async fn ended_among(
    connection: &impl ConnectionTrait,
    ids: Vec<SessionId>,
) -> Result<Vec<SessionId>, StoreError> {
    let ended = sessions::Entity::find()
        .select_only()
        .column(sessions::Column::Id)
        .filter(is_among(connection, sessions::Column::Id, ids.into_iter().map(|id| id.0)))
        .filter(sessions::Column::RevokedAt.is_not_null())
        .into_tuple()
        .all(connection)
        .await?;
    Ok(ended)
}

/// Deletes sessions not used since an instant. Returns their number.
pub async fn prune(unit: &UnitOfWork, before: Timestamp) -> Result<u64, StoreError> {
    let pruned = sessions::Entity::delete_many()
        .filter(sessions::Column::RotatedAt.lt(before))
        .exec(unit.connection().await?)
        .await?;
    Ok(pruned.rows_affected)
}

fn session(row: &sessions::Model) -> Session {
    Session {
        id: row.id,
        user_id: row.user_id,
        generation: row.generation,
        rotated_at: row.rotated_at,
        created_at: row.created_at,
        revoked_at: row.revoked_at,
    }
}
