//! Posts.

mod following;
mod views;

use std::collections::HashMap;

use domain::Timestamp;
use domain::ids::{PostId, UserId};
use domain::page::{Page, PageRequest, SortKey};
use domain::posts::{DeletedBy, Deletion, Post, PostContent, PostTitle};
use domain::text::Text;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryResult, QuerySelect,
    QueryTrait as _,
};

use crate::backend::is_among;
use crate::entities::posts;
use crate::page::{Keyset, Sorting, assemble};
use crate::writes::Write;
use crate::{StoreError, UnitOfWork};

pub use following::list_following;
pub use views::{view, views};

/// Adds a post.
pub fn insert(unit: &UnitOfWork, post: &Post) {
    let row = posts::ActiveModel {
        id: Set(post.id),
        author_id: Set(post.author_id),
        title: Set(post.title.as_str().to_owned()),
        content: Set(post.content.as_str().to_owned()),
        likes_count: Set(post.likes_count),
        comments_count: Set(post.comments_count),
        views_count: Set(post.views_count),
        version: Set(post.version),
        created_at: Set(post.created_at),
        edited_at: Set(post.edited_at),
        deleted_at: Set(None),
        deleted_by: Set(None),
    };
    unit.write(Write::insert("posts", post.id.0, posts::Entity::insert(row).into_query()));
}

/// Finds a live post.
pub async fn find(connection: &impl ConnectionTrait, id: PostId) -> Result<Option<Post>, StoreError> {
    let row =
        posts::Entity::find_by_id(id).filter(posts::Column::DeletedAt.is_null()).one(connection).await?;
    Ok(row.map(post))
}

/// Returns the number of likes of a live post.
pub async fn likes_count(connection: &impl ConnectionTrait, id: PostId) -> Result<Option<i64>, StoreError> {
    let count = posts::Entity::find_by_id(id)
        .select_only()
        .column(posts::Column::LikesCount)
        .filter(posts::Column::DeletedAt.is_null())
        .into_tuple()
        .one(connection)
        .await?;
    Ok(count)
}

/// Finds a live post and locks it until the unit ends.
pub async fn lock(unit: &UnitOfWork, id: PostId) -> Result<Option<Post>, StoreError> {
    let row = posts::Entity::find_by_id(id)
        .filter(posts::Column::DeletedAt.is_null())
        .lock_exclusive()
        .one(unit.connection().await?)
        .await?;
    Ok(row.map(post))
}

/// Replaces title, content and version of a post.
pub fn update(unit: &UnitOfWork, post: &Post) {
    let update = posts::Entity::update_many()
        .col_expr(posts::Column::Title, Expr::value(post.title.as_str()))
        .col_expr(posts::Column::Content, Expr::value(post.content.as_str()))
        .col_expr(posts::Column::Version, Expr::value(post.version))
        .col_expr(posts::Column::EditedAt, Expr::value(post.edited_at))
        .filter(posts::Column::Id.eq(post.id))
        .into_query();
    unit.write(Write::update("posts", post.id.0, update));
}

/// Finds a post, live or deleted, and locks it until the unit ends. Returns the deletion of a deleted one.
pub async fn lock_any(unit: &UnitOfWork, id: PostId) -> Result<Option<(Post, Option<Deletion>)>, StoreError> {
    let row = posts::Entity::find_by_id(id).lock_exclusive().one(unit.connection().await?).await?;
    let Some(row) = row else { return Ok(None) };
    let by = match row.deleted_by.as_deref() {
        None => DeletedBy::Author,
        Some(name) => DeletedBy::from_name(name)
            .ok_or_else(|| StoreError::corrupt("posts", format!("deleted_by of {id}")))?,
    };
    let deletion = row.deleted_at.map(|at| Deletion { at, by });
    Ok(Some((post(row), deletion)))
}

/// Makes a deleted post live again.
pub fn restore(unit: &UnitOfWork, id: PostId) {
    let update = posts::Entity::update_many()
        .col_expr(posts::Column::DeletedAt, Expr::value(None::<Timestamp>))
        .col_expr(posts::Column::DeletedBy, Expr::value(None::<String>))
        .filter(posts::Column::Id.eq(id))
        .into_query();
    unit.write(Write::update("posts", id.0, update));
}

/// Marks a post as deleted by its author. The row stays.
pub fn delete(unit: &UnitOfWork, id: PostId) {
    let update = posts::Entity::update_many()
        .col_expr(posts::Column::DeletedAt, Expr::value(unit.now()))
        .col_expr(posts::Column::DeletedBy, Expr::value(DeletedBy::Author.as_str()))
        .filter(posts::Column::Id.eq(id))
        .into_query();
    unit.write(Write::update("posts", id.0, update));
}

/// Returns those of the posts that are live, each with its author.
pub async fn authors_of_live(
    connection: &impl ConnectionTrait,
    posts: impl IntoIterator<Item = PostId>,
) -> Result<Vec<(PostId, UserId)>, StoreError> {
    let posts: Vec<_> = posts.into_iter().collect();
    if posts.is_empty() {
        return Ok(Vec::new());
    }
    let select = posts::Entity::find()
        .select_only()
        .columns([posts::Column::Id, posts::Column::AuthorId])
        .filter(is_among(connection, posts::Column::Id, posts.into_iter().map(|post| post.0)))
        .filter(posts::Column::DeletedAt.is_null());
    Ok(select.into_tuple().all(connection).await?)
}

/// A counter of a post after it was adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostCount {
    /// Author of the post.
    pub author_id: UserId,
    /// The new value.
    pub count: i64,
}

/// Adds `by` to the number of comments and replies of a live post. Returns the new number, or `None` if the post is not
/// live. The post's row is locked until the unit ends.
pub async fn adjust_comments_count(
    unit: &UnitOfWork,
    id: PostId,
    by: i64,
) -> Result<Option<PostCount>, StoreError> {
    adjust(unit, id, posts::Column::CommentsCount, by, None).await
}

/// Adds `by` to a counter of a live post, if `condition` holds.
pub(crate) async fn adjust(
    unit: &UnitOfWork,
    id: PostId,
    counter: posts::Column,
    by: i64,
    condition: Option<SimpleExpr>,
) -> Result<Option<PostCount>, StoreError> {
    let update = Query::update()
        .table(posts::Entity)
        .value(counter, Expr::col(counter).add(by))
        .and_where(posts::Column::Id.eq(id))
        .and_where(posts::Column::DeletedAt.is_null())
        .and_where_option(condition)
        .returning(Query::returning().columns([posts::Column::AuthorId, counter]))
        .to_owned();
    post_count(unit.connection().await?.query_one(&update).await?)
}

/// Reads the author and the counter of a post; `None` without a row.
pub(crate) fn post_count(row: Option<QueryResult>) -> Result<Option<PostCount>, StoreError> {
    let Some(row) = row else { return Ok(None) };
    Ok(Some(PostCount { author_id: row.try_get_by_index(0)?, count: row.try_get_by_index(1)? }))
}

/// Returns a page of the live posts, of all authors or of one, the latest first.
pub async fn list_latest(
    connection: &impl ConnectionTrait,
    author: Option<UserId>,
    request: &PageRequest,
) -> Result<Page<Post>, StoreError> {
    let mut select = posts::Entity::find().filter(posts::Column::DeletedAt.is_null());
    if let Some(author) = author {
        select = select.filter(posts::Column::AuthorId.eq(author));
    }
    let keyset = Keyset { id: posts::Column::Id, value: None::<posts::Column>, sorting: Sorting::Descending };
    let rows = keyset.narrow(select, request).all(connection).await?;
    Ok(assemble(rows, request, |row| SortKey::of_id(row.id.0)).map(post))
}

/// Returns a page of the live posts, those with most likes first, then the latest (rule PO7).
pub async fn list_most_liked(
    connection: &impl ConnectionTrait,
    request: &PageRequest,
) -> Result<Page<Post>, StoreError> {
    let select = posts::Entity::find().filter(posts::Column::DeletedAt.is_null());
    let keyset = Keyset {
        id: posts::Column::Id,
        value: Some(posts::Column::LikesCount),
        sorting: Sorting::Descending,
    };
    let rows = keyset.narrow(select, request).all(connection).await?;
    Ok(assemble(rows, request, |row| SortKey { value: row.likes_count, id: row.id.0 }).map(post))
}

/// Returns those of the posts that are live, in the order of `ids`.
pub async fn find_among(
    connection: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = PostId>,
) -> Result<Vec<Post>, StoreError> {
    let ids: Vec<_> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = posts::Entity::find()
        .filter(is_among(connection, posts::Column::Id, ids.iter().map(|id| id.0)))
        .filter(posts::Column::DeletedAt.is_null())
        .all(connection)
        .await?;
    let mut found: HashMap<PostId, Post> = rows.into_iter().map(|row| (row.id, post(row))).collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

fn post(row: posts::Model) -> Post {
    Post {
        id: row.id,
        author_id: row.author_id,
        title: PostTitle::from_stored(row.title),
        content: PostContent::from_stored(row.content),
        likes_count: row.likes_count,
        comments_count: row.comments_count,
        views_count: row.views_count,
        version: row.version,
        created_at: row.created_at,
        edited_at: row.edited_at,
    }
}
