use domain::ProblemCode;
use domain::text::Text;
use identity::passwords::Password;
use identity::strength;
use store::sessions::Ending;
use store::users;

use super::confirm_password::confirm_password;
use super::end_sessions::end_sessions;
use crate::jobs::{SecurityEvent, notify_owner};
use crate::{App, Caller, Credentials, OperationError, Visitor};

/// Input of a password change.
pub struct ChangePassword {
    /// The present password, as typed.
    pub current_password: String,
    /// The new password.
    pub new_password: Password,
}

/// Replaces the password of the caller and ends their other sessions (rules ID8, ID13).
#[tracing::instrument(name = "op.change_password", skip_all, fields(user.id = %caller.user_id))]
pub async fn change_password(
    app: &App,
    credentials: &Credentials,
    visitor: &Visitor,
    caller: &Caller,
    input: ChangePassword,
) -> Result<(), OperationError> {
    let confirmed = confirm_password(app, credentials, caller, &input.current_password).await?;
    if input.new_password.is_spelled(&input.current_password) {
        return Err(ProblemCode::PasswordUnchanged.into());
    }
    let (email, nickname) = (confirmed.user.email.as_str(), confirmed.user.nickname.as_str());
    if strength::check(&input.new_password, email, Some(nickname)).is_err() {
        return Err(ProblemCode::PasswordWeak.into());
    }
    let hash = credentials.passwords.hash(&input.new_password).await?;
    let mut unit = app.store.begin_for(caller.user_id.0, app.clock.now()).await?;
    let user = confirmed.lock(&unit).await?;
    users::set_password(&unit, user.id, &hash).await?;
    end_sessions(&mut unit, user.id, Ending::AllBut(caller.session_id)).await?;
    notify_owner(app, &unit, &user, SecurityEvent::PasswordChanged, &visitor.origin).await?;
    unit.commit().await?;
    Ok(())
}
