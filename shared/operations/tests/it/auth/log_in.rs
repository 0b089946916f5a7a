//! Log-in: one answer to every wrong attempt (rule ID3), and a limited number of attempts.

use std::time::Duration;

use domain::ProblemCode;
use identity::passwords::Password;
use operations::auth::authenticate;
use testkit::{TestApp, TestDatabase};

use super::{log_in, log_in_input, mailed_code, refresh, sign_up_input};
use crate::fixtures::{code, problem};

#[testkit::both_databases]
async fn the_right_password_creates_a_session(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let tokens = log_in(&app, "mina@example.com", &mina.password).await.unwrap();
    assert_eq!(tokens.user, *mina.user());
    let caller = authenticate(&app.app, &app.credentials, &tokens.access_token).await.unwrap();
    assert_eq!(caller.session_id, tokens.session_id);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM sessions").await, 2);
}

#[testkit::both_databases]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer(database: TestDatabase) {
    let app = TestApp::new(database);
    app.person("mina").await;
    let wrong = problem(log_in(&app, "mina@example.com", "not the password").await);
    let unknown = problem(log_in(&app, "nobody@example.com", "not the password").await);
    assert_eq!(wrong.code, ProblemCode::InvalidCredentials);
    assert_eq!(wrong, unknown);
    let too_long = "x".repeat(10_000);
    for password in ["", "short", too_long.as_str()] {
        assert_eq!(problem(log_in(&app, "mina@example.com", password).await), wrong);
        assert_eq!(problem(log_in(&app, "nobody@example.com", password).await), wrong);
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM sessions").await, 1);
}

#[testkit::both_databases]
async fn logging_in_to_a_deleted_account_is_answered_like_an_unknown_address(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    app.database.execute("UPDATE users SET state = 'deleted'").await;
    let refused = log_in(&app, "mina@example.com", &mina.password).await;
    assert_eq!(code(refused), ProblemCode::InvalidCredentials);
    let refused = authenticate(&app.app, &app.credentials, &mina.tokens.access_token).await;
    assert_eq!(code(refused), ProblemCode::SessionRevoked);
    let refused = refresh(&app, &mina.tokens.refresh_token).await;
    assert_eq!(code(refused), ProblemCode::RefreshTokenInvalid);
}

#[testkit::both_databases]
async fn log_ins_from_one_network_address_are_limited_to_sixty_a_minute(database: TestDatabase) {
    let app = TestApp::new(database);
    let visitor = app.visitor("a guesser");
    for number in 0..60 {
        let input = log_in_input(&format!("{number}@example.com"), "", None);
        let refused = operations::auth::log_in(&app.app, &app.credentials, &visitor, input).await;
        assert_eq!(code(refused), ProblemCode::InvalidCredentials);
    }
    let input = log_in_input("mina@example.com", "", None);
    let refused = problem(operations::auth::log_in(&app.app, &app.credentials, &visitor, input).await);
    assert_eq!((refused.code, refused.retry_after), (ProblemCode::RateLimited, Some(Duration::from_secs(1))));
}

#[testkit::both_databases]
async fn a_password_is_compared_after_unicode_normalisation(database: TestDatabase) {
    let app = TestApp::new(database);
    let email = "mina@example.com";
    let right = mailed_code(&app, email).await;
    let composed = "비밀번호는 한글로";
    let password = Password::parse(composed).unwrap();
    let input = operations::auth::SignUp { password, ..sign_up_input(email, &right) };
    operations::auth::sign_up(&app.app, &app.credentials, &app.visitor("x"), input).await.unwrap();
    // The same text in decomposed form (NFD), as macOS types it.
    let decomposed = "\u{1107}\u{1175}\u{1106}\u{1175}\u{11af}\u{1107}\u{1165}\u{11ab}\u{1112}\u{1169}\u{1102}\u{1173}\u{11ab} \u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}\u{1105}\u{1169}";
    assert_ne!(composed, decomposed);
    log_in(&app, email, decomposed).await.unwrap();
}
