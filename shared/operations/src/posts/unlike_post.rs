use domain::ProblemCode;
use domain::events::{Event, payload};
use domain::ids::PostId;
use domain::notifications::Occasion;
use domain::posts::LikeState;
use store::{likes, posts};

use crate::notifications::take_back;
use crate::{App, Caller, OperationError};

/// Takes a like back. Where there is none, nothing changes (rule PO5).
#[tracing::instrument(name = "op.unlike_post", skip_all)]
pub async fn unlike_post(app: &App, caller: &Caller, id: PostId) -> Result<LikeState, OperationError> {
    let mut unit = app.store.begin(app.clock.now()).await?;
    let post = posts::lock(&unit, id).await?.ok_or(ProblemCode::NotFound)?;
    if !likes::delete(&unit, id, caller.user_id).await? {
        unit.rollback().await?;
        return Ok(LikeState { liked: false, likes_count: post.likes_count });
    }
    let post =
        posts::adjust_counter(&unit, id, posts::Counter::Likes, -1).await?.ok_or(ProblemCode::NotFound)?;
    unit.record(Event::PostUnliked(payload::PostLikes {
        post_id: id,
        author_id: post.author_id,
        likes_count: post.likes_count,
    }));
    take_back(&mut unit, post.author_id, Occasion::PostLiked(id), caller.user_id).await?;
    unit.commit().await?;
    Ok(LikeState { liked: false, likes_count: post.likes_count })
}
