use domain::events::{Event, payload};
use domain::ids::PostId;
use domain::notifications::Occasion;
use domain::posts::LikeState;
use store::likes;

use super::like_post::unchanged;
use crate::notifications::withdraw;
use crate::{App, Caller, OperationError};

/// Removes a like. Idempotent (rule PO5).
#[tracing::instrument(name = "op.unlike_post", skip_all, fields(user.id = %caller.user_id, post.id = %id))]
pub async fn unlike_post(app: &App, caller: &Caller, id: PostId) -> Result<LikeState, OperationError> {
    let mut unit = app.store.begin_for(id.0, app.clock.now()).await?;
    let Some(counted) = likes::delete(&unit, id, caller.user_id).await? else {
        unit.rollback().await?;
        return unchanged(app, id, false).await;
    };
    unit.record(Event::PostUnliked(payload::PostLikes {
        post_id: id,
        author_id: counted.author_id,
        likes_count: counted.count,
    }));
    withdraw(&mut unit, counted.author_id, Occasion::PostLiked(id), caller.user_id).await?;
    unit.commit().await?;
    Ok(LikeState { liked: false, likes_count: counted.count })
}
