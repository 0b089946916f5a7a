use store::sessions::Ending;
use store::users;

use super::end_sessions::end_sessions;
use crate::{App, Caller, OperationError};

/// Ends all sessions of the caller but the present one (rule ID8). Idempotent.
#[tracing::instrument(name = "op.revoke_other_sessions", skip_all, fields(user.id = %caller.user_id))]
pub async fn revoke_other_sessions(app: &App, caller: &Caller) -> Result<(), OperationError> {
    let mut unit = app.store.begin_for(caller.user_id.0, app.clock.now()).await?;
    users::lock(&unit, caller.user_id).await?;
    end_sessions(&mut unit, caller.user_id, Ending::AllBut(caller.session_id)).await?;
    Ok(unit.commit().await?)
}
