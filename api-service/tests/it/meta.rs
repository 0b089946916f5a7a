//! Health, limits, keys, tickets and request ids.

use std::time::Duration;

use serde_json::json;
use testkit::TestDatabase;

use crate::test_api::TestApi;

#[testkit::both_databases]
async fn readiness_fails_once_the_service_drains(database: TestDatabase) {
    let api = TestApi::new(database);
    assert_eq!(api.get("/healthz").send().await.expect(200), json!({"status": "ok"}));
    assert_eq!(api.get("/readyz").send().await.expect(200), json!({"status": "ready"}));
    api.service.readiness().drain();
    api.get("/readyz").send().await.problem(503, "unavailable");
    api.get("/healthz").send().await.expect(200);
    api.get("/api/v1/posts").send().await.expect(200);
}

#[testkit::both_databases]
async fn a_ticket_is_valid_once_and_for_thirty_seconds(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = api.person("미나").await;
    let ticket = api.call("POST", "/api/v1/realtime/tickets").by(&mina).send().await.expect(201);
    assert_eq!(ticket["url"], "ws://127.0.0.1:8088/ws");
    assert_eq!(ticket["expires_at"], api.parts.now().plus(Duration::from_secs(30)).to_string());
    let app = &api.parts.app;
    let text = ticket["ticket"].as_str().unwrap();
    let holder = operations::realtime::redeem_ticket(app, text).await.unwrap();
    assert_eq!(holder.user.to_string(), mina.id);
    assert!(operations::realtime::redeem_ticket(app, text).await.is_err());
    let other = api.call("POST", "/api/v1/realtime/tickets").by(&mina).send().await.expect(201);
    assert_ne!(other["ticket"], ticket["ticket"]);
}

#[tokio::test]
async fn the_published_limits_are_the_enforced_ones() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let meta = api.get("/api/v1/meta").send().await.expect(200);
    assert_eq!(meta["locales"], json!(["ko", "en"]));
    let expected = json!({
        "nickname": 50, "about": 500, "post_title": 200, "post_content": 20_000, "comment_content": 1_000,
        "password_shortest": 8, "password_longest": 128, "page": 100, "body_bytes": 1_048_576,
    });
    assert_eq!(meta["limits"], expected);
}

#[tokio::test]
async fn the_published_keys_are_public_and_cacheable() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let answer = api.get("/.well-known/jwks.json").send().await;
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    let keys = answer.expect(200);
    for key in keys["keys"].as_array().unwrap() {
        assert_eq!(
            (&key["kty"], &key["crv"], &key["alg"]),
            (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
        );
        assert!(key["kid"].is_string() && key["x"].is_string());
        assert!(key.get("d").is_none(), "the private half is not published");
    }
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn head_is_answered_like_get_without_a_body() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    for path in
        ["/healthz", "/api/v1/posts", "/api/v1/posts?limit=x", "/api/v1/users/me", "/docs", "/nothing"]
    {
        let (get, head) = (api.get(path).send().await, api.call("HEAD", path).send().await);
        assert_eq!(
            (head.status, head.header("content-type")),
            (get.status, get.header("content-type")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_well_formed_request_id_is_kept_and_another_is_replaced() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    for good in ["a", "01890a5d-ac96-774b-bcce-b302099a8057", "A.b_c:d-1", &"x".repeat(128)] {
        let answer = api.get("/nothing").header("x-request-id", good).send().await;
        assert_eq!(answer.header("x-request-id"), Some(good));
        assert_eq!(answer.json["request_id"], good);
    }
    let mut made_up = Vec::new();
    for bad in ["", " ", "a b", "a\"b", "<b>", "a\tb", "{}", &"x".repeat(129)] {
        let answer = api.get("/healthz").header("x-request-id", bad).send().await;
        made_up.push(answer.header("x-request-id").unwrap().to_owned());
    }
    let bytes = api.get("/healthz").header_bytes("x-request-id", b"\xff").send().await;
    made_up.push(bytes.header("x-request-id").unwrap().to_owned());
    assert!(made_up.iter().all(|id| id.parse::<uuid::Uuid>().is_ok()), "{made_up:?}");
    made_up.sort_unstable();
    made_up.dedup();
    assert_eq!(made_up.len(), 9);
}
