use domain::ProblemCode;
use domain::comments::CommentView;
use domain::ids::PostId;
use domain::page::{Page, PageRequest};
use store::{comments, posts};

use crate::{App, Caller, OperationError};

/// Returns a page of the comments of a live post, the oldest first.
#[tracing::instrument(name = "op.list_comments", skip_all, fields(post.id = %post))]
pub async fn list_comments(
    app: &App,
    caller: Option<&Caller>,
    post: PostId,
    request: &PageRequest,
) -> Result<Page<CommentView>, OperationError> {
    let reader = app.store.reader();
    posts::find(reader, post).await?.ok_or(ProblemCode::NotFound)?;
    Ok(comments::list(reader, post, caller.map(|caller| caller.user_id), request).await?)
}
