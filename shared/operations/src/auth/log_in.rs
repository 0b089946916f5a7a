use domain::ProblemCode;
use domain::ids::DeviceId;
use domain::users::{EmailAddress, User, UserState};
use identity::device_tokens::KnownDevice;
use identity::passwords::{Password, PasswordHasher};
use store::log_in_failures::{self, Key};
use store::users;

use super::guesses::count_guess;
use super::session_tokens::begin_session;
use super::{SessionTokens, limits};
use crate::jobs::{SecurityEvent, notify_owner};
use crate::{App, Credentials, OperationError, Visitor};

/// Input of a log-in.
pub struct LogIn {
    /// Address of the account.
    pub email: EmailAddress,
    /// Password, as typed.
    pub password: String,
    /// Device token of an earlier log-in. One that is not valid for the account is ignored.
    pub device_token: Option<String>,
}

/// Creates a session. An unknown address and a wrong password get the same answer in the same time (rule ID3). Attempts
/// are counted by account and network, those of a device that logged in to the account before by device (rule ID14).
#[tracing::instrument(name = "op.log_in", skip_all)]
pub async fn log_in(
    app: &App,
    credentials: &Credentials,
    visitor: &Visitor,
    input: LogIn,
) -> Result<SessionTokens, OperationError> {
    let shown = input.device_token.and_then(|token| credentials.device_tokens.verify(&token));
    if shown.is_none() {
        limits::count(app, credentials, &limits::LOG_IN_ADDRESS, &visitor.address).await?;
    }
    let reader = app.store.reader();
    let in_use = |user: &User| user.state == UserState::Active;
    let user = users::find_by_email(reader, &input.email).await?.filter(in_use);
    let device = shown.filter(|shown| user.as_ref().is_some_and(|user| user.id == shown.user));
    if shown.is_some() && device.is_none() {
        limits::count(app, credentials, &limits::LOG_IN_ADDRESS, &visitor.address).await?;
    }
    let account = credentials.device_tokens.account_name(input.email.as_str());
    let source = match device {
        Some(known) => format!("device {}", known.device),
        None => format!("network {}", visitor.origin.ip_prefix),
    };
    let key = Key { account: &account, source: &source };
    count_guess(app, key).await?;
    let password = match &user {
        Some(user) => users::find_password(reader, user.id).await?,
        None => None,
    };
    let (Some(user), Some(password)) = (user, password) else {
        credentials.passwords.verify_dummy(&input.password).await?;
        return Err(refuse(key));
    };
    if !credentials.passwords.verify(&password.hash, &input.password).await? {
        return Err(refuse(key));
    }
    // Replaces a hash with old cost parameters: only now is the password known.
    let rehashed = match Password::parse(&input.password) {
        Ok(typed) if PasswordHasher::needs_rehash(&password.hash) => {
            Some(credentials.passwords.hash(&typed).await?)
        }
        _ => None,
    };
    let mut unit = app.store.begin_for(user.id.0, app.clock.now()).await?;
    // The account or its password may have changed while the password was verified.
    let user = users::lock(&unit, user.id).await?.filter(in_use).ok_or(ProblemCode::InvalidCredentials)?;
    let current = users::find_password(unit.connection().await?, user.id).await?;
    if current.is_none_or(|current| current.changed_at != password.changed_at) {
        return Err(ProblemCode::InvalidCredentials.into());
    }
    if let Some(hash) = rehashed {
        users::rehash_password(&unit, user.id, &hash).await?;
    }
    log_in_failures::forget(&unit, key).await?;
    if device.is_none() {
        notify_owner(app, &unit, &user, SecurityEvent::NewDevice, &visitor.origin).await?;
    }
    let device = device.unwrap_or(KnownDevice { user: user.id, device: DeviceId::new(&*app.ids) });
    let tokens = begin_session(app, credentials, visitor, &mut unit, user, device).await?;
    unit.commit().await?;
    Ok(tokens)
}

fn refuse(key: Key<'_>) -> OperationError {
    tracing::info!(account = key.account, source = key.source, "a log-in failed");
    ProblemCode::InvalidCredentials.into()
}
