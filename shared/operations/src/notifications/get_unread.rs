use domain::notifications::UnreadCounts;
use store::notifications;

use crate::{App, Caller, OperationError};

/// Returns the caller's unseen and unread counters.
#[tracing::instrument(name = "op.get_unread", skip_all, fields(user.id = %caller.user_id))]
pub async fn get_unread(app: &App, caller: &Caller) -> Result<UnreadCounts, OperationError> {
    Ok(notifications::unread(app.store.reader(), caller.user_id).await?)
}
