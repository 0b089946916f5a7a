use domain::auth::{CODE_ATTEMPTS, wrong_code};
use domain::ids::UserId;
use domain::text::Text;
use domain::users::{
    About, EmailAddress, Locale, Nickname, Role, User, UserCounts, UserState, random_nickname,
};
use domain::{IdSource, ProblemCode};
use identity::codes::{Code, CodeHash};
use identity::passwords::Password;
use identity::strength;
use store::{StoreError, UnitOfWork, email_codes, users};

use super::session_tokens::begin_session;
use super::{SIGN_UP, SessionTokens, limits};
use crate::{App, Credentials, OperationError, Visitor};

/// Input of a sign-up.
pub struct SignUp {
    /// The address that the code proves.
    pub email: EmailAddress,
    /// The code from the mail, as typed.
    pub code: String,
    /// The chosen password.
    pub password: Password,
    /// The chosen nickname. `None` generates one.
    pub nickname: Option<Nickname>,
    /// The chosen language. `None` takes the language of the request.
    pub locale: Option<Locale>,
}

/// Creates an account with a proven address and logs in to it (rules ID1, ID2).
#[tracing::instrument(name = "op.sign_up", skip_all)]
pub async fn sign_up(
    app: &App,
    credentials: &Credentials,
    visitor: &Visitor,
    input: SignUp,
) -> Result<SessionTokens, OperationError> {
    limits::count(app, credentials, &limits::SIGN_UP_ADDRESS, &visitor.address).await?;
    let nickname = input.nickname.as_ref().map(Text::as_str);
    if strength::check(&input.password, input.email.as_str(), nickname).is_err() {
        return Err(ProblemCode::PasswordWeak.into());
    }
    // The code is checked before the password is hashed, so that guessing codes costs no hash.
    let unit = app.store.begin(app.clock.now()).await?;
    let tried = try_code(credentials, &unit, &input).await;
    unit.commit().await?;
    tried?;
    let hash = credentials.passwords.hash(&input.password).await?;

    let mut unit = app.store.begin(app.clock.now()).await?;
    try_code(credentials, &unit, &input).await?;
    if !email_codes::use_up(&unit, &input.email, SIGN_UP).await? {
        return Err(wrong_code(0).into());
    }
    let user = new_user(app, visitor, input, unit.now());
    match users::insert(&unit, &user).await {
        Err(StoreError::Conflict(_)) => return Err(ProblemCode::EmailTaken.into()),
        inserted => inserted?,
    }
    users::insert_password(&unit, user.id, &hash).await?;
    let tokens = begin_session(app, credentials, visitor, &mut unit, user).await?;
    unit.commit().await?;
    Ok(tokens)
}

/// Checks the code. Counts a wrong one in the unit, which the caller must commit in that case.
async fn try_code(
    credentials: &Credentials,
    unit: &UnitOfWork,
    input: &SignUp,
) -> Result<(), OperationError> {
    let Some(stored) = email_codes::lock(unit, &input.email, SIGN_UP).await? else {
        return Err(wrong_code(0).into());
    };
    let right = match (CodeHash::parse(&stored.hash), Code::parse(&input.code)) {
        (Ok(hash), Ok(code)) => {
            credentials.codes.matches(&hash, SIGN_UP.as_str(), input.email.as_str(), &code)
        }
        _ => false,
    };
    if right
        && stored.code.used_at.is_some()
        && users::find_by_email(unit.connection().await?, &input.email).await?.is_some()
    {
        // The same code was used in two tabs: the second one gets the outcome of the first.
        return Err(ProblemCode::EmailTaken.into());
    }
    stored.code.may_be_tried(unit.now())?;
    if right {
        return Ok(());
    }
    email_codes::count_attempt(unit, &input.email, SIGN_UP).await?;
    Err(wrong_code(CODE_ATTEMPTS - stored.code.attempts - 1).into())
}

fn new_user(app: &App, visitor: &Visitor, input: SignUp, now: domain::Timestamp) -> User {
    let ids: &dyn IdSource = &*app.ids;
    let locale = input.locale.unwrap_or(visitor.locale);
    User {
        id: UserId::new(ids),
        email: input.email,
        email_verified_at: now,
        nickname: input.nickname.unwrap_or_else(|| random_nickname(locale, ids.next_id())),
        about: About::from_stored(String::new()),
        locale,
        role: Role::User,
        state: UserState::Active,
        counts: UserCounts::default(),
        version: 1,
        created_at: now,
    }
}
