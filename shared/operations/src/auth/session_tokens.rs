use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use domain::auth::{SESSIONS_AT_MOST, Session};
use domain::ids::SessionId;
use domain::users::User;
use identity::access_tokens::AccessClaims;
use identity::device_tokens::KnownDevice;
use identity::refresh_tokens::RefreshTokens;
use store::UnitOfWork;
use store::sessions::{self, Ending};

use super::end_sessions::end_sessions;
use crate::{App, Credentials, OperationError, Visitor};

/// The credentials of a logged-in person. The tokens are secrets: no `Debug`.
#[derive(Clone)]
pub struct SessionTokens {
    /// Authenticates API requests until `access_expires_at`.
    pub access_token: String,
    /// When the access token expires.
    pub access_expires_at: Timestamp,
    /// Exchanged once for the next pair.
    pub refresh_token: String,
    /// Shown at the next log-in from the same device. `None` after a refresh.
    pub device_token: Option<String>,
    /// The session of both tokens.
    pub session_id: SessionId,
    /// The person.
    pub user: User,
}

/// Creates a session in the unit, which holds the lock of the person or has created them. Ends the oldest session of a
/// person who has as many as allowed (rule ID11).
pub(super) async fn begin_session(
    app: &App,
    credentials: &Credentials,
    visitor: &Visitor,
    unit: &mut UnitOfWork,
    user: User,
    device: KnownDevice,
) -> Result<SessionTokens, OperationError> {
    end_sessions(unit, user.id, Ending::AllButNewest(SESSIONS_AT_MOST - 1)).await?;
    let now = unit.now();
    let session = Session {
        id: SessionId::new(&*app.ids),
        user_id: user.id,
        generation: 0,
        rotated_at: now,
        created_at: now,
        revoked_at: None,
    };
    let salt = RefreshTokens::new_salt(&*app.random);
    sessions::insert(unit, &session, &URL_SAFE_NO_PAD.encode(salt), &visitor.origin).await?;
    let tokens = issue(credentials, &session, &salt, user, now)?;
    Ok(SessionTokens { device_token: Some(credentials.device_tokens.issue(device)), ..tokens })
}

/// Issues the pair of tokens of a session's current generation.
pub(super) fn issue(
    credentials: &Credentials,
    session: &Session,
    salt: &[u8],
    user: User,
    now: Timestamp,
) -> Result<SessionTokens, OperationError> {
    let claims = AccessClaims {
        user: user.id,
        session: session.id,
        role: user.role,
        authenticated_at: session.created_at,
    };
    let access = credentials.access_tokens.issue(&claims, now)?;
    Ok(SessionTokens {
        access_token: access.token,
        access_expires_at: access.expires_at,
        refresh_token: credentials.refresh_tokens.issue(session.id, session.generation, salt),
        device_token: None,
        session_id: session.id,
        user,
    })
}
