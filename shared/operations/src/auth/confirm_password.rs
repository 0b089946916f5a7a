use domain::ProblemCode;
use domain::users::User;
use store::UnitOfWork;
use store::log_in_failures::{self, Key};
use store::users::{self, StoredPassword};

use super::guesses::count_guess;
use super::limits;
use crate::{App, Caller, Credentials, OperationError};

/// A caller who has just typed their password.
pub(super) struct Confirmed {
    /// The person.
    pub(super) user: User,
    password: StoredPassword,
}

/// Checks the password of the caller, so that a stolen access token alone does not suffice. Failures are counted by
/// session (rule ID14).
pub(super) async fn confirm_password(
    app: &App,
    credentials: &Credentials,
    caller: &Caller,
    typed: &str,
) -> Result<Confirmed, OperationError> {
    limits::count(app, credentials, &limits::CONFIRM_PASSWORD, &caller.session_id.to_string()).await?;
    let reader = app.store.reader();
    let user = users::find(reader, caller.user_id).await?;
    let password = users::find_password(reader, caller.user_id).await?;
    let (Some(user), Some(password)) = (user, password) else {
        return Err(ProblemCode::InvalidCredentials.into());
    };
    let account = credentials.device_tokens.account_name(user.email.as_str());
    let source = format!("session {}", caller.session_id);
    let key = Key { account: &account, source: &source };
    count_guess(app, key).await?;
    if !credentials.passwords.verify(&password.hash, typed).await? {
        return Err(ProblemCode::InvalidCredentials.into());
    }
    let unit = app.store.begin(app.clock.now()).await?;
    log_in_failures::forget(&unit, key).await?;
    unit.commit().await?;
    Ok(Confirmed { user, password })
}

impl Confirmed {
    /// Locks the person until the unit ends. Fails if their password has changed since it was checked.
    pub(super) async fn lock(&self, unit: &UnitOfWork) -> Result<User, OperationError> {
        let user = users::lock(unit, self.user.id).await?.ok_or(ProblemCode::InvalidCredentials)?;
        let current = users::find_password(unit.connection().await?, user.id).await?;
        match current {
            Some(current) if current.changed_at == self.password.changed_at => Ok(user),
            _ => Err(ProblemCode::InvalidCredentials.into()),
        }
    }
}
