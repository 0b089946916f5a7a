//! Guessing of passwords (rule ID14).

use std::time::Duration;

use domain::auth::{CODE_COOLDOWN, ClientOrigin, CodePurpose};
use domain::{Problem, ProblemCode};
use identity::passwords::Password;
use operations::auth::{self, ChangePassword, ResetPassword, SessionTokens};
use operations::jobs::sweep_expired;
use operations::{OperationError, Visitor};
use testkit::{TestApp, TestDatabase};

use super::{PASSWORD, log_in_input, mailed_code_for};
use crate::fixtures::{at_once, code, problem};

const EMAIL: &str = "mina@example.com";
const WRONG: &str = "not the password";
const SECOND: Duration = Duration::from_secs(1);
const FAILURES: &str = "SELECT CAST(COALESCE(MAX(failures), 0) AS BIGINT) FROM log_in_failures";

/// Returns a visitor in a network. Each has a client address of its own, which the rate limits count by.
fn visitor(app: &TestApp, network: &str, number: usize) -> Visitor {
    let origin = ClientOrigin::new("Test/1.0", network.to_owned());
    Visitor { origin, ..app.visitor(&format!("{network} {number}")) }
}

async fn try_from(
    app: &TestApp,
    network: &str,
    password: &str,
    device_token: Option<&String>,
) -> Result<SessionTokens, OperationError> {
    let visitor = visitor(app, network, 0);
    auth::log_in(&app.app, &app.credentials, &visitor, log_in_input(EMAIL, password, device_token)).await
}

/// Fails to log in, `times` times.
async fn fail(app: &TestApp, network: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(code(try_from(app, network, WRONG, None).await), ProblemCode::InvalidCredentials);
    }
}

fn waits(answer: Result<SessionTokens, OperationError>) -> Duration {
    let Problem { code, retry_after, .. } = problem(answer);
    assert_eq!(code, ProblemCode::RateLimited);
    retry_after.unwrap()
}

#[testkit::both_databases]
async fn after_five_failures_each_further_attempt_is_delayed_twice_as_long(database: TestDatabase) {
    let app = TestApp::new(database);
    app.person("mina").await;
    fail(&app, "net", 5).await;
    for seconds in [1, 2, 4] {
        assert_eq!(waits(try_from(&app, "net", PASSWORD, None).await), SECOND * seconds);
        app.clock.advance(SECOND * seconds);
        fail(&app, "net", 1).await;
    }
    app.clock.advance(8 * SECOND);
    try_from(&app, "net", PASSWORD, None).await.unwrap();
    // A success forgets the failures.
    fail(&app, "net", 5).await;
}

#[testkit::both_databases]
async fn failures_of_one_network_do_not_delay_another_network_or_account(database: TestDatabase) {
    let app = TestApp::new(database);
    app.person("mina").await;
    app.person("jun").await;
    fail(&app, "attacker", 5).await;
    waits(try_from(&app, "attacker", PASSWORD, None).await);
    try_from(&app, "home", PASSWORD, None).await.unwrap();
    let input = log_in_input("jun@example.com", PASSWORD, None);
    auth::log_in(&app.app, &app.credentials, &visitor(&app, "attacker", 1), input).await.unwrap();
    // The success at home did not reset what the attacker is counted.
    waits(try_from(&app, "attacker", PASSWORD, None).await);
}

/// Rule ID3.
#[testkit::both_databases]
async fn an_address_without_an_account_is_counted_in_the_same_way(database: TestDatabase) {
    let app = TestApp::new(database);
    fail(&app, "net", 5).await;
    assert_eq!(waits(try_from(&app, "net", PASSWORD, None).await), SECOND);
    let shown = app.database.texts("SELECT account FROM log_in_failures").await;
    assert!(!shown[0].contains("mina"), "{shown:?}");
}

#[testkit::both_databases]
async fn a_device_that_logged_in_before_is_never_locked_out_by_others(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let token = mina.tokens.device_token.clone();
    // Everybody else in the same network, and from the same address, guesses as much as they can.
    for _ in 0..60 {
        try_from(&app, "net", WRONG, None).await.err().unwrap();
    }
    let refused = problem(try_from(&app, "net", PASSWORD, None).await);
    assert_eq!(refused.code, ProblemCode::RateLimited);
    let again = try_from(&app, "net", PASSWORD, token.as_ref()).await.unwrap();
    assert_eq!(again.device_token, token, "the device keeps its token");
    // The device itself is counted as well.
    for _ in 0..5 {
        let refused = try_from(&app, "net", WRONG, token.as_ref()).await;
        assert_eq!(code(refused), ProblemCode::InvalidCredentials);
    }
    assert_eq!(waits(try_from(&app, "net", PASSWORD, token.as_ref()).await), SECOND);
}

#[testkit::both_databases]
async fn a_device_token_of_another_account_or_a_forged_one_helps_nobody(database: TestDatabase) {
    let app = TestApp::new(database);
    app.person("mina").await;
    let jun = app.person("jun").await;
    fail(&app, "net", 5).await;
    let forged =
        "d1.01890a5d-ac96-774b-bcce-b302099a8057.01890a5d-ac96-774b-bcce-b302099a8057.AAAAAAAAAAAAAAAAAAAAAA";
    for token in [jun.tokens.device_token.clone().unwrap(), forged.into(), String::new(), "x".repeat(10_000)]
    {
        assert_eq!(waits(try_from(&app, "net", PASSWORD, Some(&token)).await), SECOND);
    }
}

#[testkit::both_databases]
async fn a_hundred_failures_in_a_row_end_guessing_and_a_reset_forgives_them(database: TestDatabase) {
    let app = TestApp::new(database);
    app.person("mina").await;
    fail(&app, "net", 1).await;
    app.database.execute("UPDATE log_in_failures SET failures = 99").await;
    app.clock.advance(Duration::from_mins(15));
    fail(&app, "net", 1).await;
    assert_eq!(waits(try_from(&app, "net", PASSWORD, None).await), Duration::from_hours(7 * 24));
    let flow = mailed_code_for(&app, EMAIL, CodePurpose::PasswordReset).await;
    let input = ResetPassword {
        proof: flow.proof(),
        new_password: Password::parse("seven herons read aloud").unwrap(),
    };
    auth::reset_password(&app.app, &app.credentials, &app.visitor("x"), input).await.unwrap();
    try_from(&app, "net", "seven herons read aloud", None).await.unwrap();
}

#[testkit::both_databases]
async fn failures_are_forgotten_and_swept_after_a_week(database: TestDatabase) {
    let app = TestApp::new(database);
    fail(&app, "net", 5).await;
    app.clock.advance(Duration::from_hours(7 * 24));
    assert_eq!(sweep_expired(&app.app).await.unwrap(), 0);
    fail(&app, "net", 5).await;
    app.clock.advance(Duration::from_hours(7 * 24) + Duration::from_millis(1));
    assert_eq!(sweep_expired(&app.app).await.unwrap(), 1);
    assert_eq!(app.database.number(FAILURES).await, 0);
}

/// Concurrent calls.
#[testkit::both_databases]
async fn concurrent_attempts_are_no_way_round_the_delay(database: TestDatabase) {
    let app = TestApp::new(database);
    app.person("mina").await;
    let (parts, keys) = (&app.app, &app.credentials);
    let answers = at_once(12, |number| {
        let (parts, keys, visitor) = (parts.clone(), keys.clone(), visitor(&app, "net", number));
        async move { auth::log_in(&parts, &keys, &visitor, log_in_input(EMAIL, WRONG, None)).await }
    })
    .await;
    let tried = answers.into_iter().map(code).filter(|code| *code == ProblemCode::InvalidCredentials);
    assert_eq!((tried.count(), app.database.number(FAILURES).await), (5, 5));
}

#[testkit::both_databases]
async fn a_password_that_is_confirmed_is_counted_by_session(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let change = async |current: &str| {
        let new_password = Password::parse("seven herons read aloud").unwrap();
        let input = ChangePassword { current_password: current.into(), new_password };
        auth::change_password(&app.app, &app.credentials, &app.visitor("mina"), &mina.caller(), input).await
    };
    for _ in 0..5 {
        assert_eq!(code(change(WRONG).await), ProblemCode::InvalidCredentials);
    }
    assert_eq!(problem(change(PASSWORD).await).retry_after, Some(SECOND));
    try_from(&app, "net", PASSWORD, None).await.unwrap();
    app.clock.advance(CODE_COOLDOWN);
    change(PASSWORD).await.unwrap();
    assert_eq!(app.database.number(FAILURES).await, 0);
}
