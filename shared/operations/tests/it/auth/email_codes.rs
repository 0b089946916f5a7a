//! Codes that prove an address (rules ID2, ID3).

use std::time::Duration;

use domain::ProblemCode;
use domain::auth::{CODE_COOLDOWN, CODE_LIFETIME, CodePurpose};
use operations::auth::request_email_code;
use testkit::{TestApp, TestDatabase};

use super::{address, mailed_code, other_than, request_code, sign_up, sign_up_input, tries_left};
use crate::fixtures::{at_once, code, problem};

const SECOND: Duration = Duration::from_secs(1);
const EMAIL: &str = "mina@example.com";

async fn users(app: &TestApp) -> i64 {
    app.database.number("SELECT COUNT(*) FROM users").await
}

#[testkit::both_databases]
async fn a_code_is_invalid_after_five_wrong_tries(database: TestDatabase) {
    let app = TestApp::new(database);
    let right = mailed_code(&app, EMAIL).await;
    for left in (0..5).rev() {
        let (problem, says) = tries_left(sign_up(&app, EMAIL, other_than(&right)).await);
        assert_eq!((problem.code, says), (ProblemCode::CodeInvalid, Some(left)));
    }
    assert_eq!(code(sign_up(&app, EMAIL, &right).await), ProblemCode::CodeAttemptsExhausted);
    assert_eq!(users(&app).await, 0);
    // A new code has a new count of wrong attempts.
    app.clock.advance(CODE_COOLDOWN);
    let next = mailed_code(&app, EMAIL).await;
    sign_up(&app, EMAIL, &next).await.unwrap();
}

#[testkit::both_databases]
async fn concurrent_wrong_tries_are_all_counted(database: TestDatabase) {
    let app = TestApp::new(database);
    let right = mailed_code(&app, EMAIL).await;
    let wrong = other_than(&right);
    let (parts, keys) = (&app.app, &app.credentials);
    let answers = at_once(12, |_| {
        let (parts, keys, visitor) = (parts.clone(), keys.clone(), app.visitor(EMAIL));
        async move { operations::auth::sign_up(&parts, &keys, &visitor, sign_up_input(EMAIL, wrong)).await }
    })
    .await;
    let codes: Vec<_> = answers.into_iter().map(code).collect();
    let tried = codes.iter().filter(|code| **code == ProblemCode::CodeInvalid).count();
    let refused = codes.iter().filter(|code| **code == ProblemCode::CodeAttemptsExhausted).count();
    assert_eq!((tried, refused), (5, 7));
}

#[testkit::both_databases]
async fn a_malformed_code_counts_as_a_wrong_one(database: TestDatabase) {
    let app = TestApp::new(database);
    let right = mailed_code(&app, EMAIL).await;
    for (wrong, left) in [("", 4), ("12345", 3), ("１２３４５６", 2)] {
        assert_eq!(tries_left(sign_up(&app, EMAIL, wrong).await).1, Some(left), "{wrong:?}");
    }
    sign_up(&app, EMAIL, &right).await.unwrap();
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
    assert_ne!(minas, juns);
    assert_eq!(code(sign_up(&app, "jun@example.com", &minas).await), ProblemCode::CodeInvalid);
    assert_eq!(code(sign_up(&app, "sora@example.com", &minas).await), ProblemCode::CodeInvalid);
}

#[testkit::both_databases]
async fn requesting_a_new_code_invalidates_the_old_one_at_once(database: TestDatabase) {
    let app = TestApp::new(database);
    let old = mailed_code(&app, EMAIL).await;
    app.clock.advance(CODE_COOLDOWN);
    request_code(&app, EMAIL).await.unwrap();
    assert_eq!(tries_left(sign_up(&app, EMAIL, &old).await).1, Some(4));
    app.run_jobs().await;
    let new = app.mailbox.code_for(EMAIL);
    assert_ne!(new, old);
    assert_eq!(tries_left(sign_up(&app, EMAIL, &old).await).1, Some(3));
    sign_up(&app, EMAIL, &new).await.unwrap();
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

#[testkit::both_databases]
async fn one_mailbox_gets_five_codes_an_hour(database: TestDatabase) {
    let app = TestApp::new(database);
    for _ in 0..5 {
        request_code(&app, EMAIL).await.unwrap();
        app.clock.advance(CODE_COOLDOWN);
    }
    let refused = problem(request_code(&app, EMAIL).await);
    assert_eq!(refused.code, ProblemCode::RateLimited);
    app.clock.advance(refused.retry_after.unwrap());
    request_code(&app, EMAIL).await.unwrap();
}

#[testkit::both_databases]
async fn a_known_and_an_unknown_address_get_the_same_answer_and_different_mails(database: TestDatabase) {
    let app = TestApp::new(database);
    app.person("known").await;
    app.clock.advance(CODE_COOLDOWN);
    let mut answers = Vec::new();
    for email in ["known@example.com", "unknown@example.com"] {
        let before = app.database.statements();
        answers.push((request_code(&app, email).await.unwrap(), app.database.statements() - before));
    }
    assert_eq!(answers[0], answers[1], "the answer, and the work done for it");
    app.run_jobs().await;
    let texts = app.mailbox.texts_to("known@example.com");
    assert!(texts[1].contains("이미 계정이 있습니다"), "{}", texts[1]);
    assert!(!texts[1].contains("인증 코드"));
    let right = app.mailbox.code_for("unknown@example.com");
    // The stored rows do not differ either.
    let wrong = other_than(&right);
    let known = tries_left(sign_up(&app, "known@example.com", wrong).await);
    assert_eq!(known, tries_left(sign_up(&app, "unknown@example.com", wrong).await));
}

#[testkit::both_databases]
async fn only_the_hash_of_a_code_is_stored(database: TestDatabase) {
    let app = TestApp::new(database);
    let right = mailed_code(&app, EMAIL).await;
    let there = app.database.number("SELECT COUNT(*) FROM email_codes WHERE code_hash <> ''").await;
    let readable = format!("SELECT COUNT(*) FROM email_codes WHERE code_hash LIKE '%{right}%'");
    assert_eq!((there, app.database.number(&readable).await), (1, 0));
    let in_jobs = "SELECT COUNT(*) FROM jobs";
    assert_eq!(app.database.number(in_jobs).await, 0);
}
