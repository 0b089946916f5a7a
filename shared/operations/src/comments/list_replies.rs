use domain::ProblemCode;
use domain::comments::{CommentState, CommentView};
use domain::ids::CommentId;
use domain::page::{Page, PageRequest};
use store::{comments, posts};

use crate::{App, Caller, OperationError};

/// Returns a page of the live replies below a comment of a live post, the oldest first.
#[tracing::instrument(name = "op.list_replies", skip_all, fields(comment.id = %comment))]
pub async fn list_replies(
    app: &App,
    caller: Option<&Caller>,
    comment: CommentId,
    request: &PageRequest,
) -> Result<Page<CommentView>, OperationError> {
    let reader = app.store.reader();
    let parent = comments::find(reader, comment).await?.ok_or(ProblemCode::NotFound)?;
    if parent.state == CommentState::Deleted && parent.replies_count == 0 {
        return Err(ProblemCode::NotFound.into());
    }
    posts::find(reader, parent.post_id).await?.ok_or(ProblemCode::NotFound)?;
    Ok(comments::list_replies(reader, comment, caller.map(|caller| caller.user_id), request).await?)
}
