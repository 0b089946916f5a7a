use domain::ProblemCode;
use domain::events::{Event, payload};
use domain::ids::PostId;
use domain::posts::may_change;
use domain::users::{ExpectedVersions, may_change_version};
use store::{posts, users};

use crate::{App, Caller, OperationError};

/// Deletes a post of the caller. Fails if `expected` does not contain the post's version.
#[tracing::instrument(name = "op.delete_post", skip_all, fields(user.id = %caller.user_id, post.id = %id))]
pub async fn delete_post(
    app: &App,
    caller: &Caller,
    id: PostId,
    expected: impl Into<ExpectedVersions>,
) -> Result<(), OperationError> {
    let mut unit = app.store.begin(app.clock.now()).await?;
    let post = posts::lock(&unit, id).await?.ok_or(ProblemCode::NotFound)?;
    may_change(post.author_id, caller.user_id)?;
    may_change_version(post.version, expected)?;
    posts::delete(&unit, id);
    users::adjust_counter(&unit, post.author_id, users::Counter::Posts, -1);
    unit.record(Event::PostDeleted(payload::PostDeleted { post_id: id, author_id: post.author_id }));
    Ok(unit.commit().await?)
}
