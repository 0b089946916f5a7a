use domain::users::{About, ExpectedVersions, Locale, Nickname, User, may_change_version};
use domain::{Problem, ProblemCode};
use store::users;

use crate::{App, Caller, OperationError};

/// A change of a profile. `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileChange {
    /// New nickname.
    pub nickname: Option<Nickname>,
    /// New self-description.
    pub about: Option<About>,
    /// New language.
    pub locale: Option<Locale>,
}

/// Edits the caller's profile. Fails if `expected` does not contain the profile's version.
#[tracing::instrument(name = "op.update_me", skip_all, fields(user.id = %caller.user_id))]
pub async fn update_me(
    app: &App,
    caller: &Caller,
    change: ProfileChange,
    expected: impl Into<ExpectedVersions>,
) -> Result<User, OperationError> {
    let unit = app.store.begin(app.clock.now()).await?;
    let before = users::find(unit.connection().await?, caller.user_id).await?.ok_or(ProblemCode::NotFound)?;
    may_change_version(before.version, expected)?;
    let mut user = before.clone();
    user.nickname = change.nickname.unwrap_or(user.nickname);
    user.about = change.about.unwrap_or(user.about);
    user.locale = change.locale.unwrap_or(user.locale);
    if user != before {
        if !users::update_profile(&unit, &user, before.version).await? {
            // A concurrent request, likely of the same person on another device, changed the profile first.
            return Err(Problem::new(ProblemCode::VersionMismatch).into());
        }
        user.version += 1;
    }
    unit.commit().await?;
    Ok(user)
}
