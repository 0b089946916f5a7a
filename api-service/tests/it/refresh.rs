//! Refreshing tokens (rule ID7).

use std::time::Duration;

use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::answer::Answer;
use crate::auth::holder;
use crate::test_api::TestApi;

/// Exchanges the refresh token.
pub(crate) async fn refresh(api: &TestApi, tokens: &Value) -> Answer {
    let body = json!({"refresh_token": tokens["refresh_token"]});
    api.post("/api/v1/auth/tokens/refresh", &body).send().await
}

#[testkit::both_databases]
async fn a_refresh_returns_new_tokens_of_the_same_session(database: TestDatabase) {
    let api = TestApi::new(database);
    let first = api.sign_up("mina@example.com").await;
    api.parts.clock.advance(Duration::from_hours(1));
    let second = refresh(&api, &first).await.expect(200);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_ne!(first["access_token"], second["access_token"]);
    assert_eq!((&first["session_id"], &first["user"]), (&second["session_id"], &second["user"]));
    assert_eq!(api.get("/api/v1/users/me").by(&holder(&second)).send().await.status, 200);
    refresh(&api, &second).await.expect(200);
}

#[testkit::both_databases]
async fn a_refresh_can_be_repeated_within_thirty_seconds(database: TestDatabase) {
    let api = TestApi::new(database);
    let first = api.sign_up("mina@example.com").await;
    let second = refresh(&api, &first).await.expect(200);
    api.parts.clock.advance(Duration::from_secs(29));
    assert_eq!(refresh(&api, &first).await.expect(200)["refresh_token"], second["refresh_token"]);
    refresh(&api, &second).await.expect(200);
}

#[testkit::both_databases]
async fn reuse_of_an_old_refresh_token_ends_the_session(database: TestDatabase) {
    let api = TestApi::new(database);
    let first = api.sign_up("mina@example.com").await;
    let second = refresh(&api, &first).await.expect(200);
    api.parts.clock.advance(Duration::from_secs(31));
    refresh(&api, &first).await.problem(401, "refresh_token_reused");
    refresh(&api, &second).await.problem(401, "refresh_token_invalid");
    api.get("/api/v1/users/me").by(&holder(&second)).send().await.problem(401, "session_revoked");
}

#[testkit::both_databases]
async fn a_session_expires_after_thirty_idle_days_or_half_a_year(database: TestDatabase) {
    let api = TestApi::new(database);
    let unused = api.sign_up("mina@example.com").await;
    let mut used = api.sign_up("jun@example.com").await;
    for _ in 0..8 {
        api.parts.clock.advance(Duration::from_hours(20 * 24));
        used = refresh(&api, &used).await.expect(200);
    }
    refresh(&api, &unused).await.problem(401, "refresh_token_invalid");
    api.parts.clock.advance(Duration::from_hours(20 * 24));
    refresh(&api, &used).await.problem(401, "refresh_token_invalid");
}

#[tokio::test]
async fn a_malformed_refresh_token_is_refused() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let tokens = api.sign_up("mina@example.com").await;
    let good = tokens["refresh_token"].as_str().unwrap();
    let longer = format!("{good}A");
    let shorter = good.strip_suffix(|_: char| true).unwrap();
    let access = tokens["access_token"].as_str().unwrap();
    let long = "A".repeat(100_000);
    for bad in ["", " ", "null", &longer, shorter, access, &long, "v1.가.나.다", "\u{0}"] {
        let body = json!({"refresh_token": bad});
        let answer = api.post("/api/v1/auth/tokens/refresh", &body).send().await;
        answer.problem(401, "refresh_token_invalid");
    }
    refresh(&api, &tokens).await.expect(200);
}
