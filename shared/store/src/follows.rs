//! Follows: edges from followers to the people they follow.

use domain::ids::{FollowId, UserId};
use domain::page::{Page, PageRequest, SortKey};
use domain::users::{Relationship, UserSummary};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
};

use crate::backend::is_among;
use crate::entities::follows;
use crate::page::{Keyset, Sorting, assemble};
use crate::{StoreError, UnitOfWork, users};

/// Adds the edge from a follower to the person followed. Returns whether it was not there.
pub async fn insert(
    unit: &UnitOfWork,
    id: FollowId,
    follower: UserId,
    person: UserId,
) -> Result<bool, StoreError> {
    let row = follows::ActiveModel {
        id: Set(id),
        follower_id: Set(follower),
        followee_id: Set(person),
        created_at: Set(unit.now()),
    };
    let edge = OnConflict::columns([follows::Column::FollowerId, follows::Column::FolloweeId]);
    let inserted = follows::Entity::insert_many([row])
        .on_conflict(edge.clone().do_nothing().to_owned())
        .exec_without_returning(unit.connection().await?)
        .await?;
    Ok(inserted == 1)
}

/// Removes the edge from a follower to the person followed. Returns whether it was there.
pub async fn delete(unit: &UnitOfWork, follower: UserId, person: UserId) -> Result<bool, StoreError> {
    let deleted = follows::Entity::delete_many()
        .filter(follows::Column::FollowerId.eq(follower))
        .filter(follows::Column::FolloweeId.eq(person))
        .exec(unit.connection().await?)
        .await?;
    Ok(deleted.rows_affected == 1)
}

/// Returns the relationship of two people as `viewer` sees it.
pub async fn relationship(
    connection: &impl ConnectionTrait,
    viewer: UserId,
    other: UserId,
) -> Result<Relationship, StoreError> {
    let edge = |from: UserId, to: UserId| {
        Condition::all().add(follows::Column::FollowerId.eq(from)).add(follows::Column::FolloweeId.eq(to))
    };
    let followers: Vec<UserId> = follows::Entity::find()
        .select_only()
        .column(follows::Column::FollowerId)
        .filter(Condition::any().add(edge(viewer, other)).add(edge(other, viewer)))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(Relationship {
        user_id: other,
        following: followers.contains(&viewer),
        followed_by: followers.contains(&other),
    })
}

/// Returns which of `others` the viewer follows, in one statement.
pub async fn followed_among(
    connection: &impl ConnectionTrait,
    viewer: UserId,
    others: impl IntoIterator<Item = UserId>,
) -> Result<Vec<UserId>, StoreError> {
    let others: Vec<_> = others.into_iter().collect();
    if others.is_empty() {
        return Ok(others);
    }
    let followed = follows::Entity::find()
        .select_only()
        .column(follows::Column::FolloweeId)
        .filter(follows::Column::FollowerId.eq(viewer))
        .filter(is_among(connection, follows::Column::FolloweeId, others.into_iter().map(|other| other.0)))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(followed)
}

/// Side of the edges that a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those who follow the person.
    Followers,
    /// Those whom the person follows.
    Following,
}

/// Returns a page of the people on one side of a person, the latest edge first.
pub async fn list(
    connection: &impl ConnectionTrait,
    person: UserId,
    side: Side,
    request: &PageRequest,
) -> Result<Page<UserSummary>, StoreError> {
    let (own_end, other_end) = match side {
        Side::Followers => (follows::Column::FolloweeId, follows::Column::FollowerId),
        Side::Following => (follows::Column::FollowerId, follows::Column::FolloweeId),
    };
    let keyset =
        Keyset { id: follows::Column::Id, value: None::<follows::Column>, sorting: Sorting::Descending };
    let select = follows::Entity::find().filter(own_end.eq(person));
    let edges = keyset
        .narrow(select, request)
        .select_only()
        .columns([follows::Column::Id, other_end])
        .into_tuple::<(FollowId, UserId)>()
        .all(connection)
        .await?;
    let page = assemble(edges, request, |(id, _)| SortKey::of_id(id.0));
    let summaries = users::summaries(connection, page.items.iter().map(|(_, other)| *other)).await?;
    let items = page.items.iter().map(|(_, other)| summaries.get(*other)).collect::<Result<_, _>>()?;
    Ok(Page { items, next: page.next, previous: page.previous })
}
