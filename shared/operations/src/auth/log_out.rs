use store::sessions;

use crate::{App, Caller, OperationError, events};

/// Ends the caller's session: its tokens stop working and its sockets are closed (rule ID8).
#[tracing::instrument(name = "op.log_out", skip_all)]
pub async fn log_out(app: &App, caller: &Caller) -> Result<(), OperationError> {
    let mut unit = app.store.begin(app.clock.now()).await?;
    if sessions::revoke(&unit, caller.session_id).await? {
        let event = events::session_revoked(caller.user_id, caller.session_id, unit.now())?;
        unit.record(event);
    }
    Ok(unit.commit().await?)
}
