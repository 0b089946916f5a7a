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
    let now = app.clock.now();
    let is_live = |found: &SessionWithOwner| {
        found.session.user_id == user && found.state == UserState::Active && found.session.is_live(now)
    };
    let found = sessions::find_with_owner(app.store.reader(), session).await?.filter(is_live);
    Ok(found.ok_or(ProblemCode::SessionRevoked)?)
}
