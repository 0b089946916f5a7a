use domain::ProblemCode;
use domain::comments::{Comment, CommentState, recipient};
use domain::events::{Event, payload};
use domain::ids::CommentId;
use domain::notifications::Occasion;
use domain::posts::may_change;
use store::{comments, posts};

use crate::notifications::take_back;
use crate::{App, Caller, OperationError};

/// Takes back a comment of one's own. With live replies below it, it stays as a placeholder (rule PO4).
#[tracing::instrument(name = "op.delete_comment", skip_all)]
pub async fn delete_comment(app: &App, caller: &Caller, id: CommentId) -> Result<(), OperationError> {
    let live = |comment: &Comment| comment.state == CommentState::Active;
    let known = comments::find(app.store.reader(), id).await?.filter(live).ok_or(ProblemCode::NotFound)?;
    may_change(known.author_id, caller.user_id)?;
    let mut unit = app.store.begin(app.clock.now()).await?;
    // The post first, as everywhere; then what was read before is read again, now that it stands still.
    let post = posts::adjust_counter(&unit, known.post_id, posts::Counter::Comments, -1).await?;
    let post = post.ok_or(ProblemCode::NotFound)?;
    let comment = comments::lock(&unit, id).await?.filter(live).ok_or(ProblemCode::NotFound)?;
    comments::delete(&unit, id).await?;
    if let Some(root) = comment.parent_id {
        comments::count_replies(&unit, root, -1).await?;
    }
    unit.record(Event::CommentDeleted(payload::PostComments {
        post_id: post.id,
        post_author_id: post.author_id,
        comment_id: id,
        parent_id: comment.parent_id,
        comments_count: post.comments_count,
    }));
    let answered = match (comment.reply_to, comment.parent_id) {
        (Some(person), _) => Some(person),
        (None, Some(root)) => comments::find(unit.connection(), root).await?.map(|root| root.author_id),
        (None, None) => None,
    };
    if let Some((person, _)) = recipient(caller.user_id, post.author_id, answered) {
        let occasion = match answered {
            Some(_) => Occasion::CommentReplied(post.id, id),
            None => Occasion::PostCommented(post.id, id),
        };
        take_back(&mut unit, person, occasion, caller.user_id).await?;
    }
    Ok(unit.commit().await?)
}
