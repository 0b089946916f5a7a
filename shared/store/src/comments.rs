//! Comments and replies.

use domain::comments::{Comment, CommentContent, CommentState, CommentView, CommentViewer};
use domain::ids::{CommentId, PostId, UserId};
use domain::page::{Page, PageRequest, SortKey};
use domain::text::Text;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryResult, QuerySelect,
    QueryTrait as _,
};

use crate::entities::{comments, posts};
use crate::page::{Keyset, Sorting, assemble};
use crate::writes::Write;
use crate::{StoreError, UnitOfWork, comment_likes, users};

/// Adds a comment or a reply.
pub fn insert(unit: &UnitOfWork, comment: &Comment) {
    let row = comments::ActiveModel {
        id: Set(comment.id),
        post_id: Set(comment.post_id),
        parent_id: Set(comment.parent_id),
        reply_to_id: Set(comment.reply_to),
        author_id: Set(comment.author_id),
        content: Set(comment.content.as_str().to_owned()),
        state: Set(comment.state.as_str().to_owned()),
        replies_count: Set(comment.replies_count),
        likes_count: Set(comment.likes_count),
        version: Set(comment.version),
        created_at: Set(comment.created_at),
        edited_at: Set(comment.edited_at),
        deleted_at: Set(None),
    };
    unit.write(Write::insert("comments", comment.id.0, comments::Entity::insert(row).into_query()));
}

/// Finds a comment or a reply, deleted ones included.
pub async fn find(connection: &impl ConnectionTrait, id: CommentId) -> Result<Option<Comment>, StoreError> {
    comments::Entity::find_by_id(id).one(connection).await?.map(comment).transpose()
}

/// Finds a comment or a reply, deleted ones included, and locks it until the unit ends.
pub async fn lock(unit: &UnitOfWork, id: CommentId) -> Result<Option<Comment>, StoreError> {
    let row = comments::Entity::find_by_id(id).lock_exclusive().one(unit.connection().await?).await?;
    row.map(comment).transpose()
}

/// Replaces content and version of a comment.
pub fn update(unit: &UnitOfWork, comment: &Comment) {
    let update = comments::Entity::update_many()
        .col_expr(comments::Column::Content, Expr::value(comment.content.as_str()))
        .col_expr(comments::Column::Version, Expr::value(comment.version))
        .col_expr(comments::Column::EditedAt, Expr::value(comment.edited_at))
        .filter(comments::Column::Id.eq(comment.id))
        .into_query();
    unit.write(Write::update("comments", comment.id.0, update));
}

/// Adds `by` to the number of likes of a live comment of a live post, if `condition` holds. Returns the author, the post
/// and the new number.
pub(crate) async fn adjust_likes_count(
    unit: &UnitOfWork,
    id: CommentId,
    by: i64,
    condition: SimpleExpr,
) -> Result<Option<QueryResult>, StoreError> {
    use comments::Column;
    let live_post = Query::select()
        .expr(Expr::cust("1"))
        .from(posts::Entity)
        .and_where(Expr::col((posts::Entity, posts::Column::Id)).equals((comments::Entity, Column::PostId)))
        .and_where(posts::Column::DeletedAt.is_null())
        .to_owned();
    let update = Query::update()
        .table(comments::Entity)
        .value(Column::LikesCount, Expr::col(Column::LikesCount).add(by))
        .and_where(Expr::col((comments::Entity, Column::Id)).eq(id))
        .and_where(Column::State.eq(CommentState::Active.as_str()))
        .and_where(Expr::exists(live_post))
        .and_where(condition)
        .returning(Query::returning().columns([Column::AuthorId, Column::PostId, Column::LikesCount]))
        .to_owned();
    Ok(unit.connection().await?.query_one(&update).await?)
}

/// Adds `by` to the number of live replies of a comment.
pub fn adjust_replies_count(unit: &UnitOfWork, id: CommentId, by: i64) {
    let update = comments::Entity::update_many()
        .col_expr(comments::Column::RepliesCount, Expr::col(comments::Column::RepliesCount).add(by))
        .filter(comments::Column::Id.eq(id))
        .into_query();
    unit.write(Write::update("comments", id.0, update));
}

/// Marks a comment as deleted. The row stays because replies refer to it; [`views`] do not show its content.
pub fn delete(unit: &UnitOfWork, id: CommentId) {
    let update = comments::Entity::update_many()
        .col_expr(comments::Column::State, Expr::value(CommentState::Deleted.as_str()))
        .col_expr(comments::Column::DeletedAt, Expr::value(unit.now()))
        .filter(comments::Column::Id.eq(id))
        .into_query();
    unit.write(Write::update("comments", id.0, update));
}

/// Returns a page of the comments of a post, the oldest first: the live ones, and the deleted ones that have live
/// replies (rule PO4).
pub async fn list(
    connection: &impl ConnectionTrait,
    post: PostId,
    viewer: Option<UserId>,
    request: &PageRequest,
) -> Result<Page<CommentView>, StoreError> {
    let top_level =
        Condition::all().add(comments::Column::PostId.eq(post)).add(comments::Column::ParentId.is_null());
    page(connection, top_level, viewer, request).await
}

/// Returns a page of the live replies below a comment, the oldest first.
pub async fn list_replies(
    connection: &impl ConnectionTrait,
    parent: CommentId,
    viewer: Option<UserId>,
    request: &PageRequest,
) -> Result<Page<CommentView>, StoreError> {
    page(connection, Condition::all().add(comments::Column::ParentId.eq(parent)), viewer, request).await
}

async fn page(
    connection: &impl ConnectionTrait,
    wanted: Condition,
    viewer: Option<UserId>,
    request: &PageRequest,
) -> Result<Page<CommentView>, StoreError> {
    let shown = Condition::any()
        .add(comments::Column::State.eq(CommentState::Active.as_str()))
        .add(comments::Column::RepliesCount.gt(0));
    let keyset =
        Keyset { id: comments::Column::Id, value: None::<comments::Column>, sorting: Sorting::Ascending };
    let select = comments::Entity::find().filter(wanted).filter(shown);
    let rows = keyset.narrow(select, request).all(connection).await?;
    let page = assemble(rows, request, |row| SortKey::of_id(row.id.0));
    let found: Vec<Comment> = page.items.into_iter().map(comment).collect::<Result<_, _>>()?;
    let items = views(connection, found, viewer).await?;
    Ok(Page { items, next: page.next, previous: page.previous })
}

/// Returns comments as `viewer` sees them, deleted ones without content. Runs two statements at most, however many
/// comments there are.
pub async fn views(
    connection: &impl ConnectionTrait,
    comments: Vec<Comment>,
    viewer: Option<UserId>,
) -> Result<Vec<CommentView>, StoreError> {
    let both = |comment: &Comment| [Some(comment.author_id), comment.reply_to];
    let people: Vec<UserId> = comments.iter().flat_map(both).flatten().collect();
    let summaries = users::summaries(connection, people).await?;
    let liked = match viewer {
        None => Vec::new(),
        Some(viewer) => {
            comment_likes::liked_among(connection, viewer, comments.iter().map(|comment| comment.id)).await?
        }
    };
    let view = |mut comment: Comment| {
        if comment.state == CommentState::Deleted {
            comment.content = CommentContent::from_stored(String::new());
        }
        Ok(CommentView {
            author: summaries.get(comment.author_id)?,
            reply_to: comment.reply_to.map(|person| summaries.get(person)).transpose()?,
            viewer: viewer.map(|viewer| CommentViewer {
                liked: liked.contains(&comment.id),
                is_author: viewer == comment.author_id,
            }),
            comment,
        })
    };
    comments.into_iter().map(view).collect()
}

/// Returns one comment as `viewer` sees it.
pub async fn view(
    connection: &impl ConnectionTrait,
    comment: Comment,
    viewer: Option<UserId>,
) -> Result<CommentView, StoreError> {
    let id = comment.id;
    let view = views(connection, vec![comment], viewer).await?.into_iter().next();
    view.ok_or_else(|| StoreError::corrupt("comments", format!("no view of {id}")))
}

fn comment(row: comments::Model) -> Result<Comment, StoreError> {
    let state = CommentState::from_name(&row.state)
        .ok_or_else(|| StoreError::corrupt("comments", format!("state of {}", row.id)))?;
    Ok(Comment {
        id: row.id,
        post_id: row.post_id,
        parent_id: row.parent_id,
        reply_to: row.reply_to_id,
        author_id: row.author_id,
        content: CommentContent::from_stored(row.content),
        state,
        replies_count: row.replies_count,
        likes_count: row.likes_count,
        version: row.version,
        created_at: row.created_at,
        edited_at: row.edited_at,
    })
}
