//! Who likes which post.

use domain::ids::{LikeId, PostId, UserId};
use domain::page::{Page, PageRequest, SortKey};
use domain::users::UserSummary;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::entities::post_likes;
use crate::page::{Keyset, Sorting, assemble};
use crate::{StoreError, UnitOfWork, users};

/// Adds a like. Returns whether it was not there.
pub async fn insert(unit: &UnitOfWork, id: LikeId, post: PostId, user: UserId) -> Result<bool, StoreError> {
    let row = post_likes::ActiveModel {
        id: Set(id),
        post_id: Set(post),
        user_id: Set(user),
        created_at: Set(unit.now()),
    };
    let one_a_person = OnConflict::columns([post_likes::Column::PostId, post_likes::Column::UserId]);
    let inserted = post_likes::Entity::insert_many([row])
        .on_conflict(one_a_person.clone().do_nothing().to_owned())
        .exec_without_returning(unit.connection())
        .await?;
    Ok(inserted == 1)
}

/// Removes a like. Returns whether it was there.
pub async fn delete(unit: &UnitOfWork, post: PostId, user: UserId) -> Result<bool, StoreError> {
    let deleted = post_likes::Entity::delete_many()
        .filter(post_likes::Column::PostId.eq(post))
        .filter(post_likes::Column::UserId.eq(user))
        .exec(unit.connection())
        .await?;
    Ok(deleted.rows_affected == 1)
}

/// Returns which of these posts a person likes, in one statement.
pub async fn liked_among(
    connection: &impl ConnectionTrait,
    user: UserId,
    posts: impl IntoIterator<Item = PostId>,
) -> Result<Vec<PostId>, StoreError> {
    let posts: Vec<_> = posts.into_iter().collect();
    if posts.is_empty() {
        return Ok(posts);
    }
    let rows = post_likes::Entity::find()
        .filter(post_likes::Column::UserId.eq(user))
        .filter(post_likes::Column::PostId.is_in(posts))
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| row.post_id).collect())
}

/// Returns a page of the people who like a post, the latest like first.
pub async fn list(
    connection: &impl ConnectionTrait,
    post: PostId,
    request: &PageRequest,
) -> Result<Page<UserSummary>, StoreError> {
    let keyset = Keyset {
        id: post_likes::Column::Id,
        value: None::<post_likes::Column>,
        sorting: Sorting::Descending,
    };
    let select = post_likes::Entity::find().filter(post_likes::Column::PostId.eq(post));
    let rows = keyset.narrow(select, request).all(connection).await?;
    let page = assemble(rows, request, |row| SortKey::of_id(row.id.0));
    let summaries = users::summaries(connection, page.items.iter().map(|row| row.user_id)).await?;
    let items = page.items.iter().map(|row| summaries.get(row.user_id)).collect::<Result<_, _>>()?;
    Ok(Page { items, next: page.next, previous: page.previous })
}
