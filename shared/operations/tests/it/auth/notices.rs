//! Mails that tell the owner of an account what may have been somebody else (rule ID15).

use std::time::Duration;

use domain::ProblemCode;
use domain::auth::CodePurpose;
use testkit::{TestApp, TestDatabase};

use super::credentials::{NEW, NEW_EMAIL, change, mina, move_to, reset};
use super::{PASSWORD, log_in, log_in_input, mailed_code_for, refresh};
use crate::fixtures::code;

const EMAIL: &str = "mina@example.com";
const JOBS: &str = "SELECT COUNT(*) FROM jobs";

/// Returns the mails that arrived at the address since `known` ones.
async fn news(app: &TestApp, known: usize) -> Vec<String> {
    app.run_jobs().await;
    app.mailbox.texts_to(EMAIL).split_off(known)
}

#[testkit::both_databases]
async fn a_log_in_from_a_new_device_is_reported_once(database: TestDatabase) {
    let app = TestApp::new(database);
    mina(&app).await;
    assert!(news(&app, 1).await.is_empty(), "the sign-up itself is not reported");
    let tokens = log_in(&app, EMAIL, PASSWORD).await.unwrap();
    let told = news(&app, 1).await;
    assert_eq!(told.len(), 1);
    for part in ["처음 보는 기기", "Test/1.0", "network of mina@example.com", &app.now().to_string()] {
        assert!(told[0].contains(part), "{part}: {}", told[0]);
        assert!(app.mailbox.html_to(EMAIL)[1].contains(part), "{part}");
    }
    // The same device again, and a refused log-in, are not reported.
    let input = log_in_input(EMAIL, PASSWORD, tokens.device_token.as_ref());
    operations::auth::log_in(&app.app, &app.credentials, &app.visitor("x"), input).await.unwrap();
    assert_eq!(code(log_in(&app, EMAIL, "wrong").await), ProblemCode::InvalidCredentials);
    assert!(news(&app, 2).await.is_empty());
}

#[testkit::both_databases]
async fn changed_credentials_are_reported_in_the_language_of_the_owner(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = mina(&app).await;
    app.database.execute("UPDATE users SET locale = 'en'").await;
    change(&app, &mina, PASSWORD, NEW).await.unwrap();
    let told = news(&app, 1).await;
    assert!(told.len() == 1 && told[0].starts_with("The password of your account was changed."), "{told:?}");
    let flow = mailed_code_for(&app, EMAIL, CodePurpose::PasswordReset).await;
    reset(&app, &flow, PASSWORD).await.unwrap();
    let told = news(&app, 3).await;
    assert!(told.len() == 1 && told[0].starts_with("The password of your account was changed."), "{told:?}");
}

#[testkit::both_databases]
async fn a_changed_address_is_reported_to_the_old_one(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = mina(&app).await;
    let flow = mailed_code_for(&app, NEW_EMAIL, CodePurpose::EmailChange).await;
    move_to(&app, &mina, "wrong", &flow).await.err().unwrap();
    assert!(news(&app, 1).await.is_empty());
    move_to(&app, &mina, PASSWORD, &flow).await.unwrap();
    let told = news(&app, 1).await;
    assert!(told.len() == 1 && told[0].contains("이메일 주소가 다른 주소로"), "{told:?}");
    assert_eq!(app.mailbox.texts_to(NEW_EMAIL).len(), 1, "the new address got the code only");
}

#[testkit::both_databases]
async fn a_reused_refresh_token_is_reported_once(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = mina(&app).await;
    refresh(&app, &mina.tokens.refresh_token).await.unwrap();
    app.clock.advance(Duration::from_secs(31));
    for expected in [ProblemCode::RefreshTokenReused, ProblemCode::RefreshTokenInvalid] {
        assert_eq!(code(refresh(&app, &mina.tokens.refresh_token).await), expected);
    }
    let told = news(&app, 1).await;
    assert!(told.len() == 1 && told[0].contains("리프레시 토큰이 다시 사용"), "{told:?}");
}

#[testkit::both_databases]
async fn a_failing_mail_server_delays_notices_and_loses_none(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = mina(&app).await;
    app.mailbox.refuse(usize::MAX);
    log_in(&app, EMAIL, PASSWORD).await.unwrap();
    change(&app, &mina, PASSWORD, NEW).await.unwrap();
    for _ in 0..48 {
        assert!(news(&app, 1).await.is_empty());
        app.clock.advance(Duration::from_hours(1));
    }
    assert_eq!(app.database.number(JOBS).await, 2);
    app.mailbox.refuse(0);
    let told = news(&app, 1).await;
    assert_eq!(told.len(), 2, "{told:?}");
    app.clock.advance(Duration::from_hours(1));
    assert!(news(&app, 3).await.is_empty());
    assert_eq!(app.database.number(JOBS).await, 0);
}
