use domain::notifications::UnreadCounts;
use store::notifications;

use crate::{App, Caller, OperationError};

/// Returns how many entries wait for the caller.
#[tracing::instrument(name = "op.get_unread", skip_all)]
pub async fn get_unread(app: &App, caller: &Caller) -> Result<UnreadCounts, OperationError> {
    Ok(notifications::unread(app.store.reader(), caller.user_id).await?)
}
