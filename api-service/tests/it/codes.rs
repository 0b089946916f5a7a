//! Mailed codes (rule ID2).

use std::time::Duration;

use serde_json::Value;
use testkit::TestDatabase;

use crate::answer::Answer;
use crate::auth::Flow;
use crate::posts::NOTHING;
use crate::test_api::TestApi;

async fn sign_up_with(api: &TestApi, email: &str, flow: &Flow) -> Answer {
    api.post("/api/v1/auth/signups", &flow.sign_up(email)).send().await
}

#[testkit::both_databases]
async fn a_code_is_invalid_after_five_wrong_attempts(database: TestDatabase) {
    let api = TestApi::new(database);
    let flow = api.code_for("mina@example.com").await;
    for left in [4, 3, 2, 1, 0] {
        let answer = sign_up_with(&api, "mina@example.com", &flow.wrong()).await;
        assert_eq!(answer.problem(422, "code_invalid")["params"]["attempts_left"], left);
    }
    sign_up_with(&api, "mina@example.com", &flow).await.problem(429, "code_attempts_exhausted");
    api.parts.clock.advance(Duration::from_mins(1));
    let flow = api.code_for("mina@example.com").await;
    sign_up_with(&api, "mina@example.com", &flow).await.expect(201);
}

#[testkit::both_databases]
async fn a_code_expires_after_ten_minutes(database: TestDatabase) {
    let api = TestApi::new(database);
    let flow = api.code_for("mina@example.com").await;
    api.parts.clock.advance(Duration::from_mins(10));
    sign_up_with(&api, "mina@example.com", &flow).await.problem(422, "code_invalid");
}

#[testkit::both_databases]
async fn a_code_works_once_and_only_for_its_address(database: TestDatabase) {
    let api = TestApi::new(database);
    let flow = api.code_for("mina@example.com").await;
    sign_up_with(&api, "jun@example.com", &flow).await.problem(422, "code_invalid");
    sign_up_with(&api, "mina@example.com", &flow).await.expect(201);
    sign_up_with(&api, "mina@example.com", &flow).await.problem(422, "code_invalid");
    assert_eq!(api.parts.database.number("SELECT count(*) FROM users").await, 1);
}

#[testkit::both_databases]
async fn a_malformed_code_or_flow_is_refused_without_counting_an_attempt(database: TestDatabase) {
    let api = TestApi::new(database);
    let flow = api.code_for("mina@example.com").await;
    let before = api.checksum().await;
    for code in ["", "12345", "1234567", "abcdef", "１２３４５６", " 123456", "123456\n"] {
        let malformed = Flow { code: code.into(), ..flow.clone() };
        let found = sign_up_with(&api, "mina@example.com", &malformed).await.faults(422, "validation_failed");
        assert_eq!(found, [("/code".to_owned(), "bad_format".to_owned())], "{code:?}");
    }
    let malformed = Flow { id: "none".into(), ..flow.clone() };
    let found = sign_up_with(&api, "mina@example.com", &malformed).await.faults(422, "validation_failed");
    assert_eq!(found, [("/flow_id".to_owned(), "bad_format".to_owned())]);
    assert_eq!(api.checksum().await, before);
    sign_up_with(&api, "mina@example.com", &flow).await.expect(201);
}

#[testkit::both_databases]
async fn no_account_is_created_without_a_code(database: TestDatabase) {
    let api = TestApi::new(database);
    let unknown = Flow { id: NOTHING.into(), code: "000000".into() };
    sign_up_with(&api, "mina@example.com", &unknown).await.problem(422, "code_invalid");
    // Requested, but not created yet: the worker creates the code when it mails it.
    let requested = api.request_code("mina@example.com").await.expect(202);
    let unmailed = Flow { id: requested["flow_id"].as_str().unwrap().into(), code: "000000".into() };
    sign_up_with(&api, "mina@example.com", &unmailed).await.problem(422, "code_invalid");
    assert_eq!(api.parts.database.number("SELECT count(*) FROM users").await, 0);
}

#[testkit::both_databases]
async fn a_second_code_is_sent_after_a_pause_and_leaves_the_first_valid(database: TestDatabase) {
    let api = TestApi::new(database);
    let first = api.code_for("mina@example.com").await;
    let refused = api.request_code("mina@example.com").await;
    assert_eq!(refused.header("retry-after"), Some("60"));
    refused.problem(429, "code_cooldown");
    api.parts.clock.advance(Duration::from_mins(1));
    let second = api.code_for("mina@example.com").await;
    assert_ne!(first, second);
    let mixed = Flow { id: second.id, code: first.code.clone() };
    sign_up_with(&api, "mina@example.com", &mixed).await.problem(422, "code_invalid");
    sign_up_with(&api, "mina@example.com", &first).await.expect(201);
}

/// Rule ID12.
#[testkit::both_databases]
async fn one_mailbox_gets_three_codes_an_hour(database: TestDatabase) {
    let api = TestApi::new(database);
    for _ in 0..3 {
        api.request_code("mina@example.com").await.expect(202);
        api.parts.clock.advance(Duration::from_mins(1));
    }
    let refused = api.request_code("mina@example.com").await;
    assert_eq!(refused.header("retry-after"), Some("3420"));
    refused.problem(429, "rate_limited");
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
        answer.json["flow_id"] = Value::Null;
        answers.push((answer.status, answer.headers, answer.json));
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
    let flow = Flow { id: requested.json["flow_id"].as_str().unwrap().into(), code: code.clone() };
    let wrong = sign_up_with(&api, "mina@example.com", &flow.wrong()).await;
    let right = sign_up_with(&api, "mina@example.com", &flow).await;
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
