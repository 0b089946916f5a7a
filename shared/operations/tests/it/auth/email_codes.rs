//! Codes that prove an address (rules ID2, ID3).

use std::time::Duration;

use domain::ProblemCode;
use domain::auth::{CODE_COOLDOWN, CODE_LIFETIME, CodePurpose};
use domain::ids::CodeFlowId;
use operations::auth::request_email_code;
use testkit::{TestApp, TestDatabase};

use super::{
    Flow, address, mailed_code, mailed_code_for, other_than, request_code, request_code_for, sign_up,
    sign_up_input, tries_left,
};
use crate::fixtures::{at_once, code, problem};

const SECOND: Duration = Duration::from_secs(1);
const EMAIL: &str = "mina@example.com";

async fn users(app: &TestApp) -> i64 {
    app.database.number("SELECT COUNT(*) FROM users").await
}

#[testkit::both_databases]
async fn a_code_is_invalid_after_five_wrong_tries(database: TestDatabase) {
    let app = TestApp::new(database);
    let flow = mailed_code(&app, EMAIL).await;
    for left in (0..5).rev() {
        let (problem, says) = tries_left(sign_up(&app, EMAIL, &flow.with_wrong_code()).await);
        assert_eq!((problem.code, says), (ProblemCode::CodeInvalid, Some(left)));
    }
    assert_eq!(code(sign_up(&app, EMAIL, &flow).await), ProblemCode::CodeAttemptsExhausted);
    assert_eq!(users(&app).await, 0);
    // A new flow has its own attempts.
    app.clock.advance(CODE_COOLDOWN);
    let next = mailed_code(&app, EMAIL).await;
    sign_up(&app, EMAIL, &next).await.unwrap();
}

/// Wrong codes of a stranger stopped somebody's sign-up.
#[testkit::both_databases]
async fn attempts_in_one_flow_do_not_count_in_another(database: TestDatabase) {
    let app = TestApp::new(database);
    let own = mailed_code(&app, EMAIL).await;
    app.clock.advance(CODE_COOLDOWN);
    let strangers = mailed_code(&app, EMAIL).await;
    for _ in 0..5 {
        sign_up(&app, EMAIL, &strangers.with_wrong_code()).await.err().unwrap();
    }
    // The code of the other flow does not fit either.
    let mixed = Flow { id: own.id, code: strangers.code.clone() };
    assert_eq!(tries_left(sign_up(&app, EMAIL, &mixed).await).1, Some(4));
    let unknown = Flow { id: CodeFlowId(uuid::Uuid::from_u128(1)), code: own.code.clone() };
    assert_eq!(tries_left(sign_up(&app, EMAIL, &unknown).await).1, Some(0));
    assert_eq!(code(sign_up(&app, EMAIL, &strangers).await), ProblemCode::CodeAttemptsExhausted);
    sign_up(&app, EMAIL, &own).await.unwrap();
}

#[testkit::both_databases]
async fn concurrent_wrong_tries_are_all_counted(database: TestDatabase) {
    let app = TestApp::new(database);
    let wrong = mailed_code(&app, EMAIL).await.with_wrong_code();
    let (parts, keys) = (&app.app, &app.credentials);
    let answers = at_once(12, |_| {
        let (parts, keys, visitor) = (parts.clone(), keys.clone(), app.visitor(EMAIL));
        let input = sign_up_input(EMAIL, &wrong);
        async move { operations::auth::sign_up(&parts, &keys, &visitor, input).await }
    })
    .await;
    let codes: Vec<_> = answers.into_iter().map(code).collect();
    let tried = codes.iter().filter(|code| **code == ProblemCode::CodeInvalid).count();
    let refused = codes.iter().filter(|code| **code == ProblemCode::CodeAttemptsExhausted).count();
    assert_eq!((tried, refused), (5, 7));
}

#[testkit::both_databases]
async fn a_right_code_counts_as_an_attempt_and_works_once(database: TestDatabase) {
    let app = TestApp::new(database);
    let flow = mailed_code(&app, EMAIL).await;
    for _ in 0..4 {
        sign_up(&app, EMAIL, &flow.with_wrong_code()).await.err().unwrap();
    }
    sign_up(&app, EMAIL, &flow).await.unwrap();
    let attempts = "SELECT CAST(attempts AS BIGINT) FROM email_codes";
    assert_eq!(app.database.number(attempts).await, 5);
    for again in [&flow, &flow.with_wrong_code()] {
        assert_eq!(tries_left(sign_up(&app, EMAIL, again).await).1, Some(0), "right and wrong look the same");
    }
    assert_eq!(app.database.number(attempts).await, 5);
}

#[testkit::both_databases]
async fn after_expiry_nothing_is_compared_or_counted(database: TestDatabase) {
    let app = TestApp::new(database);
    let flow = mailed_code(&app, EMAIL).await;
    app.clock.advance(CODE_LIFETIME);
    let before = app.database.checksum().await;
    for tried in [&flow, &flow.with_wrong_code()] {
        assert_eq!(tries_left(sign_up(&app, EMAIL, tried).await).1, Some(0));
    }
    assert_eq!(app.database.checksum().await, before);
}

#[testkit::both_databases]
async fn a_code_expires_after_ten_minutes(database: TestDatabase) {
    let app = TestApp::new(database);
    let right = mailed_code(&app, EMAIL).await;
    app.clock.advance(CODE_LIFETIME);
    let (problem, left) = tries_left(sign_up(&app, EMAIL, &right).await);
    assert_eq!((problem.code, left), (ProblemCode::CodeInvalid, Some(0)));
    assert_eq!(users(&app).await, 0);
}

#[testkit::both_databases]
async fn a_code_is_valid_until_just_before_it_expires(database: TestDatabase) {
    let app = TestApp::new(database);
    let right = mailed_code(&app, EMAIL).await;
    app.clock.advance(CODE_LIFETIME.saturating_sub(Duration::from_millis(1)));
    sign_up(&app, EMAIL, &right).await.unwrap();
}

#[testkit::both_databases]
async fn a_code_is_valid_for_its_address_only(database: TestDatabase) {
    let app = TestApp::new(database);
    let minas = mailed_code(&app, EMAIL).await;
    let juns = mailed_code(&app, "jun@example.com").await;
    assert_ne!(minas.code, juns.code);
    assert_eq!(code(sign_up(&app, "jun@example.com", &minas).await), ProblemCode::CodeInvalid);
    assert_eq!(code(sign_up(&app, "sora@example.com", &minas).await), ProblemCode::CodeInvalid);
    assert_eq!(users(&app).await, 0);
}

#[testkit::both_databases]
async fn a_code_is_valid_for_its_purpose_only(database: TestDatabase) {
    let app = TestApp::new(database);
    let flow = mailed_code_for(&app, EMAIL, CodePurpose::EmailChange).await;
    let before = app.database.checksum().await;
    assert_eq!(tries_left(sign_up(&app, EMAIL, &flow).await).1, Some(0));
    assert_eq!(app.database.checksum().await, before);
}

#[testkit::both_databases]
async fn a_second_code_can_be_requested_after_a_minute(database: TestDatabase) {
    let app = TestApp::new(database);
    let requested = request_code(&app, EMAIL).await.unwrap();
    assert_eq!(requested.resend_at, app.now().plus(CODE_COOLDOWN));
    assert_eq!(requested.expires_at, app.now().plus(CODE_LIFETIME));
    app.clock.advance(20 * SECOND);
    let refused = problem(request_code(&app, EMAIL).await);
    assert_eq!((refused.code, refused.retry_after), (ProblemCode::CodeCooldown, Some(40 * SECOND)));
    app.clock.advance(40 * SECOND);
    request_code(&app, EMAIL).await.unwrap();
}

#[testkit::both_databases]
async fn concurrent_requests_mail_one_code(database: TestDatabase) {
    let app = TestApp::new(database);
    let (parts, keys) = (&app.app, &app.credentials);
    let answers = at_once(5, |_| {
        let (parts, keys, visitor) = (parts.clone(), keys.clone(), app.visitor(EMAIL));
        async move { request_email_code(&parts, &keys, &visitor, address(EMAIL), CodePurpose::SignUp).await }
    })
    .await;
    let (asked, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(asked.len(), 1);
    for answer in refused {
        let refused = problem(answer);
        assert_eq!((refused.code, refused.retry_after), (ProblemCode::CodeCooldown, Some(CODE_COOLDOWN)));
    }
    app.run_jobs().await;
    assert_eq!(app.mailbox.len(), 1);
}

/// Rule ID12.
#[testkit::both_databases]
async fn one_mailbox_gets_three_codes_an_hour_for_all_purposes_and_tags(database: TestDatabase) {
    let app = TestApp::new(database);
    request_code(&app, EMAIL).await.unwrap();
    app.clock.advance(20 * CODE_COOLDOWN);
    request_code(&app, "Mina+tag@example.com").await.unwrap();
    app.clock.advance(20 * CODE_COOLDOWN);
    request_code_for(&app, EMAIL, CodePurpose::PasswordReset).await.unwrap();
    app.clock.advance(CODE_COOLDOWN);
    let refused = problem(request_code(&app, EMAIL).await);
    assert_eq!((refused.code, refused.retry_after), (ProblemCode::RateLimited, Some(19 * CODE_COOLDOWN)));
    request_code(&app, "jun@example.com").await.unwrap();
    // A fixed window: the hour begins with the first mail, and then all three are available again.
    app.clock.advance(19 * CODE_COOLDOWN);
    for _ in 0..3 {
        request_code(&app, EMAIL).await.unwrap();
        app.clock.advance(CODE_COOLDOWN);
    }
    assert_eq!(code(request_code(&app, EMAIL).await), ProblemCode::RateLimited);
}

/// Rule ID12, concurrent calls.
#[testkit::both_databases]
async fn concurrent_requests_do_not_exceed_the_mails_of_a_mailbox(database: TestDatabase) {
    let app = TestApp::new(database);
    for _ in 0..2 {
        request_code(&app, EMAIL).await.unwrap();
        app.clock.advance(CODE_COOLDOWN);
    }
    let (parts, keys) = (&app.app, &app.credentials);
    let answers = at_once(6, |_| {
        let (parts, keys, visitor) = (parts.clone(), keys.clone(), app.visitor(EMAIL));
        async move { request_email_code(&parts, &keys, &visitor, address(EMAIL), CodePurpose::SignUp).await }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    app.run_jobs().await;
    assert_eq!(app.mailbox.len(), 3);
}

#[testkit::both_databases]
async fn a_known_and_an_unknown_address_get_the_same_answer_and_different_mails(database: TestDatabase) {
    let app = TestApp::new(database);
    app.person("known").await;
    app.clock.advance(CODE_COOLDOWN);
    let (mut answers, mut flows) = (Vec::new(), Vec::new());
    for email in ["known@example.com", "unknown@example.com"] {
        let before = app.database.statements();
        let requested = request_code(&app, email).await.unwrap();
        flows.push(requested.flow_id);
        let answer = (requested.expires_at, requested.resend_at);
        answers.push((answer, app.database.statements() - before));
    }
    assert_eq!(answers[0], answers[1], "the answer, and the work done for it");
    app.run_jobs().await;
    let texts = app.mailbox.texts_to("known@example.com");
    assert!(texts[1].contains("이미 계정이 있습니다"), "{}", texts[1]);
    assert!(!texts[1].contains("인증 코드"));
    let right = app.mailbox.code_for("unknown@example.com");
    // Trying codes shows no difference either.
    let wrong = |id| Flow { id, code: other_than(&right).to_owned() };
    let known = tries_left(sign_up(&app, "known@example.com", &wrong(flows[0])).await);
    assert_eq!(known, tries_left(sign_up(&app, "unknown@example.com", &wrong(flows[1])).await));
}

#[testkit::both_databases]
async fn only_the_hash_of_a_code_is_stored(database: TestDatabase) {
    let app = TestApp::new(database);
    let right = mailed_code(&app, EMAIL).await.code;
    let there = app.database.number("SELECT COUNT(*) FROM email_codes WHERE code_hash <> ''").await;
    let readable = format!("SELECT COUNT(*) FROM email_codes WHERE code_hash LIKE '%{right}%'");
    assert_eq!((there, app.database.number(&readable).await), (1, 0));
    let in_jobs = "SELECT COUNT(*) FROM jobs";
    assert_eq!(app.database.number(in_jobs).await, 0);
}
