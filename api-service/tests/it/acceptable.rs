//! Content negotiation (rule AP12).

use serde_json::json;
use testkit::TestDatabase;

use crate::test_api::TestApi;

/// Rule AP12.
#[tokio::test]
async fn a_request_that_does_not_accept_json_is_refused_by_every_operation() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mina = api.person("미나").await;
    let before = api.checksum().await;
    let mut tried = 0;
    for (method, path, operation) in api.contract().operations() {
        let call =
            api.call(&method.to_ascii_uppercase(), path).by(&mina).header("accept", "text/html, image/*");
        let answer = call.send().await;
        if operation.get("x-rate-budget").is_some() {
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            answer.problem(406, "not_acceptable");
            tried += 1;
        } else {
            answer.expect(200);
        }
    }
    assert!(tried > 20, "{tried}");
    assert_eq!(api.checksum().await, before);
    let body = json!({"title": "글", "content": "…"});
    let call = api.post("/api/v1/posts", &body).by(&mina).header("accept", "text/html, */*;q=0.1");
    call.send().await.expect(201);
    assert_eq!(api.get("/docs").header("accept", "text/html").send().await.status, 200);
}
