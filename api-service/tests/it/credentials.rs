//! Password reset, password change, address change (rule ID13).

use std::time::Duration;

use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::auth::{Flow, PASSWORD, holder};
use crate::test_api::TestApi;

const NEW: &str = "seven herons read aloud";

fn reset_body(flow: &Flow) -> Value {
    json!({"flow_id": flow.id, "code": flow.code, "new_password": NEW})
}

#[testkit::both_databases]
async fn a_forgotten_password_is_replaced_by_a_mailed_code(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = holder(&api.sign_up("mina@example.com").await);
    api.parts.clock.advance(Duration::from_mins(1));
    let flow = api.code_to("password_reset", "mina@example.com").await;
    let path = "/api/v1/auth/password-resets";
    api.post(path, &reset_body(&flow.wrong())).send().await.problem(422, "code_invalid");
    let answer = api.post(path, &reset_body(&flow)).send().await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    api.get("/api/v1/users/me").by(&mina).send().await.problem(401, "session_revoked");
    api.log_in("mina@example.com", NEW).await.expect(201);
    // A sign-up does not take the code of a reset.
    api.parts.clock.advance(Duration::from_mins(1));
    let flow = api.code_to("password_reset", "mina@example.com").await;
    let body = flow.sign_up("mina@example.com");
    api.post("/api/v1/auth/signups", &body).send().await.problem(422, "code_invalid");
}

#[testkit::both_databases]
async fn a_password_is_changed_with_the_present_one(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = holder(&api.sign_up("mina@example.com").await);
    let change = async |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        api.put("/api/v1/users/me/password").json(&body).by(&mina).send().await
    };
    change("wrong", NEW).await.problem(401, "invalid_credentials");
    change(PASSWORD, PASSWORD).await.problem(422, "password_unchanged");
    change(PASSWORD, "12345678").await.problem(422, "password_weak");
    assert_eq!(change(PASSWORD, NEW).await.status, 204);
    api.log_in("mina@example.com", PASSWORD).await.problem(401, "invalid_credentials");
    api.log_in("mina@example.com", NEW).await.expect(201);
    api.get("/api/v1/users/me").by(&mina).send().await.expect(200);
}

#[testkit::both_databases]
async fn an_address_is_changed_with_the_password_and_a_code(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = holder(&api.sign_up("mina@example.com").await);
    let flow = api.code_to("email_change", "mina@example.org").await;
    let mut body = json!({"current_password": "wrong", "flow_id": flow.id, "code": flow.code});
    let path = "/api/v1/users/me/email";
    api.put(path).json(&body).by(&mina).send().await.problem(401, "invalid_credentials");
    body["current_password"] = PASSWORD.into();
    let me = api.put(path).json(&body).by(&mina).send().await.expect(200);
    assert_eq!((&me["email"], &me["version"]), (&json!("mina@example.org"), &json!("2")));
    assert_eq!(api.get("/api/v1/users/me").by(&mina).send().await.expect(200), me);
    api.put(path).json(&body).by(&mina).send().await.problem(422, "code_invalid");
}
