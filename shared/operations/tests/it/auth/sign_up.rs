//! Sign-up (rule ID1).

use domain::ProblemCode;
use domain::ids::UserId;
use domain::text::Text;
use domain::users::{EmailAddress, Locale, Nickname, Role, User, UserState};
use identity::passwords::Password;
use operations::auth::{self, SignUp, authenticate};
use operations::users::get_me;
use testkit::{TestApp, TestDatabase};

use super::{Flow, PASSWORD, log_in, mailed_code, request_code, sign_up, sign_up_input};
use crate::fixtures::{at_once, code};

const EMAIL: &str = "mina@example.com";

#[testkit::both_databases]
async fn a_sign_up_creates_an_account_and_a_session(database: TestDatabase) {
    let app = TestApp::new(database);
    let right = mailed_code(&app, " Mina@Example.com").await;
    let input = SignUp {
        nickname: Some(Nickname::parse("/nickname", "Mina").unwrap()),
        locale: Some(Locale::English),
        ..sign_up_input(EMAIL, &right)
    };
    let tokens = auth::sign_up(&app.app, &app.credentials, &app.visitor("x"), input).await.unwrap();
    let caller = authenticate(&app.app, &app.credentials, &tokens.access_token).await.unwrap();
    assert_eq!((caller.user_id, caller.session_id), (tokens.user.id, tokens.session_id));
    let me = get_me(&app.app, &caller).await.unwrap();
    assert_eq!(me, tokens.user);
    assert_eq!((me.email.as_str(), me.nickname.as_str(), me.locale), (EMAIL, "Mina", Locale::English));
    assert_eq!((me.role, me.state, me.version), (Role::User, UserState::Active, 1));
    assert_eq!((me.email_verified_at, me.created_at), (app.now(), app.now()));
    let again = log_in(&app, EMAIL, PASSWORD).await.unwrap();
    assert_eq!(again.user.id, me.id);
    assert_ne!(again.session_id, tokens.session_id);
}

/// Rule PF1.
#[testkit::both_databases]
async fn without_nickname_and_locale_a_sign_up_takes_defaults_from_the_request_language(
    database: TestDatabase,
) {
    let app = TestApp::new(database);
    let right = mailed_code(&app, EMAIL).await;
    let user = sign_up(&app, EMAIL, &right).await.unwrap().user;
    assert_eq!(user.locale, Locale::Korean);
    assert_eq!(Nickname::parse("/nickname", user.nickname.as_str()), Ok(user.nickname.clone()));
}

#[testkit::both_databases]
async fn a_sign_up_without_a_valid_code_creates_no_account(database: TestDatabase) {
    let app = TestApp::new(database);
    // The code was requested and not generated yet: no code matches.
    let id = request_code(&app, EMAIL).await.unwrap().flow_id;
    for guess in ["123456", "000000"] {
        let guess = Flow { id, code: guess.into() };
        assert_eq!(code(sign_up(&app, EMAIL, &guess).await), ProblemCode::CodeInvalid);
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM users").await, 0);
}

#[testkit::both_databases]
async fn a_weak_password_is_refused_before_the_code_is_checked(database: TestDatabase) {
    let app = TestApp::new(database);
    let right = mailed_code(&app, EMAIL).await;
    let weak =
        SignUp { password: Password::parse("mina@example.com").unwrap(), ..sign_up_input(EMAIL, &right) };
    let refused = auth::sign_up(&app.app, &app.credentials, &app.visitor("x"), weak).await;
    assert_eq!(code(refused), ProblemCode::PasswordWeak);
    sign_up(&app, EMAIL, &right).await.unwrap();
}

#[testkit::both_databases]
async fn a_code_used_twice_creates_one_account(database: TestDatabase) {
    let app = TestApp::new(database);
    let right = mailed_code(&app, EMAIL).await;
    sign_up(&app, EMAIL, &right).await.unwrap();
    assert_eq!(code(sign_up(&app, EMAIL, &right).await), ProblemCode::CodeInvalid);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM users").await, 1);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM sessions").await, 1);
    // The account is missing, but the code stays used.
    app.database.execute("DELETE FROM users").await;
    assert_eq!(code(sign_up(&app, EMAIL, &right).await), ProblemCode::CodeInvalid);
}

#[testkit::both_databases]
async fn concurrent_sign_ups_of_one_address_create_one_account(database: TestDatabase) {
    let app = TestApp::new(database);
    let right = mailed_code(&app, EMAIL).await;
    let (parts, keys) = (&app.app, &app.credentials);
    let answers = at_once(4, |_| {
        let (parts, keys, visitor) = (parts.clone(), keys.clone(), app.visitor(EMAIL));
        let input = sign_up_input(EMAIL, &right);
        async move { auth::sign_up(&parts, &keys, &visitor, input).await }
    })
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    let late = [ProblemCode::EmailTaken, ProblemCode::CodeInvalid];
    assert!(refused.into_iter().all(|answer| late.contains(&code(answer))));
    for table in ["users", "user_passwords", "sessions"] {
        assert_eq!(app.database.number(&format!("SELECT COUNT(*) FROM {table}")).await, 1, "{table}");
    }
}

#[testkit::both_databases]
async fn a_sign_up_fails_if_the_address_got_an_account_in_the_meantime(database: TestDatabase) {
    let app = TestApp::new(database);
    let right = mailed_code(&app, EMAIL).await;
    // The account was created in another way, as a social log-in will do; the code is still valid.
    let unit = app.app.store.begin(app.now()).await.unwrap();
    let id = UserId::new(&*app.app.ids);
    let email = EmailAddress::from_stored(EMAIL.into());
    let user = User { email, ..testkit::account(id, "mina", app.now()) };
    store::users::insert(&unit, &user).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(code(sign_up(&app, EMAIL, &right).await), ProblemCode::EmailTaken);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM users").await, 1);
    let unused = "SELECT COUNT(*) FROM email_codes WHERE used_at IS NULL";
    assert_eq!(app.database.number(unused).await, 1, "what is refused uses nothing up");
}
