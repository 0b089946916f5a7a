use domain::ProblemCode;
use domain::comments::{Comment, CommentChange, CommentState, CommentView};
use domain::events::{Event, payload};
use domain::ids::CommentId;
use domain::posts::may_change;
use domain::users::{ExpectedVersions, may_change_version};
use store::{comments, posts};

use crate::{App, Caller, OperationError};

/// Edits a comment of the caller on a live post. Fails if `expected` does not contain the comment's version (rules PO1, AP9).
#[tracing::instrument(name = "op.update_comment", skip_all, fields(user.id = %caller.user_id, comment.id = %id))]
pub async fn update_comment(
    app: &App,
    caller: &Caller,
    id: CommentId,
    change: CommentChange,
    expected: impl Into<ExpectedVersions>,
) -> Result<CommentView, OperationError> {
    let mut unit = app.store.begin(app.clock.now()).await?;
    let live = |comment: &Comment| comment.state == CommentState::Active;
    let mut comment = comments::lock(&unit, id).await?.filter(live).ok_or(ProblemCode::NotFound)?;
    let of_live_post = posts::authors_of_live(unit.connection().await?, [comment.post_id]).await?;
    let (_, post_author_id) = of_live_post.first().copied().ok_or(ProblemCode::NotFound)?;
    may_change(comment.author_id, caller.user_id)?;
    may_change_version(comment.version, expected)?;
    let before = comment.clone();
    comment.content = change.content.unwrap_or(comment.content);
    if comment != before {
        comment.version += 1;
        comment.edited_at = Some(unit.now());
        comments::update(&unit, &comment);
        unit.record(Event::CommentUpdated(payload::CommentUpdated {
            post_id: comment.post_id,
            post_author_id,
            comment_id: id,
            parent_id: comment.parent_id,
            version: comment.version,
        }));
    }
    let view = comments::view(unit.connection().await?, comment, Some(caller.user_id)).await?;
    unit.commit().await?;
    Ok(view)
}
