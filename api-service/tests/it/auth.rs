//! Sign-up, log-in and log-out.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::answer::faults;
use crate::test_api::{Actor, TestApi};

pub(crate) const PASSWORD: &str = "blue otters paint slowly";

/// A flow and its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) id: String,
    pub(crate) code: String,
}

impl Flow {
    /// Returns the flow with another code, which is wrong.
    pub(crate) fn wrong(&self) -> Self {
        let number: u32 = self.code.parse().unwrap();
        Self { id: self.id.clone(), code: format!("{:06}", (number + 1) % 1_000_000) }
    }

    /// Returns the body of a sign-up.
    pub(crate) fn sign_up(&self, email: &str) -> Value {
        json!({"email": email, "flow_id": self.id, "code": self.code, "password": PASSWORD})
    }
}

impl TestApi {
    /// Requests a code and returns the flow and the mailed code.
    pub(crate) async fn code_for(&self, email: &str) -> Flow {
        self.code_to("signup", email).await
    }

    /// Requests a code for a purpose and returns the flow and the mailed code.
    pub(crate) async fn code_to(&self, purpose: &str, email: &str) -> Flow {
        let requested = self.request_code_to(purpose, email).await.expect(202);
        self.parts.run_jobs().await;
        Flow { id: requested["flow_id"].as_str().unwrap().into(), code: self.parts.mailbox.code_for(email) }
    }

    /// Requests a code.
    pub(crate) async fn request_code(&self, email: &str) -> crate::answer::Answer {
        self.request_code_to("signup", email).await
    }

    /// Requests a code for a purpose.
    pub(crate) async fn request_code_to(&self, purpose: &str, email: &str) -> crate::answer::Answer {
        let body = json!({"email": email, "purpose": purpose});
        self.post("/api/v1/auth/email-codes", &body).send().await
    }

    /// Signs a person up through the API and returns their tokens.
    pub(crate) async fn sign_up(&self, email: &str) -> Value {
        let mut body = self.code_for(email).await.sign_up(email);
        body["nickname"] = "미나".into();
        self.post("/api/v1/auth/signups", &body).send().await.expect(201)
    }

    /// Logs in.
    pub(crate) async fn log_in(&self, email: &str, password: &str) -> crate::answer::Answer {
        let body = json!({"email": email, "password": password});
        self.post("/api/v1/auth/sessions", &body).send().await
    }
}

/// Returns the person with these tokens.
pub(crate) fn holder(tokens: &Value) -> Actor {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Actor { id: text(&tokens["user"]["id"]), token: text(&tokens["access_token"]) }
}

#[testkit::both_databases]
async fn sign_up_with_the_mailed_code_creates_an_account_and_a_session(database: TestDatabase) {
    let api = TestApi::new(database);
    let requested = api.request_code("Mina@Example.com").await.expect(202);
    let now = api.parts.now();
    assert_eq!(requested["expires_at"], now.plus(Duration::from_mins(10)).to_string());
    assert_eq!(requested["resend_at"], now.plus(Duration::from_mins(1)).to_string());
    api.parts.run_jobs().await;
    let code = api.parts.mailbox.code_for("mina@example.com");
    let flow = Flow { id: requested["flow_id"].as_str().unwrap().into(), code };
    let mut body = flow.sign_up("mina@example.COM");
    body["nickname"] = "  미나 ".into();
    let answer = api.post("/api/v1/auth/signups", &body).send().await;
    let location = answer.header("location").unwrap().to_owned();
    let tokens = answer.expect(201);
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(600)));
    let me = &tokens["user"];
    assert_eq!((&me["email"], &me["nickname"]), (&json!("mina@example.com"), &json!("미나")));
    assert_eq!((&me["role"], &me["state"], &me["locale"]), (&json!("user"), &json!("active"), &json!("ko")));
    assert_eq!(location, format!("/api/v1/users/{}", me["id"].as_str().unwrap()));
    assert_eq!(api.get(&location).send().await.expect(200)["nickname"], "미나");
    assert_eq!(&api.get("/api/v1/users/me").by(&holder(&tokens)).send().await.expect(200), me);
}

/// Rule ID8.
#[testkit::both_databases]
async fn tokens_are_refused_after_log_out(database: TestDatabase) {
    let api = TestApi::new(database);
    api.sign_up("mina@example.com").await;
    let tokens = api.log_in("MINA@example.com", PASSWORD).await.expect(201);
    let mina = holder(&tokens);
    assert_eq!(api.get("/api/v1/users/me").by(&mina).send().await.expect(200)["id"], mina.id);
    assert_eq!(api.delete("/api/v1/auth/sessions/current").by(&mina).send().await.status, 204);
    for (method, path) in
        [("GET", "/api/v1/users/me"), ("GET", "/api/v1/posts"), ("DELETE", "/api/v1/auth/sessions/current")]
    {
        api.call(method, path).by(&mina).send().await.problem(401, "session_revoked");
    }
    let body = json!({"refresh_token": tokens["refresh_token"]});
    api.post("/api/v1/auth/tokens/refresh", &body).send().await.problem(401, "refresh_token_invalid");
}

/// Rule ID8.
#[testkit::both_databases]
async fn log_out_ends_only_its_own_session(database: TestDatabase) {
    let api = TestApi::new(database);
    let phone = holder(&api.sign_up("mina@example.com").await);
    let laptop = holder(&api.log_in("mina@example.com", PASSWORD).await.expect(201));
    assert_eq!(api.delete("/api/v1/auth/sessions/current").by(&phone).send().await.status, 204);
    assert_eq!(api.get("/api/v1/users/me").by(&laptop).send().await.status, 200);
}

/// Rule ID3.
#[testkit::both_databases]
async fn an_unknown_address_and_a_wrong_password_get_the_same_answer(database: TestDatabase) {
    let api = TestApi::new(database);
    api.sign_up("mina@example.com").await;
    let mut answers = Vec::new();
    for (email, password) in [("mina@example.com", "not hers"), ("nobody@example.com", PASSWORD)] {
        let mut answer = api.log_in(email, password).await;
        assert_eq!(answer.json["code"], "invalid_credentials");
        answer.json["request_id"] = Value::Null;
        answer.headers.remove("x-request-id");
        // Counts the log-ins of the network.
        answer.headers.remove("ratelimit");
        answers.push((answer.status, answer.headers, answer.json));
    }
    assert_eq!(answers[0], answers[1]);
}

/// Rule ID14.
#[testkit::both_databases]
async fn failed_log_ins_are_delayed_by_network_and_not_for_a_known_device(database: TestDatabase) {
    let api = TestApi::new(database);
    let signed_up = api.sign_up("mina@example.com").await;
    for _ in 0..5 {
        api.log_in("mina@example.com", "wrong").await.problem(401, "invalid_credentials");
    }
    let refused = api.log_in("mina@example.com", PASSWORD).await;
    let wait = refused.header("retry-after").unwrap().parse().unwrap();
    refused.problem(429, "rate_limited");
    api.log_in("another@example.com", PASSWORD).await.problem(401, "invalid_credentials");
    let body = json!({"email": "mina@example.com", "password": PASSWORD});
    let elsewhere = api.post("/api/v1/auth/sessions", &body).header("x-real-ip", "203.0.113.9");
    elsewhere.send().await.expect(201);
    let mut known = body.clone();
    known["device_token"] = signed_up["device_token"].clone();
    let tokens = api.post("/api/v1/auth/sessions", &known).send().await.expect(201);
    assert_eq!(tokens["device_token"], signed_up["device_token"]);
    let refreshed = crate::refresh::refresh(&api, &tokens).await.expect(200);
    assert_eq!(refreshed.get("device_token"), None);
    api.parts.clock.advance(Duration::from_secs(wait));
    api.log_in("mina@example.com", PASSWORD).await.expect(201);
}

#[testkit::both_databases]
async fn the_access_token_of_a_deleted_account_is_refused(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = api.person("미나").await;
    api.parts.database.execute("UPDATE users SET state = 'deleted'").await;
    api.get("/api/v1/users/me").by(&mina).send().await.problem(401, "session_revoked");
    api.get(&format!("/api/v1/users/{}", mina.id)).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn an_access_token_expires_after_ten_minutes() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mina = api.person("미나").await;
    api.parts.clock.advance(Duration::from_mins(10));
    assert_eq!(api.get("/api/v1/users/me").by(&mina).send().await.status, 200);
    // Clocks may differ by five seconds.
    api.parts.clock.advance(Duration::from_secs(6));
    let answer = api.get("/api/v1/users/me").by(&mina).send().await;
    assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"orgo\", error=\"invalid_token\""));
    answer.problem(401, "token_expired");
}

#[tokio::test]
async fn every_fault_of_a_sign_up_is_reported_at_once() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let body = json!({
        "email": "nowhere", "flow_id": crate::posts::NOTHING, "code": "1", "password": "short", "nickname": " ",
        "locale": "en",
    });
    let found = api.post("/api/v1/auth/signups", &body).send().await.faults(422, "validation_failed");
    let expected = faults([
        ("/code", "bad_format"),
        ("/email", "bad_format"),
        ("/nickname", "required"),
        ("/password", "too_short"),
    ]);
    assert_eq!(found, expected);
    let body = json!({"email": "a@example.com", "nick": "x", "locale": "fr", "password": 1});
    let found = api.post("/api/v1/auth/signups", &body).send().await.faults(422, "validation_failed");
    let expected = faults([
        ("/code", "required"),
        ("/flow_id", "required"),
        ("/locale", "not_allowed"),
        ("/nick", "unknown_field"),
        ("/password", "bad_format"),
    ]);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_password_that_is_easy_to_guess_is_refused() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let flow = api.code_for("mina.rivers@example.com").await;
    for weak in ["password1", "12345678", "qwertyuiop", "aaaaaaaaaa", "mina.rivers", "즐거운나무늘보 학생"]
    {
        let mut body = flow.sign_up("mina.rivers@example.com");
        body["password"] = weak.into();
        body["nickname"] = "즐거운나무늘보 학생".into();
        api.post("/api/v1/auth/signups", &body).send().await.problem(422, "password_weak");
    }
}
