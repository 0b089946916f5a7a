use domain::ProblemCode;
use domain::auth::{CodePurpose, wrong_code};
use domain::text::Text;
use domain::users::{User, UserState};
use identity::passwords::Password;
use identity::strength;
use store::sessions::Ending;
use store::{email_codes, log_in_failures, users};

use super::end_sessions::end_sessions;
use super::prove_address::{find_open_flow, prove_address};
use super::{TypedCode, limits};
use crate::jobs::{SecurityEvent, notify_owner};
use crate::{App, Credentials, OperationError, Visitor};

/// Input of a password reset.
pub struct ResetPassword {
    /// The code from the mail, which proves the address of the account.
    pub proof: TypedCode,
    /// The new password.
    pub new_password: Password,
}

/// Replaces a forgotten password and ends all sessions of the person (rules ID8, ID13). A flow for an address without an
/// account never gets a code, so that every attempt is answered like a wrong code (rule ID3).
#[tracing::instrument(name = "op.reset_password", skip_all)]
pub async fn reset_password(
    app: &App,
    credentials: &Credentials,
    visitor: &Visitor,
    input: ResetPassword,
) -> Result<(), OperationError> {
    limits::count(app, credentials, &limits::PASSWORD_RESET_ADDRESS, &visitor.address).await?;
    let flow = find_open_flow(app, CodePurpose::PasswordReset, input.proof.flow_id).await?;
    let is_weak = |nickname| strength::check(&input.new_password, flow.email.as_str(), nickname).is_err();
    if is_weak(None) {
        return Err(ProblemCode::PasswordWeak.into());
    }
    prove_address(app, credentials, &flow, &input.proof.code).await?;
    let in_use = |user: &User| user.state == UserState::Active && user.email == flow.email;
    let user = users::find_by_email(app.store.reader(), &flow.email).await?.filter(in_use);
    let user = user.ok_or_else(|| wrong_code(0))?;
    // Only now is it certain that the caller may learn something about the nickname.
    if is_weak(Some(user.nickname.as_str())) {
        return Err(ProblemCode::PasswordWeak.into());
    }
    let hash = credentials.passwords.hash(&input.new_password).await?;

    let mut unit = app.store.begin_for(user.id.0, app.clock.now()).await?;
    let user = users::lock(&unit, user.id).await?.filter(in_use).ok_or_else(|| wrong_code(0))?;
    if !email_codes::use_up(&unit, flow.id).await? {
        return Err(wrong_code(0).into());
    }
    users::set_password(&unit, user.id, &hash).await?;
    end_sessions(&mut unit, user.id, Ending::All).await?;
    let account = credentials.device_tokens.account_name(user.email.as_str());
    log_in_failures::forget_account(&unit, &account).await?;
    notify_owner(app, &unit, &user, SecurityEvent::PasswordChanged, &visitor.origin).await?;
    Ok(unit.commit().await?)
}
