use domain::ProblemCode;
use domain::page::{Page, PageRequest};
use domain::posts::{PopularWindow, PostList, PostView};
use store::{popularity, posts};

use crate::{App, Caller, OperationError};

/// Returns a page of a list of live posts. The list of followed people needs a caller. A cursor of a ranking that is no
/// longer kept is refused (rule PO7).
#[tracing::instrument(name = "op.list_posts", skip_all)]
pub async fn list_posts(
    app: &App,
    caller: Option<&Caller>,
    list: PostList,
    request: &PageRequest,
) -> Result<Page<PostView>, OperationError> {
    let reader = app.store.reader();
    let page = match list {
        PostList::Latest => posts::list_latest(reader, None, request).await?,
        PostList::OfAuthor(author) => posts::list_latest(reader, Some(author), request).await?,
        PostList::Following => {
            let follower = caller.ok_or(ProblemCode::Unauthenticated)?.user_id;
            posts::list_following(reader, follower, request).await?
        }
        PostList::Named(ids) => {
            Page { items: posts::find_among(reader, ids).await?, next: None, previous: None }
        }
        PostList::Popular(PopularWindow::All) => posts::list_most_liked(reader, request).await?,
        PostList::Popular(window) => {
            popularity::list(reader, window, request).await?.ok_or(ProblemCode::InvalidCursor)?
        }
    };
    let items = posts::views(reader, page.items, caller.map(|caller| caller.user_id)).await?;
    Ok(Page { items, next: page.next, previous: page.previous })
}
