use domain::ProblemCode;
use domain::ids::PostId;
use domain::page::{Page, PageRequest};
use domain::users::UserSummary;
use store::{likes, posts};

use crate::{App, OperationError};

/// Returns a page of the people who like a live post, the latest first.
#[tracing::instrument(name = "op.list_post_likes", skip_all, fields(post.id = %id))]
pub async fn list_post_likes(
    app: &App,
    id: PostId,
    request: &PageRequest,
) -> Result<Page<UserSummary>, OperationError> {
    posts::find(app.store.reader(), id).await?.ok_or(ProblemCode::NotFound)?;
    Ok(likes::list(app.store.reader(), id, request).await?)
}
