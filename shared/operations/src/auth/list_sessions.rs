use domain::auth::{ClientOrigin, Session};
use store::sessions;

use crate::{App, Caller, OperationError};

/// A session, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// The session.
    pub session: Session,
    /// Where it began.
    pub origin: ClientOrigin,
    /// Whether it is the session of the caller.
    pub is_current: bool,
}

/// Largest number of sessions in the list. A version without a limit may have left more than are allowed now.
const LISTED: u64 = 100;

/// Lists the live sessions of the caller, the one used last first.
#[tracing::instrument(name = "op.list_sessions", skip_all, fields(user.id = %caller.user_id))]
pub async fn list_sessions(app: &App, caller: &Caller) -> Result<Vec<SessionView>, OperationError> {
    let live = sessions::live_of(app.store.reader(), caller.user_id, app.clock.now(), LISTED).await?;
    let view = |(session, origin): (Session, _)| SessionView {
        is_current: session.id == caller.session_id,
        session,
        origin,
    };
    Ok(live.into_iter().map(view).collect())
}
