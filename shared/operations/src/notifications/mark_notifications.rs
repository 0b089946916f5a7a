use domain::notifications::UnreadCounts;
use store::notifications::{self, Mark, Marked};

use super::notify::{record_counts, sum};
use crate::{App, Caller, OperationError};

/// Marks notifications of the caller as seen or read and returns the caller's counters. Ids of other people's
/// notifications are ignored. The new counters are sent to the caller's devices.
#[tracing::instrument(name = "op.mark_notifications", skip_all, fields(user.id = %caller.user_id))]
pub async fn mark_notifications(
    app: &App,
    caller: &Caller,
    marked: &Marked,
    mark: Mark,
) -> Result<UnreadCounts, OperationError> {
    let recipient = caller.user_id;
    let mut unit = app.store.begin(app.clock.now()).await?;
    let head = notifications::advance(&unit, recipient).await?;
    let change = notifications::mark(&unit, recipient, marked, mark).await?;
    let unread = sum(head.unread, change);
    if unread == head.unread {
        // Nothing changed: the number is given back, and the next notification takes it.
        unit.rollback().await?;
        return Ok(unread);
    }
    record_counts(&mut unit, recipient, head, change);
    unit.commit().await?;
    Ok(unread)
}
