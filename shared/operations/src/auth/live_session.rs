use domain::ProblemCode;
use domain::ids::{SessionId, UserId};
use domain::users::UserState;
use store::sessions::{self, SessionWithOwner};

use crate::{App, OperationError};

/// Finds a live session of a person whose account is active. Any other session is refused as revoked at once, even if
/// its tokens have not expired (rule ID8).
pub(crate) async fn find_live_session(
    app: &App,
    user: UserId,
    session: SessionId,
) -> Result<SessionWithOwner, OperationError> {
    let found = sessions::find_with_owner(app.store.reader(), session).await?;
    Ok(found.filter(|found| is_live(app, user, found)).ok_or(ProblemCode::SessionRevoked)?)
}

/// Finds the same with the nickname of the person.
pub(super) async fn find_live_session_with_nickname(
    app: &App,
    user: UserId,
    session: SessionId,
) -> Result<(SessionWithOwner, String), OperationError> {
    let found = sessions::find_with_nickname(app.store.reader(), session).await?;
    Ok(found.filter(|(found, _)| is_live(app, user, found)).ok_or(ProblemCode::SessionRevoked)?)
}

fn is_live(app: &App, user: UserId, found: &SessionWithOwner) -> bool {
    found.session.user_id == user
        && found.state == UserState::Active
        && found.session.is_live(app.clock.now())
}
