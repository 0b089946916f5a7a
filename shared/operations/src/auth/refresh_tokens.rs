use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ProblemCode;
use domain::events::{Event, payload};
use domain::users::UserState;
use identity::refresh_tokens::{PresentedToken, Rotation, decide};
use store::{StoreError, sessions, users};

use super::session_tokens::issue;
use super::{SessionTokens, limits};
use crate::jobs::{SecurityEvent, notify_owner};
use crate::{App, Credentials, OperationError, Visitor};

/// Exchanges a refresh token for the next pair of tokens (rule ID7). For a short time, the previous token returns the
/// current pair again, because responses can get lost. An older token ends the session: a copy of it may have been
/// stolen.
#[tracing::instrument(name = "op.refresh_tokens", skip_all)]
pub async fn refresh_tokens(
    app: &App,
    credentials: &Credentials,
    visitor: &Visitor,
    refresh_token: &str,
) -> Result<SessionTokens, OperationError> {
    limits::count(app, credentials, &limits::REFRESH_ADDRESS, &visitor.address).await?;
    let presented =
        PresentedToken::parse(refresh_token).map_err(|_fault| ProblemCode::RefreshTokenInvalid)?;
    let mut unit = app.store.begin(app.clock.now()).await?;
    let stored = sessions::lock(&unit, presented.session).await?.ok_or(ProblemCode::RefreshTokenInvalid)?;
    let mut session = stored.session;
    let salt = URL_SAFE_NO_PAD.decode(&stored.salt).map_err(|_fault| StoreError::Corrupt {
        table: "sessions",
        what: format!("refresh_salt of {}", session.id),
    })?;
    if !credentials.refresh_tokens.verify(&presented, &salt) || !session.is_live(unit.now()) {
        return Err(ProblemCode::RefreshTokenInvalid.into());
    }
    match decide(presented.generation, session.generation, session.rotated_at, unit.now()) {
        Rotation::Advance => {
            session.generation += 1;
            session.rotated_at = unit.now();
            sessions::rotate(&unit, session.id, session.generation).await?;
        }
        Rotation::RepeatCurrent => {}
        Rotation::Reuse => {
            tracing::warn!(session.id = %session.id, user.id = %session.user_id, "refresh token used again");
            sessions::revoke(&unit, session.id).await?;
            let (user_id, session_id) = (session.user_id, session.id);
            unit.record(Event::SessionRevoked(payload::SessionRevoked { user_id, session_id }));
            if let Some(owner) = users::find(unit.connection().await?, user_id).await? {
                let event = SecurityEvent::RefreshTokenReused;
                notify_owner(app, &unit, &owner, event, &visitor.origin).await?;
            }
            unit.commit().await?;
            return Err(ProblemCode::RefreshTokenReused.into());
        }
    }
    let user = users::find(unit.connection().await?, session.user_id).await?;
    let user = user.filter(|user| user.state == UserState::Active).ok_or(ProblemCode::RefreshTokenInvalid)?;
    let tokens = issue(credentials, &session, &salt, user, unit.now())?;
    unit.commit().await?;
    Ok(tokens)
}
