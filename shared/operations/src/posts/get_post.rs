use domain::ProblemCode;
use domain::ids::PostId;
use domain::posts::PostView;
use store::posts;

use crate::{App, Caller, OperationError};

/// Returns a live post.
#[tracing::instrument(name = "op.get_post", skip_all, fields(post.id = %id))]
pub async fn get_post(app: &App, caller: Option<&Caller>, id: PostId) -> Result<PostView, OperationError> {
    let post = posts::find(app.store.reader(), id).await?.ok_or(ProblemCode::NotFound)?;
    Ok(posts::view(app.store.reader(), post, caller.map(|caller| caller.user_id)).await?)
}
