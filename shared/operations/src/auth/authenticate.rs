use domain::ProblemCode;
use domain::users::UserState;
use identity::access_tokens::TokenFault;
use store::sessions;

use crate::{App, Caller, Credentials, OperationError};

/// Returns whom an access token stands for, if its session still lives: an ended session is refused at once, not
/// when the token runs out (rule ID8).
#[tracing::instrument(name = "op.authenticate", skip_all)]
pub async fn authenticate(
    app: &App,
    credentials: &Credentials,
    access_token: &str,
) -> Result<Caller, OperationError> {
    let now = app.clock.now();
    let claims = credentials.access_tokens.verify(access_token, now).map_err(|fault| match fault {
        TokenFault::Expired => ProblemCode::TokenExpired,
        TokenFault::Invalid => ProblemCode::Unauthenticated,
    })?;
    let found = sessions::find_with_owner(app.store.reader(), claims.session).await?;
    match found {
        Some((session, owner))
            if session.is_live(now) && owner.id == claims.user && owner.state == UserState::Active =>
        {
            Ok(Caller { user_id: owner.id, session_id: session.id, role: owner.role })
        }
        _ => Err(ProblemCode::SessionRevoked.into()),
    }
}
