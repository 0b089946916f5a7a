use domain::ProblemCode;
use domain::auth::{CodePurpose, wrong_code};
use domain::users::User;
use store::{StoreError, email_codes, users};

use super::TypedCode;
use super::confirm_password::confirm_password;
use super::prove_address::{find_open_flow, prove_address};
use crate::jobs::{SecurityEvent, notify_owner};
use crate::{App, Caller, Credentials, OperationError, Visitor};

/// Input of an address change.
pub struct ChangeEmail {
    /// The password, as typed.
    pub current_password: String,
    /// The code that was mailed to the new address.
    pub proof: TypedCode,
}

/// Replaces the address of the caller by the one that the code proves (rule ID13). Their sessions stay: whoever changes
/// the address knows the password.
#[tracing::instrument(name = "op.change_email", skip_all, fields(user.id = %caller.user_id))]
pub async fn change_email(
    app: &App,
    credentials: &Credentials,
    visitor: &Visitor,
    caller: &Caller,
    input: ChangeEmail,
) -> Result<User, OperationError> {
    let confirmed = confirm_password(app, credentials, caller, &input.current_password).await?;
    let flow = find_open_flow(app, CodePurpose::EmailChange, input.proof.flow_id).await?;
    prove_address(app, credentials, &flow, &input.proof.code).await?;
    let unit = app.store.begin_for(caller.user_id.0, app.clock.now()).await?;
    let before = confirmed.lock(&unit).await?;
    if !email_codes::use_up(&unit, flow.id).await? {
        return Err(wrong_code(0).into());
    }
    let user = User {
        email: flow.email,
        email_verified_at: unit.now(),
        version: before.version + 1,
        ..before.clone()
    };
    match users::set_email(&unit, user.id, &user.email).await {
        Err(StoreError::Conflict(_)) => return Err(ProblemCode::EmailTaken.into()),
        set => set?,
    }
    notify_owner(app, &unit, &before, SecurityEvent::EmailChanged, &visitor.origin).await?;
    unit.commit().await?;
    Ok(user)
}
