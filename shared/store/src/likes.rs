//! Likes of posts.

use domain::ids::{LikeId, PostId, UserId};
use domain::page::{Page, PageRequest, SortKey};
use domain::users::UserSummary;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query, SelectStatement};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::backend::is_among;
use crate::entities::{post_likes, posts as post_rows};
use crate::page::{Keyset, Sorting, assemble};
use crate::posts::PostCount;
use crate::{StoreError, UnitOfWork, posts, users};

/// Adds a like and counts it in the post. Returns the post's new number of likes, or `None` if the unit must be rolled
/// back because nothing is to be changed: the post is not live, or the person likes it already.
pub async fn insert(
    unit: &UnitOfWork,
    id: LikeId,
    post: PostId,
    user: UserId,
) -> Result<Option<PostCount>, StoreError> {
    let is_new = Expr::exists(like_of(post, user)).not();
    let counted = posts::adjust(unit, post, post_rows::Column::LikesCount, 1, Some(is_new)).await?;
    let Some(counted) = counted else { return Ok(None) };
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
    // Zero rows if a concurrent request of the same person committed the like while this unit waited for the post's
    // row.
    Ok((inserted == 1).then_some(counted))
}

/// Removes a like and counts it in the post. Returns the post's new number of likes, or `None` if the unit must be rolled
/// back because nothing is to be changed: the post is not live, or the person does not like it.
pub async fn delete(unit: &UnitOfWork, post: PostId, user: UserId) -> Result<Option<PostCount>, StoreError> {
    let exists = Expr::exists(like_of(post, user));
    let counted = posts::adjust(unit, post, post_rows::Column::LikesCount, -1, Some(exists)).await?;
    let Some(counted) = counted else { return Ok(None) };
    let deleted = post_likes::Entity::delete_many()
        .filter(post_likes::Column::PostId.eq(post))
        .filter(post_likes::Column::UserId.eq(user))
        .exec(unit.connection())
        .await?;
    Ok((deleted.rows_affected == 1).then_some(counted))
}

fn like_of(post: PostId, user: UserId) -> SelectStatement {
    Query::select()
        .expr(Expr::cust("1"))
        .from(post_likes::Entity)
        .and_where(Expr::col(post_likes::Column::PostId).eq(post))
        .and_where(Expr::col(post_likes::Column::UserId).eq(user))
        .to_owned()
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
    let liked = post_likes::Entity::find()
        .select_only()
        .column(post_likes::Column::PostId)
        .filter(post_likes::Column::UserId.eq(user))
        .filter(is_among(connection, post_likes::Column::PostId, posts.into_iter().map(|post| post.0)))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(liked)
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
    let rows = keyset
        .narrow(select, request)
        .select_only()
        .columns([post_likes::Column::Id, post_likes::Column::UserId])
        .into_tuple::<(LikeId, UserId)>()
        .all(connection)
        .await?;
    let page = assemble(rows, request, |(id, _)| SortKey::of_id(id.0));
    let summaries = users::summaries(connection, page.items.iter().map(|(_, user)| *user)).await?;
    let items = page.items.iter().map(|(_, user)| summaries.get(*user)).collect::<Result<_, _>>()?;
    Ok(Page { items, next: page.next, previous: page.previous })
}
