use domain::ProblemCode;
use domain::events::{Event, payload};
use domain::ids::{LikeId, PostId};
use domain::notifications::Occasion;
use domain::posts::LikeState;
use store::{likes, posts};

use crate::notifications::tell;
use crate::{App, Caller, OperationError};

/// Likes a post. Liking it again changes nothing (rule PO5); a like of one's own post tells nobody.
#[tracing::instrument(name = "op.like_post", skip_all)]
pub async fn like_post(app: &App, caller: &Caller, id: PostId) -> Result<LikeState, OperationError> {
    let mut unit = app.store.begin(app.clock.now()).await?;
    let post = posts::lock(&unit, id).await?.ok_or(ProblemCode::NotFound)?;
    if !likes::insert(&unit, LikeId::new(&*app.ids), id, caller.user_id).await? {
        unit.rollback().await?;
        return Ok(LikeState { liked: true, likes_count: post.likes_count });
    }
    let post =
        posts::adjust_counter(&unit, id, posts::Counter::Likes, 1).await?.ok_or(ProblemCode::NotFound)?;
    unit.record(Event::PostLiked(payload::PostLikes {
        post_id: id,
        author_id: post.author_id,
        likes_count: post.likes_count,
    }));
    tell(app, &mut unit, post.author_id, Occasion::PostLiked(id), caller.user_id).await?;
    unit.commit().await?;
    Ok(LikeState { liked: true, likes_count: post.likes_count })
}
