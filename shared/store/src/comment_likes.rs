//! Likes of comments and replies.

use domain::ids::{CommentId, LikeId, PostId, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryResult, QuerySelect,
    QueryTrait as _,
};

use crate::backend::{has_data_modifying_with, is_among, statement};
use crate::comments;
use crate::entities::comment_likes;
use crate::writes::Write;
use crate::{StoreError, UnitOfWork};

/// PostgreSQL: counts a like of a live comment of a live post and inserts it in one statement. Returns no row if nothing is
/// to be changed. The insertion conflicts if a concurrent request of the same person committed the like while this one
/// waited for the comment's row.
const INSERT: &str = "
    WITH counted AS (
        UPDATE comments SET likes_count = likes_count + 1
        WHERE id = $2 AND state = 'active'
            AND EXISTS (SELECT 1 FROM posts WHERE posts.id = comments.post_id AND posts.deleted_at IS NULL)
            AND NOT EXISTS (SELECT 1 FROM comment_likes WHERE comment_id = $2 AND user_id = $3)
        RETURNING author_id, post_id, likes_count
    ), inserted AS (
        INSERT INTO comment_likes (id, comment_id, user_id, created_at) SELECT $1, $2, $3, $4 FROM counted
        ON CONFLICT (comment_id, user_id) DO NOTHING RETURNING 1
    )
    SELECT author_id, post_id, likes_count FROM counted WHERE EXISTS (SELECT 1 FROM inserted)";

/// PostgreSQL: removes a like and counts it in one statement. Returns no row if nothing is to be changed. The deletion
/// depends on the count, so that the comment is locked first, as in [`INSERT`].
const DELETE: &str = "
    WITH counted AS (
        UPDATE comments SET likes_count = likes_count - 1
        WHERE id = $1 AND state = 'active'
            AND EXISTS (SELECT 1 FROM posts WHERE posts.id = comments.post_id AND posts.deleted_at IS NULL)
            AND EXISTS (SELECT 1 FROM comment_likes WHERE comment_id = $1 AND user_id = $2)
        RETURNING author_id, post_id, likes_count
    ), deleted AS (
        DELETE FROM comment_likes WHERE comment_id = $1 AND user_id = $2 AND EXISTS (SELECT 1 FROM counted)
        RETURNING 1
    )
    SELECT author_id, post_id, likes_count FROM counted WHERE EXISTS (SELECT 1 FROM deleted)";

/// The likes of a comment after they were adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommentCount {
    /// Author of the comment.
    pub author_id: UserId,
    /// The post.
    pub post_id: PostId,
    /// The new number of likes.
    pub count: i64,
}

/// Adds a like and counts it in the comment. Returns the comment's new number of likes, or `None` if the unit must be
/// rolled back because nothing is to be changed: the comment or its post is not live, or the person likes it already.
pub async fn insert(
    unit: &UnitOfWork,
    id: LikeId,
    comment: CommentId,
    user: UserId,
) -> Result<Option<CommentCount>, StoreError> {
    let connection = unit.connection().await?;
    if has_data_modifying_with(connection) {
        let values = [id.0.into(), comment.0.into(), user.0.into(), unit.now().0.into()];
        return comment_count(connection.query_one_raw(statement(connection, INSERT, values)).await?);
    }
    let is_new = Expr::exists(like_of(comment, user)).not();
    let counted = comment_count(comments::adjust_likes_count(unit, comment, 1, is_new).await?)?;
    if counted.is_some() {
        let row = comment_likes::ActiveModel {
            id: Set(id),
            comment_id: Set(comment),
            user_id: Set(user),
            created_at: Set(unit.now()),
        };
        unit.write(Write::insert("comment_likes", id.0, comment_likes::Entity::insert(row).into_query()));
    }
    Ok(counted)
}

/// Removes a like and counts it in the comment. Returns the comment's new number of likes, or `None` if the unit must be
/// rolled back because nothing is to be changed: the comment or its post is not live, or the person does not like it.
pub async fn delete(
    unit: &UnitOfWork,
    comment: CommentId,
    user: UserId,
) -> Result<Option<CommentCount>, StoreError> {
    let connection = unit.connection().await?;
    if has_data_modifying_with(connection) {
        let values = [comment.0.into(), user.0.into()];
        return comment_count(connection.query_one_raw(statement(connection, DELETE, values)).await?);
    }
    let exists = Expr::exists(like_of(comment, user));
    let counted = comment_count(comments::adjust_likes_count(unit, comment, -1, exists).await?)?;
    if counted.is_some() {
        comment_likes::Entity::delete_many()
            .filter(comment_likes::Column::CommentId.eq(comment))
            .filter(comment_likes::Column::UserId.eq(user))
            .exec(connection)
            .await?;
    }
    Ok(counted)
}

fn like_of(comment: CommentId, user: UserId) -> SelectStatement {
    Query::select()
        .expr(Expr::cust("1"))
        .from(comment_likes::Entity)
        .and_where(Expr::col(comment_likes::Column::CommentId).eq(comment))
        .and_where(Expr::col(comment_likes::Column::UserId).eq(user))
        .to_owned()
}

fn comment_count(row: Option<QueryResult>) -> Result<Option<CommentCount>, StoreError> {
    let Some(row) = row else { return Ok(None) };
    Ok(Some(CommentCount {
        author_id: row.try_get_by_index(0)?,
        post_id: row.try_get_by_index(1)?,
        count: row.try_get_by_index(2)?,
    }))
}

/// Returns which of these comments a person likes, in one statement.
pub async fn liked_among(
    connection: &impl ConnectionTrait,
    user: UserId,
    comments: impl IntoIterator<Item = CommentId>,
) -> Result<Vec<CommentId>, StoreError> {
    let comments: Vec<_> = comments.into_iter().collect();
    if comments.is_empty() {
        return Ok(comments);
    }
    let ids = comments.into_iter().map(|comment| comment.0);
    let liked = comment_likes::Entity::find()
        .select_only()
        .column(comment_likes::Column::CommentId)
        .filter(comment_likes::Column::UserId.eq(user))
        .filter(is_among(connection, comment_likes::Column::CommentId, ids))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(liked)
}
