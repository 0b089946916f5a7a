use domain::ids::UserId;
use domain::page::{Page, PageRequest};
use domain::posts::PostView;
use store::posts;

use crate::{App, Caller, OperationError};

/// Returns a page of the live posts, of all authors or of one, the latest first.
#[tracing::instrument(name = "op.list_posts", skip_all)]
pub async fn list_posts(
    app: &App,
    caller: Option<&Caller>,
    author: Option<UserId>,
    request: &PageRequest,
) -> Result<Page<PostView>, OperationError> {
    let reader = app.store.reader();
    let page = posts::list_latest(reader, author, request).await?;
    let items = posts::views(reader, page.items, caller.map(|caller| caller.user_id)).await?;
    Ok(Page { items, next: page.next, previous: page.previous })
}
