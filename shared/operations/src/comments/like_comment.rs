use domain::ProblemCode;
use domain::comments::{Comment, CommentState};
use domain::ids::{CommentId, LikeId};
use domain::notifications::Occasion;
use domain::posts::LikeState;
use store::{comment_likes, comments, posts};

use crate::notifications::notify;
use crate::{App, Caller, OperationError};

/// Likes a comment and notifies its author. Idempotent (rule PO5).
#[tracing::instrument(name = "op.like_comment", skip_all, fields(user.id = %caller.user_id, comment.id = %id))]
pub async fn like_comment(app: &App, caller: &Caller, id: CommentId) -> Result<LikeState, OperationError> {
    let mut unit = app.store.begin_for(id.0, app.clock.now()).await?;
    let like = LikeId::new(&*app.ids);
    let Some(counted) = comment_likes::insert(&unit, like, id, caller.user_id).await? else {
        unit.rollback().await?;
        return unchanged(app, id, true).await;
    };
    let occasion = Occasion::CommentLiked(counted.post_id, id);
    notify(app, &mut unit, counted.author_id, occasion, caller.summary()).await?;
    unit.commit().await?;
    Ok(LikeState { liked: true, likes_count: counted.count })
}

/// Returns the state of a comment that was not changed.
pub(super) async fn unchanged(app: &App, id: CommentId, liked: bool) -> Result<LikeState, OperationError> {
    let reader = app.store.reader();
    let live = |comment: &Comment| comment.state == CommentState::Active;
    let comment = comments::find(reader, id).await?.filter(live).ok_or(ProblemCode::NotFound)?;
    posts::find(reader, comment.post_id).await?.ok_or(ProblemCode::NotFound)?;
    Ok(LikeState { liked, likes_count: comment.likes_count })
}
