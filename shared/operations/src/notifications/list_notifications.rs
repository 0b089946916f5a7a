use domain::notifications::NotificationView;
use domain::page::{Page, PageRequest};
use store::notifications::{self, Wanted};

use crate::{App, Caller, OperationError};

/// Returns a page of the caller's notifications, the latest first. Changes nothing (rule NO5).
#[tracing::instrument(name = "op.list_notifications", skip_all, fields(user.id = %caller.user_id))]
pub async fn list_notifications(
    app: &App,
    caller: &Caller,
    wanted: Wanted,
    request: &PageRequest,
) -> Result<Page<NotificationView>, OperationError> {
    let reader = app.store.reader();
    let page = notifications::list(reader, caller.user_id, wanted, request).await?;
    let items = notifications::views(reader, page.items).await?;
    Ok(Page { items, next: page.next, previous: page.previous })
}
