//! Likes of posts.

use domain::ids::{LikeId, PostId, UserId};
use domain::page::{Page, PageRequest, SortKey};
use domain::users::UserSummary;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait as _,
};

use crate::backend::{has_data_modifying_with, is_among, statement};
use crate::entities::{post_likes, posts as post_rows};
use crate::page::{Keyset, Sorting, assemble};
use crate::posts::{PostCount, post_count};
use crate::writes::Write;
use crate::{StoreError, UnitOfWork, posts, users};

/// PostgreSQL: counts a like and inserts it in one statement. Returns no row if nothing is to be changed. The insertion
/// conflicts if a concurrent request of the same person committed the like while this one waited for the post's row.
const INSERT: &str = "
    WITH counted AS (
        UPDATE posts SET likes_count = likes_count + 1
        WHERE id = $2 AND deleted_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM post_likes WHERE post_id = $2 AND user_id = $3)
        RETURNING author_id, likes_count
    ), inserted AS (
        INSERT INTO post_likes (id, post_id, user_id, created_at) SELECT $1, $2, $3, $4 FROM counted
        ON CONFLICT (post_id, user_id) DO NOTHING RETURNING 1
    )
    SELECT author_id, likes_count FROM counted WHERE EXISTS (SELECT 1 FROM inserted)";

/// PostgreSQL: removes a like and counts it in one statement. Returns no row if nothing is to be changed. The deletion
/// depends on the count, so that the post is locked first, as in [`INSERT`].
const DELETE: &str = "
    WITH counted AS (
        UPDATE posts SET likes_count = likes_count - 1
        WHERE id = $1 AND deleted_at IS NULL
            AND EXISTS (SELECT 1 FROM post_likes WHERE post_id = $1 AND user_id = $2)
        RETURNING author_id, likes_count
    ), deleted AS (
        DELETE FROM post_likes WHERE post_id = $1 AND user_id = $2 AND EXISTS (SELECT 1 FROM counted) RETURNING 1
    )
    SELECT author_id, likes_count FROM counted WHERE EXISTS (SELECT 1 FROM deleted)";

/// Adds a like and counts it in the post. Returns the post's new number of likes, or `None` if the unit must be rolled
/// back because nothing is to be changed: the post is not live, or the person likes it already.
pub async fn insert(
    unit: &UnitOfWork,
    id: LikeId,
    post: PostId,
    user: UserId,
) -> Result<Option<PostCount>, StoreError> {
    let connection = unit.connection().await?;
    if has_data_modifying_with(connection) {
        let values = [id.0.into(), post.0.into(), user.0.into(), unit.now().0.into()];
        return post_count(connection.query_one_raw(statement(connection, INSERT, values)).await?);
    }
    let is_new = Expr::exists(like_of(post, user)).not();
    let counted = posts::adjust(unit, post, post_rows::Column::LikesCount, 1, Some(is_new)).await?;
    if counted.is_some() {
        let row = post_likes::ActiveModel {
            id: Set(id),
            post_id: Set(post),
            user_id: Set(user),
            created_at: Set(unit.now()),
        };
        unit.write(Write::insert("post_likes", id.0, post_likes::Entity::insert(row).into_query()));
    }
    Ok(counted)
}

/// Removes a like and counts it in the post. Returns the post's new number of likes, or `None` if the unit must be rolled
/// back because nothing is to be changed: the post is not live, or the person does not like it.
pub async fn delete(unit: &UnitOfWork, post: PostId, user: UserId) -> Result<Option<PostCount>, StoreError> {
    let connection = unit.connection().await?;
    if has_data_modifying_with(connection) {
        let values = [post.0.into(), user.0.into()];
        return post_count(connection.query_one_raw(statement(connection, DELETE, values)).await?);
    }
    let exists = Expr::exists(like_of(post, user));
    let counted = posts::adjust(unit, post, post_rows::Column::LikesCount, -1, Some(exists)).await?;
    if counted.is_some() {
        post_likes::Entity::delete_many()
            .filter(post_likes::Column::PostId.eq(post))
            .filter(post_likes::Column::UserId.eq(user))
            .exec(connection)
            .await?;
    }
    Ok(counted)
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
