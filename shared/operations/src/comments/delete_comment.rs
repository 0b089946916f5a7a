use domain::ProblemCode;
use domain::comments::{Comment, CommentState, recipient};
use domain::events::{Event, payload};
use domain::ids::CommentId;
use domain::notifications::Occasion;
use domain::posts::may_change;
use store::{comments, posts};

use crate::notifications::withdraw;
use crate::{App, Caller, OperationError};

/// Deletes a comment of the caller. A comment with live replies stays in lists as a placeholder (rule PO4).
#[tracing::instrument(name = "op.delete_comment", skip_all, fields(user.id = %caller.user_id, comment.id = %id))]
pub async fn delete_comment(app: &App, caller: &Caller, id: CommentId) -> Result<(), OperationError> {
    let live = |comment: &Comment| comment.state == CommentState::Active;
    let known = comments::find(app.store.reader(), id).await?.filter(live).ok_or(ProblemCode::NotFound)?;
    may_change(known.author_id, caller.user_id)?;
    let mut unit = app.store.begin_for(known.post_id.0, app.clock.now()).await?;
    // The post is locked first, as in every operation. The comment is read again, because it may have changed before that.
    let post = posts::adjust_comments_count(&unit, known.post_id, -1).await?.ok_or(ProblemCode::NotFound)?;
    let comment = comments::lock(&unit, id).await?.filter(live).ok_or(ProblemCode::NotFound)?;
    comments::delete(&unit, id);
    if let Some(root) = comment.parent_id {
        comments::adjust_replies_count(&unit, root, -1);
    }
    unit.record(Event::CommentDeleted(payload::PostComments {
        post_id: comment.post_id,
        post_author_id: post.author_id,
        comment_id: id,
        parent_id: comment.parent_id,
        comments_count: post.count,
    }));
    let answered = match (comment.reply_to, comment.parent_id) {
        (Some(person), _) => Some(person),
        (None, Some(root)) => {
            comments::find(unit.connection().await?, root).await?.map(|root| root.author_id)
        }
        (None, None) => None,
    };
    if let Some((recipient, _)) = recipient(caller.user_id, post.author_id, answered) {
        let occasion = match answered {
            Some(_) => Occasion::CommentReplied(comment.post_id, id),
            None => Occasion::PostCommented(comment.post_id, id),
        };
        withdraw(&mut unit, recipient, occasion, caller.user_id).await?;
    }
    Ok(unit.commit().await?)
}
