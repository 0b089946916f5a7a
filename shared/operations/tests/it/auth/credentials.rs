//! Password reset, password change, address change (rule ID13).

use domain::ProblemCode;
use domain::auth::{CODE_COOLDOWN, CodePurpose};
use domain::text::Text;
use domain::users::User;
use identity::passwords::Password;
use operations::OperationError;
use operations::auth::{self, ChangeEmail, ChangePassword, ResetPassword, authenticate};
use operations::users::get_me;
use testkit::{Person, TestApp, TestDatabase};

use super::{Flow, PASSWORD, log_in, mailed_code_for, refresh, request_code_for, sign_up_input, tries_left};
use crate::fixtures::{at_once, code, events_logged};

const EMAIL: &str = "mina@example.com";
pub(super) const NEW_EMAIL: &str = "mina@example.org";
pub(super) const NEW: &str = "seven herons read aloud";

pub(super) async fn reset(app: &TestApp, flow: &Flow, password: &str) -> Result<(), OperationError> {
    let new_password = Password::parse(password).unwrap();
    let input = ResetPassword { proof: flow.proof(), new_password };
    auth::reset_password(&app.app, &app.credentials, &app.visitor("resetter"), input).await
}

pub(super) async fn change(
    app: &TestApp,
    mina: &Person,
    current: &str,
    new: &str,
) -> Result<(), OperationError> {
    let new_password = Password::parse(new).unwrap();
    let input = ChangePassword { current_password: current.into(), new_password };
    auth::change_password(&app.app, &app.credentials, &app.visitor("mina"), &mina.caller(), input).await
}

pub(super) async fn move_to(
    app: &TestApp,
    mina: &Person,
    password: &str,
    flow: &Flow,
) -> Result<User, OperationError> {
    let input = ChangeEmail { current_password: password.into(), proof: flow.proof() };
    auth::change_email(&app.app, &app.credentials, &app.visitor("mina"), &mina.caller(), input).await
}

/// Signs a person up and waits until their mailbox takes another code.
pub(super) async fn mina(app: &TestApp) -> Person {
    let mina = app.person("mina").await;
    app.clock.advance(CODE_COOLDOWN);
    mina
}

async fn session_state(app: &TestApp, token: &str) -> Option<ProblemCode> {
    match authenticate(&app.app, &app.credentials, token).await {
        Ok(_) => None,
        refused => Some(code(refused)),
    }
}

#[testkit::both_databases]
async fn a_reset_replaces_the_password_and_ends_all_sessions(database: TestDatabase) {
    let app = TestApp::new(database);
    let (mina, jun) = (mina(&app).await, app.person("jun").await);
    let other = log_in(&app, EMAIL, PASSWORD).await.unwrap();
    let flow = mailed_code_for(&app, EMAIL, CodePurpose::PasswordReset).await;
    reset(&app, &flow, NEW).await.unwrap();
    for tokens in [&mina.tokens, &other] {
        assert_eq!(session_state(&app, &tokens.access_token).await, Some(ProblemCode::SessionRevoked));
        assert_eq!(code(refresh(&app, &tokens.refresh_token).await), ProblemCode::RefreshTokenInvalid);
    }
    assert_eq!(events_logged(&app).await, 2, "the sockets of both sessions are closed");
    assert_eq!(session_state(&app, &jun.tokens.access_token).await, None);
    assert_eq!(code(log_in(&app, EMAIL, PASSWORD).await), ProblemCode::InvalidCredentials);
    log_in(&app, EMAIL, NEW).await.unwrap();
    // The code works once.
    assert_eq!(tries_left(reset(&app, &flow, "another good password").await).1, Some(0));
    log_in(&app, EMAIL, NEW).await.unwrap();
}

/// Rule ID3.
#[testkit::both_databases]
async fn a_reset_of_an_unknown_address_looks_like_one_of_a_known_address(database: TestDatabase) {
    let app = TestApp::new(database);
    mina(&app).await;
    let (mut answers, mut statements) = (Vec::new(), Vec::new());
    for email in [EMAIL, "nobody@example.com"] {
        let before = app.database.statements();
        let requested = request_code_for(&app, email, CodePurpose::PasswordReset).await.unwrap();
        let guess = Flow { id: requested.flow_id, code: "000000".into() };
        for _ in 0..6 {
            answers.push(tries_left(reset(&app, &guess, NEW).await));
        }
        statements.push(app.database.statements() - before);
    }
    assert_eq!(answers[..6], answers[6..]);
    assert_eq!(statements[0], statements[1]);
    app.clock.advance(CODE_COOLDOWN);
    request_code_for(&app, "nobody@example.com", CodePurpose::PasswordReset).await.unwrap();
    app.run_jobs().await;
    let told = app.mailbox.texts_to("nobody@example.com").pop().unwrap();
    assert!(told.contains("가입한 계정이 없습니다"), "{told}");
    assert!(!told.split_whitespace().any(|word| word.parse::<u32>().is_ok()), "{told}");
}

#[testkit::both_databases]
async fn a_weak_new_password_leaves_the_reset_open(database: TestDatabase) {
    let app = TestApp::new(database);
    mina(&app).await;
    app.database.execute("UPDATE users SET nickname = 'Zorblaxian'").await;
    let flow = mailed_code_for(&app, EMAIL, CodePurpose::PasswordReset).await;
    for weak in ["password", "mina@example.com", "zorblaxian1"] {
        assert_eq!(code(reset(&app, &flow, weak).await), ProblemCode::PasswordWeak, "{weak}");
    }
    // Without the code, nobody learns what the nickname is.
    let guess = flow.with_wrong_code();
    assert_eq!(code(reset(&app, &guess, "zorblaxian1").await), ProblemCode::CodeInvalid);
    log_in(&app, EMAIL, PASSWORD).await.unwrap();
    reset(&app, &flow, NEW).await.unwrap();
}

#[testkit::both_databases]
async fn concurrent_resets_with_one_code_replace_the_password_once(database: TestDatabase) {
    let app = TestApp::new(database);
    mina(&app).await;
    let flow = mailed_code_for(&app, EMAIL, CodePurpose::PasswordReset).await;
    let (parts, keys) = (&app.app, &app.credentials);
    let answers = at_once(4, |number| {
        let (parts, keys, visitor) = (parts.clone(), keys.clone(), app.visitor("resetter"));
        let new_password = Password::parse(&format!("{number} herons read aloud")).unwrap();
        let input = ResetPassword { proof: flow.proof(), new_password };
        async move { auth::reset_password(&parts, &keys, &visitor, input).await }
    })
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    assert!(refused.into_iter().all(|answer| code(answer) == ProblemCode::CodeInvalid));
}

#[testkit::both_databases]
async fn a_password_change_ends_the_other_sessions(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = mina(&app).await;
    let other = log_in(&app, EMAIL, PASSWORD).await.unwrap();
    change(&app, &mina, PASSWORD, NEW).await.unwrap();
    assert_eq!(session_state(&app, &mina.tokens.access_token).await, None);
    assert_eq!(session_state(&app, &other.access_token).await, Some(ProblemCode::SessionRevoked));
    assert_eq!(events_logged(&app).await, 1);
    assert_eq!(code(log_in(&app, EMAIL, PASSWORD).await), ProblemCode::InvalidCredentials);
    log_in(&app, EMAIL, NEW).await.unwrap();
}

#[testkit::both_databases]
async fn a_refused_password_change_changes_nothing(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = mina(&app).await;
    let before = app.database.number("SELECT changed_at FROM user_passwords").await;
    for (current, new, problem) in [
        ("not the password", NEW, ProblemCode::InvalidCredentials),
        (PASSWORD, PASSWORD, ProblemCode::PasswordUnchanged),
        (PASSWORD, "mina@example.com", ProblemCode::PasswordWeak),
        (PASSWORD, "password1", ProblemCode::PasswordWeak),
    ] {
        assert_eq!(code(change(&app, &mina, current, new).await), problem, "{new}");
    }
    assert_eq!(app.database.number("SELECT changed_at FROM user_passwords").await, before);
    log_in(&app, EMAIL, PASSWORD).await.unwrap();
}

#[testkit::both_databases]
async fn an_address_change_needs_the_password_and_the_code_of_the_new_address(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = mina(&app).await;
    let flow = mailed_code_for(&app, NEW_EMAIL, CodePurpose::EmailChange).await;
    let refused = move_to(&app, &mina, "not the password", &flow).await;
    assert_eq!(code(refused), ProblemCode::InvalidCredentials);
    let refused = move_to(&app, &mina, PASSWORD, &flow.with_wrong_code()).await;
    assert_eq!(tries_left(refused).1, Some(4), "the wrong password cost no attempt");
    app.clock.advance(CODE_COOLDOWN);
    let moved = move_to(&app, &mina, PASSWORD, &flow).await.unwrap();
    assert_eq!((moved.email.as_str(), moved.email_verified_at, moved.version), (NEW_EMAIL, app.now(), 2));
    assert_eq!(get_me(&app.app, &mina.caller()).await.unwrap(), moved);
    assert_eq!(session_state(&app, &mina.tokens.access_token).await, None);
    assert_eq!(code(log_in(&app, EMAIL, PASSWORD).await), ProblemCode::InvalidCredentials);
    log_in(&app, NEW_EMAIL, PASSWORD).await.unwrap();
}

#[testkit::both_databases]
async fn an_address_with_an_account_cannot_be_taken_over(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = mina(&app).await;
    let flow = mailed_code_for(&app, NEW_EMAIL, CodePurpose::EmailChange).await;
    // Somebody signs up with the address before the change.
    app.clock.advance(CODE_COOLDOWN);
    let sign_up = mailed_code_for(&app, NEW_EMAIL, CodePurpose::SignUp).await;
    let input = sign_up_input(NEW_EMAIL, &sign_up);
    auth::sign_up(&app.app, &app.credentials, &app.visitor("x"), input).await.unwrap();
    assert_eq!(code(move_to(&app, &mina, PASSWORD, &flow).await), ProblemCode::EmailTaken);
    assert_eq!(get_me(&app.app, &mina.caller()).await.unwrap().email.as_str(), EMAIL);
    // Later, no code is mailed at all.
    app.clock.advance(CODE_COOLDOWN);
    request_code_for(&app, NEW_EMAIL, CodePurpose::EmailChange).await.unwrap();
    app.run_jobs().await;
    let told = app.mailbox.texts_to(NEW_EMAIL).pop().unwrap();
    assert!(told.contains("이미 계정이 있습니다"), "{told}");
    assert!(!told.split_whitespace().any(|word| word.parse::<u32>().is_ok()), "{told}");
}

#[testkit::both_databases]
async fn a_change_of_credentials_keeps_the_profile(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = mina(&app).await;
    change(&app, &mina, PASSWORD, NEW).await.unwrap();
    let me = get_me(&app.app, &mina.caller()).await.unwrap();
    assert_eq!((&me, me.nickname.as_str()), (mina.user(), "mina"));
}
