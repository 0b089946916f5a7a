use domain::ProblemCode;
use domain::events::{Event, payload};
use domain::ids::{LikeId, PostId};
use domain::notifications::Occasion;
use domain::posts::LikeState;
use store::{likes, posts};

use crate::notifications::notify;
use crate::{App, Caller, OperationError};

/// Likes a post and notifies its author. Idempotent (rule PO5).
#[tracing::instrument(name = "op.like_post", skip_all, fields(user.id = %caller.user_id, post.id = %id))]
pub async fn like_post(app: &App, caller: &Caller, id: PostId) -> Result<LikeState, OperationError> {
    let mut unit = app.store.begin_for(id.0, app.clock.now()).await?;
    let Some(counted) = likes::insert(&unit, LikeId::new(&*app.ids), id, caller.user_id).await? else {
        unit.rollback().await?;
        return unchanged(app, id, true).await;
    };
    unit.record(Event::PostLiked(payload::PostLikes {
        post_id: id,
        author_id: counted.author_id,
        likes_count: counted.count,
    }));
    notify(app, &mut unit, counted.author_id, Occasion::PostLiked(id), caller.summary()).await?;
    unit.commit().await?;
    Ok(LikeState { liked: true, likes_count: counted.count })
}

/// Returns the state of a post that was not changed.
pub(super) async fn unchanged(app: &App, id: PostId, liked: bool) -> Result<LikeState, OperationError> {
    let likes_count = posts::likes_count(app.store.reader(), id).await?.ok_or(ProblemCode::NotFound)?;
    Ok(LikeState { liked, likes_count })
}
