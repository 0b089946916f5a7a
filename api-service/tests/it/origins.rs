//! Pages of other origins in a browser.

use testkit::TestDatabase;

use crate::test_api::TestApi;

const ALLOWED: [&str; 3] = ["http://127.0.0.1:8088", "http://localhost:8088", "https://app.example.com"];

#[tokio::test]
async fn pages_of_allowed_origins_may_read_all_answers_failures_included() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    for origin in ALLOWED {
        for (path, status) in [("/api/v1/posts", 200), ("/api/v1/users/me", 401), ("/api/v1/nothing", 404)] {
            let answer = api.get(path).header("origin", origin).send().await;
            assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, Some(origin)));
            assert_eq!(answer.header("access-control-allow-credentials"), None);
            let exposed = answer.header("access-control-expose-headers").unwrap();
            let new = ["etag", "ratelimit", "ratelimit-policy", "idempotency-replayed"];
            for name in new.into_iter().chain(["link", "location", "retry-after", "x-request-id"]) {
                assert!(exposed.contains(name), "{exposed}");
            }
        }
    }
}

#[tokio::test]
async fn pages_of_any_other_origin_are_refused() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    for origin in [
        "https://evil.example.com",
        "null",
        "",
        "*",
        "https://app.example.com.evil.com",
        "https://evil-app.example.com",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.",
        "https://app.example.com/",
        "HTTPS://APP.EXAMPLE.COM",
        "http://127.0.0.1:8089",
        "https://app.example.com, https://evil.example.com",
    ] {
        for method in ["GET", "POST", "DELETE", "OPTIONS"] {
            let call = api.call(method, "/api/v1/posts").header("origin", origin);
            let answer = call.header("access-control-request-method", "POST").send().await;
            assert_eq!(answer.header("access-control-allow-origin"), None, "{method} from {origin}");
            answer.problem(403, "forbidden");
        }
    }
    let bytes = api.get("/api/v1/posts").header_bytes("origin", b"\xff").send().await;
    bytes.problem(403, "forbidden");
}

#[tokio::test]
async fn preflight_requests_are_answered() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let ask = |method: &'static str, headers: &'static str| {
        let call = api.call("OPTIONS", "/api/v1/posts").header("origin", "https://app.example.com");
        let call = call.header("access-control-request-method", method);
        call.header("access-control-request-headers", headers).send()
    };
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let answer = ask(method, "authorization, content-type, if-match").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        assert!(answer.header("access-control-allow-methods").unwrap().contains(method));
        assert_eq!(answer.header("access-control-max-age"), Some("600"));
    }
    ask("TRACE", "authorization").await.problem(403, "forbidden");
    ask("POST", "x-unheard-of").await.problem(403, "forbidden");
}
