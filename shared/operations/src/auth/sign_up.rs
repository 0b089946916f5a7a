use domain::auth::{CodePurpose, wrong_code};
use domain::ids::{DeviceId, UserId};
use domain::text::Text;
use domain::users::{
    About, EmailAddress, Locale, Nickname, Role, User, UserCounts, UserState, random_nickname,
};
use domain::{IdSource, ProblemCode};
use identity::device_tokens::KnownDevice;
use identity::passwords::Password;
use identity::strength;
use store::{StoreError, email_codes, users};

use super::prove_address::{find_open_flow, prove_address};
use super::session_tokens::begin_session;
use super::{SessionTokens, TypedCode, limits};
use crate::{App, Credentials, OperationError, Visitor};

/// Input of a sign-up.
pub struct SignUp {
    /// The address that the code proves.
    pub email: EmailAddress,
    /// The code from the mail.
    pub proof: TypedCode,
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
    let flow = find_open_flow(app, CodePurpose::SignUp, input.proof.flow_id).await?;
    if flow.email != input.email {
        return Err(wrong_code(0).into());
    }
    // The code is checked before the password is hashed, so that guessing codes costs no hash.
    prove_address(app, credentials, &flow, &input.proof.code).await?;
    let hash = credentials.passwords.hash(&input.password).await?;

    let mut unit = app.store.begin(app.clock.now()).await?;
    if !email_codes::use_up(&unit, flow.id).await? {
        // The same code was sent twice at the same time: the second call gets the outcome of the first.
        let taken = users::find_by_email(unit.connection().await?, &input.email).await?.is_some();
        return Err(if taken { ProblemCode::EmailTaken.into() } else { wrong_code(0).into() });
    }
    let user = new_user(app, visitor, input, unit.now());
    match users::insert(&unit, &user).await {
        Err(StoreError::Conflict(_)) => return Err(ProblemCode::EmailTaken.into()),
        inserted => inserted?,
    }
    users::insert_password(&unit, user.id, &hash).await?;
    let device = KnownDevice { user: user.id, device: DeviceId::new(&*app.ids) };
    let tokens = begin_session(app, credentials, visitor, &mut unit, user, device).await?;
    unit.commit().await?;
    Ok(tokens)
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
