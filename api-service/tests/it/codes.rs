//! Mailed codes (rule ID2).

use std::time::Duration;

use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::answer::Answer;
use crate::auth::PASSWORD;
use crate::test_api::TestApi;

async fn sign_up_with(api: &TestApi, email: &str, code: &str) -> Answer {
    let body = json!({"email": email, "code": code, "password": PASSWORD});
    api.post("/api/v1/auth/signups", &body).send().await
}

/// Returns another code.
fn wrong(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

#[testkit::both_databases]
async fn a_code_is_invalid_after_five_wrong_attempts(database: TestDatabase) {
    let api = TestApi::new(database);
    let code = api.code_for("mina@example.com").await;
    for left in [4, 3, 2, 1, 0] {
        let problem =
            sign_up_with(&api, "mina@example.com", &wrong(&code)).await.problem(422, "code_invalid");
        assert_eq!(problem["params"]["attempts_left"], left);
    }
    sign_up_with(&api, "mina@example.com", &code).await.problem(429, "code_attempts_exhausted");
    api.parts.clock.advance(Duration::from_mins(1));
    let code = api.code_for("mina@example.com").await;
    sign_up_with(&api, "mina@example.com", &code).await.expect(201);
}

#[testkit::both_databases]
async fn a_code_expires_after_ten_minutes(database: TestDatabase) {
    let api = TestApi::new(database);
    let code = api.code_for("mina@example.com").await;
    api.parts.clock.advance(Duration::from_mins(10));
    sign_up_with(&api, "mina@example.com", &code).await.problem(422, "code_invalid");
}

#[testkit::both_databases]
async fn a_code_works_once_and_only_for_its_address(database: TestDatabase) {
    let api = TestApi::new(database);
    let code = api.code_for("mina@example.com").await;
    sign_up_with(&api, "jun@example.com", &code).await.problem(422, "code_invalid");
    sign_up_with(&api, "mina@example.com", &code).await.expect(201);
    sign_up_with(&api, "mina@example.com", &code).await.problem(409, "email_taken");
    assert_eq!(api.parts.database.number("SELECT count(*) FROM users").await, 1);
}

#[testkit::both_databases]
async fn no_account_is_created_without_a_code(database: TestDatabase) {
    let api = TestApi::new(database);
    for code in ["", "000000", "12345", "1234567", "abcdef", "１２３４５６"] {
        sign_up_with(&api, "mina@example.com", code).await.problem(422, "code_invalid");
    }
    // Requested, but not created yet: the worker creates the code when it mails it.
    api.request_code("mina@example.com").await.expect(202);
    for code in ["", "000000"] {
        sign_up_with(&api, "mina@example.com", code).await.problem(422, "code_invalid");
    }
    assert_eq!(api.parts.database.number("SELECT count(*) FROM users").await, 0);
}

#[testkit::both_databases]
async fn a_second_code_is_sent_after_a_pause_and_replaces_the_first(database: TestDatabase) {
    let api = TestApi::new(database);
    let first = api.code_for("mina@example.com").await;
    let refused = api.request_code("mina@example.com").await;
    assert_eq!(refused.header("retry-after"), Some("60"));
    refused.problem(429, "code_cooldown");
    api.parts.clock.advance(Duration::from_mins(1));
    let second = api.code_for("mina@example.com").await;
    assert_ne!(first, second);
    sign_up_with(&api, "mina@example.com", &first).await.problem(422, "code_invalid");
    sign_up_with(&api, "mina@example.com", &second).await.expect(201);
}

#[testkit::both_databases]
async fn one_mailbox_gets_five_codes_an_hour(database: TestDatabase) {
    let api = TestApi::new(database);
    for _ in 0..5 {
        api.request_code("mina@example.com").await.expect(202);
        api.parts.clock.advance(Duration::from_mins(1));
    }
    api.request_code("mina@example.com").await.problem(429, "rate_limited");
    api.request_code("jun@example.com").await.expect(202);
}

/// Rule ID3.
#[testkit::both_databases]
async fn only_the_mail_shows_whether_an_address_has_an_account(database: TestDatabase) {
    let api = TestApi::new(database);
    api.sign_up("mina@example.com").await;
    api.parts.clock.advance(Duration::from_mins(2));
    let users = "SELECT count(*) FROM users";
    let before = api.parts.database.number(users).await;
    let mut answers = Vec::new();
    for email in ["mina@example.com", "nobody@example.com"] {
        let mut answer = api.request_code(email).await;
        answer.headers.remove("x-request-id");
        // Counts the requests of the network.
        answer.headers.remove("ratelimit");
        answers.push((answer.status, answer.headers, answer.body));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].0, 202);
    api.parts.run_jobs().await;
    let told = api.parts.mailbox.texts_to("mina@example.com").pop().unwrap();
    assert!(!told.split_whitespace().any(|word| word.parse::<u32>().is_ok()), "{told}");
    assert_eq!(api.parts.mailbox.texts_to("nobody@example.com").len(), 1);
    assert_eq!(api.parts.database.number(users).await, before);
    // The pause is the same for both.
    for email in ["mina@example.com", "nobody@example.com"] {
        api.request_code(email).await.problem(429, "code_cooldown");
    }
}

#[testkit::both_databases]
async fn no_answer_contains_the_code(database: TestDatabase) {
    let api = TestApi::new(database);
    let requested = api.request_code("mina@example.com").await;
    api.parts.run_jobs().await;
    let code = api.parts.mailbox.code_for("mina@example.com");
    let wrong = sign_up_with(&api, "mina@example.com", &wrong(&code)).await;
    let right = sign_up_with(&api, "mina@example.com", &code).await;
    for answer in [requested, wrong, right] {
        assert!(!strings(&answer.json).iter().any(|text| text == &code), "{}", answer.body);
        assert!(!answer.headers.values().any(|value| value.as_bytes() == code.as_bytes()));
    }
    let stored = api
        .parts
        .database
        .number(&format!("SELECT count(*) FROM email_codes WHERE code_hash LIKE '%{code}%'"))
        .await;
    assert_eq!(stored, 0);
}

/// Returns every value of a body as text.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}
