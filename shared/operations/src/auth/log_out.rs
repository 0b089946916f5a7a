use domain::events::{Event, payload};
use store::sessions;

use crate::{App, Caller, OperationError};

/// Ends the caller's session: its tokens stop working and its sockets are closed (rule ID8).
#[tracing::instrument(name = "op.log_out", skip_all, fields(user.id = %caller.user_id))]
pub async fn log_out(app: &App, caller: &Caller) -> Result<(), OperationError> {
    let mut unit = app.store.begin(app.clock.now()).await?;
    if sessions::revoke(&unit, caller.session_id).await? {
        let (user_id, session_id) = (caller.user_id, caller.session_id);
        unit.record(Event::SessionRevoked(payload::SessionRevoked { user_id, session_id }));
    }
    Ok(unit.commit().await?)
}
