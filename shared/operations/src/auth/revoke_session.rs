use domain::ProblemCode;
use domain::events::{Event, payload};
use domain::ids::SessionId;
use store::sessions;

use crate::{App, Caller, OperationError};

/// Ends a session of the caller: its tokens stop working and its sockets are closed (rule ID8). Idempotent. A session of
/// another person is answered like one that does not exist.
#[tracing::instrument(name = "op.revoke_session", skip_all, fields(user.id = %caller.user_id, session.id = %session_id))]
pub async fn revoke_session(app: &App, caller: &Caller, session_id: SessionId) -> Result<(), OperationError> {
    if !sessions::is_of(app.store.reader(), session_id, caller.user_id).await? {
        return Err(ProblemCode::NotFound.into());
    }
    let mut unit = app.store.begin(app.clock.now()).await?;
    if sessions::revoke(&unit, session_id).await? {
        unit.record(Event::SessionRevoked(payload::SessionRevoked { user_id: caller.user_id, session_id }));
    }
    Ok(unit.commit().await?)
}
