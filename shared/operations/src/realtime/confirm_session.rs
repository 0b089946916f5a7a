use domain::ProblemCode;
use domain::ids::{SessionId, UserId};
use domain::users::UserState;
use store::sessions;

use crate::{App, OperationError};

/// Checks that a session is that person's and still lives.
#[tracing::instrument(name = "op.confirm_session", skip_all)]
pub async fn confirm_session(app: &App, user: UserId, session: SessionId) -> Result<(), OperationError> {
    match sessions::find_with_owner(app.store.reader(), session).await? {
        Some((found, owner))
            if owner.id == user && owner.state == UserState::Active && found.is_live(app.clock.now()) =>
        {
            Ok(())
        }
        _ => Err(ProblemCode::SessionRevoked.into()),
    }
}
