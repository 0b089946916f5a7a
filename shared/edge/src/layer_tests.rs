use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::ids::IdSource;
use poem::endpoint::{make, make_sync};
use poem::{Body, EndpointExt as _};
use serde_json::Value;
use tokio::sync::Notify;

use super::*;
use crate::{Limits, Settings};

#[derive(Default)]
struct Ids(AtomicU64);

impl IdSource for Ids {
    fn next_id(&self) -> uuid::Uuid {
        uuid::Uuid::from_u128(self.0.fetch_add(1, Ordering::SeqCst).into())
    }
}

struct Policy;

impl ServicePolicy for Policy {
    fn buffered_body(&self) -> usize {
        1000
    }
}

fn edge(limits: Limits) -> Edge {
    let settings = Settings { limits, ..Settings::new("https://orgo.example") };
    Edge::new(settings, Arc::new(Ids::default()))
}

async fn problem(response: Response) -> Value {
    assert_eq!(response.content_type(), Some("application/problem+json"));
    for name in ["x-request-id", "content-security-policy", "x-content-type-options", "cache-control"] {
        assert!(response.header(name).is_some(), "{name} is missing");
    }
    response.into_body().into_json().await.unwrap()
}

#[tokio::test]
async fn a_panic_ends_one_request_and_reveals_nothing() {
    let panics = make_sync(|_| -> Response { panic!("the insides of src/posts.rs") });
    let wrapped = edge(Limits::default()).wrap(panics.boxed(), Policy);
    for _ in 0..3 {
        let request = Request::builder().uri_str("/api/v1/posts").header("x-request-id", "seven").finish();
        let response = wrapped.call(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = problem(response).await;
        assert_eq!((&body["code"], &body["request_id"]), (&"internal".into(), &"seven".into()));
        assert!(!body.to_string().contains("insides"), "{body}");
    }
}

/// Returns an endpoint that waits for a signal, and its signals: begun, continue, done.
fn waits() -> (impl Endpoint<Output = Response> + 'static, [Arc<Notify>; 3]) {
    let signals = [(); 3].map(|()| Arc::new(Notify::new()));
    let [begun, go_on, done] = signals.clone();
    let endpoint = make(move |_| {
        let (begun, go_on, done) = (Arc::clone(&begun), Arc::clone(&go_on), Arc::clone(&done));
        async move {
            begun.notify_one();
            go_on.notified().await;
            done.notify_one();
            Response::default()
        }
    });
    (endpoint.map_to_response(), signals)
}

#[tokio::test]
async fn a_client_that_goes_away_does_not_stop_the_work() {
    let (endpoint, [begun, go_on, done]) = waits();
    let wrapped = edge(Limits::default()).wrap(endpoint.boxed(), Policy);
    let waiting = tokio::spawn(async move { wrapped.call(Request::default()).await.map(drop) });
    begun.notified().await;
    waiting.abort();
    assert!(waiting.await.is_err_and(|stopped| stopped.is_cancelled()));
    go_on.notify_one();
    done.notified().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_answered_and_its_work_goes_on() {
    let (endpoint, [_begun, go_on, done]) = waits();
    let wrapped = edge(Limits::default()).wrap(endpoint.boxed(), Policy);
    let start = Instant::now();
    let response = wrapped.call(Request::default()).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    assert_eq!(
        (response.status(), response.header("retry-after")),
        (StatusCode::SERVICE_UNAVAILABLE, Some("1"))
    );
    assert_eq!(problem(response).await["code"], "unavailable");
    go_on.notify_one();
    done.notified().await;
}

#[tokio::test]
async fn requests_beyond_the_cap_are_refused_and_health_checks_are_not_counted() {
    let (endpoint, [begun, go_on, done]) = waits();
    let routes = poem::Route::new().at("/", endpoint).at("/healthz", make_sync(|_| Response::default()));
    let wrapped =
        edge(Limits { in_flight: 1, ..Limits::default() }).wrap(routes.map_to_response().boxed(), Policy);
    let wrapped = Arc::new(wrapped);
    let ask = |path: &str| {
        let (wrapped, request) = (Arc::clone(&wrapped), Request::builder().uri_str(path).finish());
        async move { wrapped.call(request).await.unwrap() }
    };
    let first = tokio::spawn(ask("/"));
    begun.notified().await;
    let refused = ask("/").await;
    assert_eq!(
        (refused.status(), refused.header("retry-after")),
        (StatusCode::SERVICE_UNAVAILABLE, Some("1"))
    );
    assert_eq!(problem(refused).await["code"], "unavailable");
    assert_eq!(ask("/healthz").await.status(), StatusCode::OK);
    go_on.notify_one();
    done.notified().await;
    assert_eq!(first.await.unwrap().status(), StatusCode::OK);
    go_on.notify_one();
    assert_eq!(ask("/").await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_in_time_is_refused_before_the_handler_starts() {
    let unreachable = make_sync(|_| -> Response { panic!("the handler was started") });
    let wrapped = edge(Limits::default()).wrap(unreachable.boxed(), Policy);
    let (slow, mut sender) = tokio::io::duplex(64);
    let sending = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        while sender.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let start = Instant::now();
    let request = Request::builder().method(Method::POST).body(Body::from_async_read(slow));
    let response = wrapped.call(request).await.unwrap();
    assert_eq!((response.status(), start.elapsed()), (StatusCode::REQUEST_TIMEOUT, Duration::from_secs(10)));
    assert_eq!(problem(response).await["code"], "request_timeout");
    sending.abort();
}

#[tokio::test]
async fn a_handler_gets_the_whole_body_also_if_it_is_longer_than_what_is_read_before() {
    let echo = make(|request: Request| async move { request.into_body().into_bytes().await });
    let wrapped = edge(Limits::default()).wrap(echo.map_to_response().boxed(), Policy);
    for length in [0, 1, 1000, 1001, 100_000] {
        let sent = vec![b'a'; length];
        let request = Request::builder().method(Method::POST).body(sent.clone());
        let got = wrapped.call(request).await.unwrap().into_body().into_vec().await.unwrap();
        assert!(got == sent, "{length}");
    }
}

#[tokio::test]
async fn a_request_that_the_listener_refused_is_answered_with_the_reason() {
    let unreachable = make_sync(|_| -> Response { panic!("the handler was started") });
    let wrapped = edge(Limits::default()).wrap(unreachable.boxed(), Policy);
    for (name, status, code) in [
        ("bare-line-feed", 400, "malformed_request"),
        ("version", 400, "malformed_request"),
        ("headers-too-large", 431, "headers_too_large"),
        ("headers-too-slow", 408, "request_timeout"),
        ("made up by a client", 400, "malformed_request"),
    ] {
        let request = Request::builder().header(REFUSAL_HEADER, name).finish();
        let response = wrapped.call(request).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{name}");
        let body = problem(response).await;
        assert_eq!(body["code"], code);
        assert!(body.get("instance").is_none());
    }
}

#[test]
fn only_a_harmless_request_id_is_taken_over() {
    for (value, is_taken) in [("a-B_1.2:3", true), ("", false), ("a b", false), (&"a".repeat(129), false)] {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, value.parse().unwrap());
        assert_eq!(request_id(&headers).is_some(), is_taken, "{value}");
    }
}
