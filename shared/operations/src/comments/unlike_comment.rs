use domain::ids::CommentId;
use domain::notifications::Occasion;
use domain::posts::LikeState;
use store::comment_likes;

use super::like_comment::unchanged;
use crate::notifications::withdraw;
use crate::{App, Caller, OperationError};

/// Removes a like of a comment. Idempotent (rule PO5).
#[tracing::instrument(name = "op.unlike_comment", skip_all, fields(user.id = %caller.user_id, comment.id = %id))]
pub async fn unlike_comment(app: &App, caller: &Caller, id: CommentId) -> Result<LikeState, OperationError> {
    let mut unit = app.store.begin_for(id.0, app.clock.now()).await?;
    let Some(counted) = comment_likes::delete(&unit, id, caller.user_id).await? else {
        unit.rollback().await?;
        return unchanged(app, id, false).await;
    };
    let occasion = Occasion::CommentLiked(counted.post_id, id);
    withdraw(&mut unit, counted.author_id, occasion, caller.user_id).await?;
    unit.commit().await?;
    Ok(LikeState { liked: false, likes_count: counted.count })
}
