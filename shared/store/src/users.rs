//! People and their passwords.

use domain::Timestamp;
use domain::ids::UserId;
use domain::text::Text;
use domain::users::{About, EmailAddress, Locale, Nickname, Role, User, UserCounts, UserState, UserSummary};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict, Query, UpdateStatement};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::backend::is_among;
use crate::entities::{user_passwords, users};
use crate::rows::expect_one;
use crate::writes::Write;
use crate::{StoreError, UnitOfWork};

/// Adds a person. Fails with [`StoreError::Conflict`] if the address already has an account.
pub async fn insert(unit: &UnitOfWork, user: &User) -> Result<(), StoreError> {
    let row = users::ActiveModel {
        id: Set(user.id),
        email: Set(user.email.as_str().to_owned()),
        email_verified_at: Set(user.email_verified_at),
        nickname: Set(user.nickname.as_str().to_owned()),
        about: Set(user.about.as_str().to_owned()),
        locale: Set(user.locale.as_str().to_owned()),
        role: Set(user.role.as_str().to_owned()),
        state: Set(user.state.as_str().to_owned()),
        posts_count: Set(user.counts.posts),
        followers_count: Set(user.counts.followers),
        following_count: Set(user.counts.following),
        version: Set(user.version),
        created_at: Set(user.created_at),
    };
    users::Entity::insert(row).exec_without_returning(unit.connection().await?).await?;
    Ok(())
}

/// Sets the hash of a new person's password.
pub async fn insert_password(unit: &UnitOfWork, user: UserId, hash: &str) -> Result<(), StoreError> {
    let row = user_passwords::ActiveModel {
        user_id: Set(user),
        password_hash: Set(hash.to_owned()),
        changed_at: Set(unit.now()),
    };
    user_passwords::Entity::insert(row).exec_without_returning(unit.connection().await?).await?;
    Ok(())
}

/// Sets the hash of a password that the person chose now, whether they had one or not.
pub async fn set_password(unit: &UnitOfWork, user: UserId, hash: &str) -> Result<(), StoreError> {
    let row = user_passwords::ActiveModel {
        user_id: Set(user),
        password_hash: Set(hash.to_owned()),
        changed_at: Set(unit.now()),
    };
    let over_the_old = OnConflict::column(user_passwords::Column::UserId)
        .update_columns([user_passwords::Column::PasswordHash, user_passwords::Column::ChangedAt])
        .to_owned();
    let set = user_passwords::Entity::insert_many([row])
        .on_conflict(over_the_old)
        .exec_without_returning(unit.connection().await?)
        .await?;
    expect_one(set, "user_passwords", user)
}

/// Replaces the address of a person by one that was proved now. Fails with [`StoreError::Conflict`] if it has an account.
pub async fn set_email(unit: &UnitOfWork, id: UserId, email: &EmailAddress) -> Result<(), StoreError> {
    let set = users::Entity::update_many()
        .col_expr(users::Column::Email, Expr::value(email.as_str()))
        .col_expr(users::Column::EmailVerifiedAt, Expr::value(unit.now()))
        .col_expr(users::Column::Version, Expr::col(users::Column::Version).add(1))
        .filter(users::Column::Id.eq(id))
        .exec(unit.connection().await?)
        .await?;
    expect_one(set.rows_affected, "users", id)
}

/// Replaces the hash of a password by one of the same password with other cost parameters.
pub async fn rehash_password(unit: &UnitOfWork, user: UserId, hash: &str) -> Result<(), StoreError> {
    let replaced = user_passwords::Entity::update_many()
        .col_expr(user_passwords::Column::PasswordHash, Expr::value(hash))
        .filter(user_passwords::Column::UserId.eq(user))
        .exec(unit.connection().await?)
        .await?;
    expect_one(replaced.rows_affected, "user_passwords", user)
}

/// Finds a person by id.
pub async fn find(connection: &impl ConnectionTrait, id: UserId) -> Result<Option<User>, StoreError> {
    users::Entity::find_by_id(id).one(connection).await?.map(user).transpose()
}

/// Finds a person by id and locks them until the unit ends: units that begin or end several sessions of one person run
/// one after another. Rows that refer to the person can be inserted meanwhile.
pub async fn lock(unit: &UnitOfWork, id: UserId) -> Result<Option<User>, StoreError> {
    let select = users::Entity::find_by_id(id).lock(LockType::NoKeyUpdate);
    select.one(unit.connection().await?).await?.map(user).transpose()
}

/// Finds a person by address.
pub async fn find_by_email(
    connection: &impl ConnectionTrait,
    email: &EmailAddress,
) -> Result<Option<User>, StoreError> {
    let row = users::Entity::find().filter(users::Column::Email.eq(email.as_str())).one(connection).await?;
    row.map(user).transpose()
}

/// The stored form of a person's password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPassword {
    /// The hash.
    pub hash: String,
    /// When the person chose it.
    pub changed_at: Timestamp,
}

/// Finds the stored form of a person's password, if they have one.
pub async fn find_password(
    connection: &impl ConnectionTrait,
    id: UserId,
) -> Result<Option<StoredPassword>, StoreError> {
    let row = user_passwords::Entity::find_by_id(id).one(connection).await?;
    Ok(row.map(|row| StoredPassword { hash: row.password_hash, changed_at: row.changed_at }))
}

/// Returns the public summaries of people, in one statement.
pub async fn summaries(
    connection: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = UserId>,
) -> Result<Summaries, StoreError> {
    let mut ids: Vec<_> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Summaries(Vec::new()));
    }
    let rows = users::Entity::find()
        .select_only()
        .columns([users::Column::Id, users::Column::Nickname, users::Column::State, users::Column::Role])
        .filter(is_among(connection, users::Column::Id, ids.into_iter().map(|id| id.0)))
        .into_tuple::<(UserId, String, String, String)>()
        .all(connection)
        .await?;
    let summary = |(id, nickname, state, role): (UserId, String, String, String)| {
        let corrupt = |column: &str| StoreError::corrupt("users", format!("{column} of {id}"));
        Ok(UserSummary {
            id,
            nickname,
            state: UserState::from_name(&state).ok_or_else(|| corrupt("state"))?,
            role: Role::from_name(&role).ok_or_else(|| corrupt("role"))?,
        })
    };
    let summaries: Result<Vec<_>, StoreError> = rows.into_iter().map(summary).collect();
    let mut summaries = summaries?;
    summaries.sort_unstable_by_key(|summary| summary.id);
    Ok(Summaries(summaries))
}

/// Public summaries of people, looked up by id.
pub struct Summaries(Vec<UserSummary>);

impl Summaries {
    /// Returns the summary of one person. Fails if it is missing, which a foreign key rules out.
    pub fn get(&self, id: UserId) -> Result<UserSummary, StoreError> {
        let place = self.0.binary_search_by_key(&id, |summary| summary.id).ok();
        let found = place.and_then(|place| self.0.get(place)).cloned();
        found.ok_or_else(|| StoreError::corrupt("users", format!("{id} is missing")))
    }
}

/// Returns those of the people whose account is active.
pub async fn active_among(
    connection: &impl ConnectionTrait,
    people: impl IntoIterator<Item = UserId>,
) -> Result<Vec<UserId>, StoreError> {
    let people: Vec<_> = people.into_iter().collect();
    if people.is_empty() {
        return Ok(people);
    }
    let select = users::Entity::find()
        .select_only()
        .column(users::Column::Id)
        .filter(is_among(connection, users::Column::Id, people.into_iter().map(|person| person.0)))
        .filter(users::Column::State.eq(UserState::Active.as_str()));
    Ok(select.into_tuple().all(connection).await?)
}

/// A counter of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// Live posts.
    Posts,
    /// Followers.
    Followers,
    /// Followed people.
    Following,
}

impl Counter {
    fn column(self) -> users::Column {
        match self {
            Self::Posts => users::Column::PostsCount,
            Self::Followers => users::Column::FollowersCount,
            Self::Following => users::Column::FollowingCount,
        }
    }
}

/// Adds `by` to a counter of a profile.
pub fn adjust_counter(unit: &UnitOfWork, id: UserId, counter: Counter, by: i64) {
    unit.write(Write::update("users", id.0, adjustment(id, counter, by)));
}

/// Adds `by` to a counter of a profile and returns the new value.
pub async fn adjust_and_get_counter(
    unit: &UnitOfWork,
    id: UserId,
    counter: Counter,
    by: i64,
) -> Result<i64, StoreError> {
    let update = adjustment(id, counter, by).returning_col(counter.column()).to_owned();
    let row = unit.connection().await?.query_one(&update).await?;
    let row = row.ok_or_else(|| StoreError::corrupt("users", format!("no row {id}")))?;
    Ok(row.try_get_by_index(0)?)
}

fn adjustment(id: UserId, counter: Counter, by: i64) -> UpdateStatement {
    let column = counter.column();
    Query::update()
        .table(users::Entity)
        .value(column, Expr::col(column).add(by))
        .and_where(users::Column::Id.eq(id))
        .to_owned()
}

/// Replaces the editable fields of a profile if it still has `version`. Returns whether it had.
pub async fn update_profile(unit: &UnitOfWork, user: &User, version: i64) -> Result<bool, StoreError> {
    let updated = users::Entity::update_many()
        .col_expr(users::Column::Nickname, Expr::value(user.nickname.as_str()))
        .col_expr(users::Column::About, Expr::value(user.about.as_str()))
        .col_expr(users::Column::Locale, Expr::value(user.locale.as_str()))
        .col_expr(users::Column::Version, Expr::col(users::Column::Version).add(1))
        .filter(users::Column::Id.eq(user.id))
        .filter(users::Column::Version.eq(version))
        .exec(unit.connection().await?)
        .await?;
    Ok(updated.rows_affected == 1)
}

pub(crate) fn user(row: users::Model) -> Result<User, StoreError> {
    let corrupt = |column: &str| StoreError::corrupt("users", format!("{column} of {}", row.id));
    Ok(User {
        id: row.id,
        email: EmailAddress::from_stored(row.email),
        email_verified_at: row.email_verified_at,
        nickname: Nickname::from_stored(row.nickname),
        about: About::from_stored(row.about),
        locale: Locale::from_name(&row.locale).ok_or_else(|| corrupt("locale"))?,
        role: Role::from_name(&row.role).ok_or_else(|| corrupt("role"))?,
        state: UserState::from_name(&row.state).ok_or_else(|| corrupt("state"))?,
        counts: UserCounts {
            posts: row.posts_count,
            followers: row.followers_count,
            following: row.following_count,
        },
        version: row.version,
        created_at: row.created_at,
    })
}
