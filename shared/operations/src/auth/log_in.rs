use domain::ProblemCode;
use domain::users::{EmailAddress, User, UserState};
use identity::passwords::{Password, PasswordHasher};
use store::users;

use super::session_tokens::begin_session;
use super::{SessionTokens, limits};
use crate::{App, Credentials, OperationError, Visitor};

/// Input of a log-in.
pub struct LogIn {
    /// Address of the account.
    pub email: EmailAddress,
    /// Password, as typed.
    pub password: String,
}

/// Creates a session. An unknown address and a wrong password get the same answer in the same time (rule ID3).
#[tracing::instrument(name = "op.log_in", skip_all)]
pub async fn log_in(
    app: &App,
    credentials: &Credentials,
    visitor: &Visitor,
    input: LogIn,
) -> Result<SessionTokens, OperationError> {
    limits::count(app, credentials, &limits::LOG_IN_ADDRESS, &visitor.address).await?;
    limits::count(app, credentials, &limits::LOG_IN_ACCOUNT, input.email.as_str()).await?;
    let reader = app.store.reader();
    let in_use = |user: &User| user.state == UserState::Active;
    let user = users::find_by_email(reader, &input.email).await?.filter(in_use);
    let password = match &user {
        Some(user) => users::find_password(reader, user.id).await?,
        None => None,
    };
    let (Some(user), Some(password)) = (user, password) else {
        credentials.passwords.verify_dummy(&input.password).await?;
        return Err(ProblemCode::InvalidCredentials.into());
    };
    if !credentials.passwords.verify(&password.hash, &input.password).await? {
        return Err(ProblemCode::InvalidCredentials.into());
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
    let tokens = begin_session(app, credentials, visitor, &mut unit, user).await?;
    unit.commit().await?;
    Ok(tokens)
}
