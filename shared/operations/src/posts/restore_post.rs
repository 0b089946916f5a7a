use domain::ProblemCode;
use domain::events::{Event, payload};
use domain::ids::PostId;
use domain::posts::{DeletedBy, PostView, may_change, may_restore};
use store::{posts, users};

use crate::{App, Caller, OperationError};

/// Restores a post that the caller wrote and deleted, with its comments, likes and counters as before. A live post of the
/// caller is returned unchanged (rules PO1, PO3).
#[tracing::instrument(name = "op.restore_post", skip_all, fields(user.id = %caller.user_id, post.id = %id))]
pub async fn restore_post(app: &App, caller: &Caller, id: PostId) -> Result<PostView, OperationError> {
    let mut unit = app.store.begin(app.clock.now()).await?;
    let (post, deletion) = posts::lock_any(&unit, id).await?.ok_or(ProblemCode::NotFound)?;
    let is_author = may_change(post.author_id, caller.user_id);
    match deletion {
        None => is_author?,
        Some(deletion) => {
            // To others, a deleted post does not exist.
            is_author.map_err(|_not_author| ProblemCode::NotFound)?;
            match deletion.by {
                DeletedBy::Author => may_restore(deletion, unit.now())?,
            }
            posts::restore(&unit, id);
            users::adjust_counter(&unit, post.author_id, users::Counter::Posts, 1);
            unit.record(Event::PostRestored(payload::PostUpdated {
                post_id: id,
                author_id: post.author_id,
                version: post.version,
            }));
        }
    }
    let view = posts::view(unit.connection().await?, post, Some(caller.user_id)).await?;
    unit.commit().await?;
    Ok(view)
}
