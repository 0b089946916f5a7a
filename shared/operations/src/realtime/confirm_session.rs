use domain::ids::{SessionId, UserId};

use crate::auth::find_live_session;
use crate::{App, OperationError};

/// Checks that a session is live and belongs to a person.
#[tracing::instrument(name = "op.confirm_session", skip_all, fields(user.id = %user, session.id = %session))]
pub async fn confirm_session(app: &App, user: UserId, session: SessionId) -> Result<(), OperationError> {
    find_live_session(app, user, session).await.map(drop)
}
