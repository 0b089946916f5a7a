use domain::ProblemCode;
use domain::events::{Event, payload};
use domain::ids::PostId;
use domain::posts::{PostChange, PostView, may_change};
use domain::users::{ExpectedVersions, may_change_version};
use store::posts;

use crate::{App, Caller, OperationError};

/// Edits a post of the caller. Fails if `expected` does not contain the post's version.
#[tracing::instrument(name = "op.update_post", skip_all, fields(user.id = %caller.user_id, post.id = %id))]
pub async fn update_post(
    app: &App,
    caller: &Caller,
    id: PostId,
    change: PostChange,
    expected: impl Into<ExpectedVersions>,
) -> Result<PostView, OperationError> {
    let mut unit = app.store.begin(app.clock.now()).await?;
    let mut post = posts::lock(&unit, id).await?.ok_or(ProblemCode::NotFound)?;
    may_change(post.author_id, caller.user_id)?;
    may_change_version(post.version, expected)?;
    let before = post.clone();
    post.title = change.title.unwrap_or(post.title);
    post.content = change.content.unwrap_or(post.content);
    if post != before {
        post.version += 1;
        post.edited_at = Some(unit.now());
        posts::update(&unit, &post);
        unit.record(Event::PostUpdated(payload::PostUpdated {
            post_id: id,
            author_id: post.author_id,
            version: post.version,
        }));
    }
    let view = posts::view(unit.connection().await?, post, Some(caller.user_id)).await?;
    unit.commit().await?;
    Ok(view)
}
