//! Posts.

mod views;

use domain::ids::{PostId, UserId};
use domain::page::{Page, PageRequest, SortKey};
use domain::posts::{Post, PostContent, PostTitle};
use domain::text::Text;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::entities::posts;
use crate::page::{Keyset, Sorting, assemble};
use crate::{StoreError, UnitOfWork};

pub use views::{view, views};

/// Adds a post.
pub async fn insert(unit: &UnitOfWork, post: &Post) -> Result<(), StoreError> {
    let row = posts::ActiveModel {
        id: Set(post.id),
        author_id: Set(post.author_id),
        title: Set(post.title.as_str().to_owned()),
        content: Set(post.content.as_str().to_owned()),
        likes_count: Set(post.likes_count),
        comments_count: Set(post.comments_count),
        version: Set(post.version),
        created_at: Set(post.created_at),
        edited_at: Set(post.edited_at),
        deleted_at: Set(None),
    };
    posts::Entity::insert(row).exec_without_returning(unit.connection()).await?;
    Ok(())
}

/// Finds a live post.
pub async fn find(connection: &impl ConnectionTrait, id: PostId) -> Result<Option<Post>, StoreError> {
    let row =
        posts::Entity::find_by_id(id).filter(posts::Column::DeletedAt.is_null()).one(connection).await?;
    Ok(row.map(post))
}

/// Finds a live post and keeps others from changing it until the unit ends.
pub async fn lock(unit: &UnitOfWork, id: PostId) -> Result<Option<Post>, StoreError> {
    let row = posts::Entity::find_by_id(id)
        .filter(posts::Column::DeletedAt.is_null())
        .lock_exclusive()
        .one(unit.connection())
        .await?;
    Ok(row.map(post))
}

/// Replaces what an author may change of a post.
pub async fn update(unit: &UnitOfWork, post: &Post) -> Result<(), StoreError> {
    posts::Entity::update_many()
        .col_expr(posts::Column::Title, Expr::value(post.title.as_str()))
        .col_expr(posts::Column::Content, Expr::value(post.content.as_str()))
        .col_expr(posts::Column::Version, Expr::value(post.version))
        .col_expr(posts::Column::EditedAt, Expr::value(post.edited_at))
        .filter(posts::Column::Id.eq(post.id))
        .exec(unit.connection())
        .await?;
    Ok(())
}

/// Takes a post out of sight. The row stays.
pub async fn delete(unit: &UnitOfWork, id: PostId) -> Result<(), StoreError> {
    posts::Entity::update_many()
        .col_expr(posts::Column::DeletedAt, Expr::value(unit.now()))
        .filter(posts::Column::Id.eq(id))
        .exec(unit.connection())
        .await?;
    Ok(())
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
        .filter(posts::Column::Id.is_in(posts))
        .filter(posts::Column::DeletedAt.is_null());
    Ok(select.into_tuple().all(connection).await?)
}

/// A counter of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// Likes.
    Likes,
    /// Live comments and live replies.
    Comments,
}

/// Adds `by` to a counter of a live post and returns the post, or `None` if it is not live.
pub async fn adjust_counter(
    unit: &UnitOfWork,
    id: PostId,
    counter: Counter,
    by: i64,
) -> Result<Option<Post>, StoreError> {
    let column = match counter {
        Counter::Likes => posts::Column::LikesCount,
        Counter::Comments => posts::Column::CommentsCount,
    };
    let rows = posts::Entity::update_many()
        .col_expr(column, Expr::col(column).add(by))
        .filter(posts::Column::Id.eq(id))
        .filter(posts::Column::DeletedAt.is_null())
        .exec_with_returning(unit.connection())
        .await?;
    Ok(rows.into_iter().next().map(post))
}

/// Returns a page of the live posts, of everybody or of one author, the latest first.
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

fn post(row: posts::Model) -> Post {
    Post {
        id: row.id,
        author_id: row.author_id,
        title: PostTitle::from_stored(row.title),
        content: PostContent::from_stored(row.content),
        likes_count: row.likes_count,
        comments_count: row.comments_count,
        version: row.version,
        created_at: row.created_at,
        edited_at: row.edited_at,
    }
}
