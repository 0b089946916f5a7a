use domain::ProblemCode;
use identity::access_tokens::TokenFault;

use super::live_session::find_live_session_with_nickname;
use crate::{App, Caller, Credentials, OperationError};

/// Returns the caller whom an access token identifies, if the session is live.
#[tracing::instrument(name = "op.authenticate", skip_all)]
pub async fn authenticate(
    app: &App,
    credentials: &Credentials,
    access_token: &str,
) -> Result<Caller, OperationError> {
    let claims =
        credentials.access_tokens.verify(access_token, app.clock.now()).map_err(|fault| match fault {
            TokenFault::Expired => ProblemCode::TokenExpired,
            TokenFault::Invalid => ProblemCode::Unauthenticated,
        })?;
    let (found, nickname) = find_live_session_with_nickname(app, claims.user, claims.session).await?;
    Ok(Caller { user_id: claims.user, session_id: claims.session, role: found.role, nickname })
}
