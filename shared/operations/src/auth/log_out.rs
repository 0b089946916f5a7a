use super::revoke_session;
use crate::{App, Caller, OperationError};

/// Ends the caller's session: its tokens stop working and its sockets are closed (rule ID8).
#[tracing::instrument(name = "op.log_out", skip_all, fields(user.id = %caller.user_id))]
pub async fn log_out(app: &App, caller: &Caller) -> Result<(), OperationError> {
    revoke_session(app, caller, caller.session_id).await
}
