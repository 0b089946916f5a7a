//! Logged-in sessions.

use domain::Timestamp;
use domain::auth::Session;
use domain::ids::{SessionId, UserId};
use domain::users::{Role, UserState};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter,
    QuerySelect,
};

use crate::entities::{sessions, users};
use crate::{StoreError, UnitOfWork};

/// A session and the salt of its refresh tokens.
#[derive(Debug, Clone)]
pub struct StoredSession {
    /// The session.
    pub session: Session,
    /// The salt, as text.
    pub salt: String,
}

/// What decides whether the owner of a session may use it, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionOwner {
    /// The person.
    pub id: UserId,
    /// What they may do beyond their own things.
    pub role: Role,
    /// Whether the account is in use.
    pub state: UserState,
}

/// Adds a session.
pub async fn insert(unit: &UnitOfWork, session: &Session, salt: &str) -> Result<(), StoreError> {
    let row = sessions::ActiveModel {
        id: Set(session.id),
        user_id: Set(session.user_id),
        generation: Set(session.generation),
        refresh_salt: Set(salt.to_owned()),
        rotated_at: Set(session.rotated_at),
        created_at: Set(session.created_at),
        revoked_at: Set(session.revoked_at),
    };
    sessions::Entity::insert(row).exec_without_returning(unit.connection()).await?;
    Ok(())
}

/// Finds a session and keeps others from rotating it until the unit ends.
pub async fn lock(unit: &UnitOfWork, id: SessionId) -> Result<Option<StoredSession>, StoreError> {
    let row = sessions::Entity::find_by_id(id).lock_exclusive().one(unit.connection()).await?;
    Ok(row.map(|row| StoredSession { salt: row.refresh_salt.clone(), session: session(&row) }))
}

/// The columns of [`find_with_owner`].
#[derive(FromQueryResult)]
struct SessionAndOwner {
    user_id: UserId,
    generation: i64,
    rotated_at: Timestamp,
    created_at: Timestamp,
    revoked_at: Option<Timestamp>,
    role: String,
    state: String,
}

/// Finds a session and its owner, in one statement. The salt stays in the database: gateways have no right to read it.
pub async fn find_with_owner(
    connection: &impl ConnectionTrait,
    id: SessionId,
) -> Result<Option<(Session, SessionOwner)>, StoreError> {
    let to_user = sessions::Entity::belongs_to(users::Entity)
        .from(sessions::Column::UserId)
        .to(users::Column::Id)
        .into();
    let row = sessions::Entity::find_by_id(id)
        .join(JoinType::InnerJoin, to_user)
        .select_only()
        .columns([
            sessions::Column::UserId,
            sessions::Column::Generation,
            sessions::Column::RotatedAt,
            sessions::Column::CreatedAt,
            sessions::Column::RevokedAt,
        ])
        .columns([users::Column::Role, users::Column::State])
        .into_model::<SessionAndOwner>()
        .one(connection)
        .await?;
    let Some(SessionAndOwner { user_id, generation, rotated_at, created_at, revoked_at, role, state }) = row
    else {
        return Ok(None);
    };
    let corrupt = |column: &str| StoreError::corrupt("users", format!("{column} of {user_id}"));
    let owner = SessionOwner {
        id: user_id,
        role: Role::from_name(&role).ok_or_else(|| corrupt("role"))?,
        state: UserState::from_name(&state).ok_or_else(|| corrupt("state"))?,
    };
    Ok(Some((Session { id, user_id, generation, rotated_at, created_at, revoked_at }, owner)))
}

/// Records that a session's refresh token was rotated.
pub async fn rotate(unit: &UnitOfWork, id: SessionId, generation: i64) -> Result<(), StoreError> {
    sessions::Entity::update_many()
        .col_expr(sessions::Column::Generation, Expr::value(generation))
        .col_expr(sessions::Column::RotatedAt, Expr::value(unit.now()))
        .filter(sessions::Column::Id.eq(id))
        .exec(unit.connection())
        .await?;
    Ok(())
}

/// Ends a session. Returns whether it had not ended.
pub async fn revoke(unit: &UnitOfWork, id: SessionId) -> Result<bool, StoreError> {
    let revoked = sessions::Entity::update_many()
        .col_expr(sessions::Column::RevokedAt, Expr::value(unit.now()))
        .filter(sessions::Column::Id.eq(id))
        .filter(sessions::Column::RevokedAt.is_null())
        .exec(unit.connection())
        .await?;
    Ok(revoked.rows_affected == 1)
}

/// Returns which of these sessions have ended.
pub async fn ended_among(
    connection: &impl ConnectionTrait,
    ids: Vec<SessionId>,
) -> Result<Vec<SessionId>, StoreError> {
    let rows = sessions::Entity::find()
        .filter(sessions::Column::Id.is_in(ids))
        .filter(sessions::Column::RevokedAt.is_not_null())
        .select_only()
        .column(sessions::Column::Id)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows)
}

/// Returns the sessions of a person that have not been ended, the latest first.
pub async fn open_of(connection: &impl ConnectionTrait, user: UserId) -> Result<Vec<Session>, StoreError> {
    let mut rows = sessions::Entity::find()
        .filter(sessions::Column::UserId.eq(user))
        .filter(sessions::Column::RevokedAt.is_null())
        .all(connection)
        .await?;
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
    Ok(rows.iter().map(session).collect())
}

/// Forgets sessions not used since an instant. Returns how many.
pub async fn prune(unit: &UnitOfWork, before: Timestamp) -> Result<u64, StoreError> {
    let pruned = sessions::Entity::delete_many()
        .filter(sessions::Column::RotatedAt.lt(before))
        .exec(unit.connection())
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
