use serde_json::Value;
use tokio::net::TcpStream;

use crate::server::{Answer, Changes, Server, both};

/// The headers whose values differ from answer to answer.
const CHANGING: [&str; 3] = ["date", "x-request-id", "content-length"];

/// Asserts that both answers are the same problem, with the same headers.
#[track_caller]
fn assert_same_problem(answers: [Answer; 2], status: u16, code: &str, what: &str) {
    let [mut first, mut second] = answers;
    for answer in [&mut first, &mut second] {
        assert_eq!((answer.status, answer.body["code"].as_str()), (status, Some(code)), "{what}: {answer:?}");
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{what}");
        assert_eq!(answer.headers["x-request-id"], answer.body["request_id"].as_str().unwrap(), "{what}");
        let body = answer.body.as_object_mut().unwrap();
        body.remove("request_id");
        // The path, where the services were asked at different ones.
        body.remove("instance");
        for name in CHANGING {
            answer.headers.remove(name);
        }
    }
    assert_eq!(first.body, second.body, "{what}");
    assert_eq!(first.headers, second.headers, "{what}");
}

async fn ask_both(servers: &[Server; 2], request: &[u8]) -> [Answer; 2] {
    let [api, gateway] = servers;
    [api.ask(request).await, gateway.ask(request).await]
}

#[tokio::test]
async fn a_malformed_request_gets_the_same_problem() {
    let servers = both(Changes::default()).await;
    let host = "Host: 127.0.0.1\r\n";
    let huge = "x".repeat(40_000);
    let many = "x: 1\r\n".repeat(200);
    for (request, status, code) in [
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 400, "malformed_request"),
        ("\u{16}\u{3}\u{1}\u{2}".to_owned(), 400, "malformed_request"),
        (format!("GET /readyz HTTP/1.1\n{host}\r\n"), 400, "malformed_request"),
        (format!("GET /readyz HTTP/1.1\r\n{host}x: 1\nx: 2\r\n\r\n"), 400, "malformed_request"),
        (format!("GET /readyz HTTP/9.9\r\n{host}\r\n"), 400, "malformed_request"),
        (format!("GET readyz HTTP/1.1\r\n{host}\r\n"), 400, "malformed_request"),
        (format!("G T /readyz HTTP/1.1\r\n{host}\r\n"), 400, "malformed_request"),
        ("GET /readyz HTTP/1.1\r\n\r\n".to_owned(), 400, "malformed_request"),
        (format!("GET /readyz HTTP/1.1\r\n{host}{host}\r\n"), 400, "malformed_request"),
        (format!("GET /readyz HTTP/1.1\r\n{host}x y: 1\r\n\r\n"), 400, "malformed_request"),
        (
            format!("POST /readyz HTTP/1.1\r\n{host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
            400,
            "malformed_request",
        ),
        (
            format!("POST /readyz HTTP/1.1\r\n{host}Content-Length: 1\r\nContent-Length: 1\r\n\r\n"),
            400,
            "malformed_request",
        ),
        (format!("POST /readyz HTTP/1.1\r\n{host}Transfer-Encoding: gzip\r\n\r\n"), 400, "malformed_request"),
        (format!("GET /readyz HTTP/1.1\r\n{host}x: {huge}\r\n\r\n"), 431, "headers_too_large"),
        (format!("GET /{huge} HTTP/1.1\r\n{host}\r\n"), 431, "headers_too_large"),
        (format!("GET /readyz HTTP/1.1\r\n{host}{many}\r\n"), 431, "headers_too_large"),
    ] {
        let what: String = request.chars().take(80).collect();
        assert_same_problem(ask_both(&servers, request.as_bytes()).await, status, code, &what);
    }
}

#[tokio::test]
async fn missing_paths_get_the_same_problem_and_every_answer_the_same_headers() {
    let servers = both(Changes::default()).await;
    for (request, status, code) in [
        ("GET /nothing", 404, "not_found"),
        ("POST /../etc/passwd", 404, "not_found"),
        ("DELETE /readyz", 405, "method_not_allowed"),
        ("POST /healthz", 405, "method_not_allowed"),
        ("TRACE /healthz", 405, "method_not_allowed"),
    ] {
        for language in ["", "Accept-Language: en\r\n"] {
            let request = format!("{request} HTTP/1.1\r\nHost: 127.0.0.1\r\n{language}\r\n");
            assert_same_problem(ask_both(&servers, request.as_bytes()).await, status, code, &request);
        }
    }
    for path in ["/healthz", "/readyz"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        let [api, gateway] = ask_both(&servers, request.as_bytes()).await;
        assert_eq!((api.status, gateway.status, &api.body), (200, 200, &gateway.body));
    }
    for server in &servers {
        let (first, lines) = server.good_request();
        let answer = server.request(first, lines).await;
        assert!(answer.status < 300, "{answer:?}");
        for name in [
            "content-security-policy",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "permissions-policy",
            "referrer-policy",
            "strict-transport-security",
            "x-content-type-options",
            "x-frame-options",
            "x-request-id",
        ] {
            assert!(answer.headers.contains_key(name), "{}: {name} is missing", server.name);
        }
    }
}

#[tokio::test]
async fn pages_of_the_same_origins_may_call() {
    let servers = both(Changes::default()).await;
    for origin in
        ["http://127.0.0.1:8088", "http://localhost:8088", "http://[::1]:8088", "https://app.example.com"]
    {
        for (number, server) in servers.iter().enumerate() {
            let (first, lines) = server.good_request();
            let lines = format!("{lines}Origin: {origin}\r\nX-Real-IP: 203.0.113.{number}\r\n");
            let answer = server.request(first, &lines).await;
            let is_accepted = matches!((server.name, answer.status), ("api-service", 200) | (_, 101 | 429));
            assert!(is_accepted, "{} {origin}: {answer:?}", server.name);
        }
    }
    for origin in ["null", "https://evil.example", "http://localhost:8089", "https://app.example.com/"] {
        let mut answers = Vec::new();
        for server in &servers {
            let (first, lines) = server.good_request();
            answers.push(server.request(first, &format!("{lines}Origin: {origin}\r\n")).await);
        }
        let answers: [Answer; 2] = answers.try_into().unwrap();
        assert!(answers[0].body["detail"].as_str().unwrap().contains("ORGO_ALLOWED_ORIGINS"));
        assert_same_problem(answers, 403, "forbidden", origin);
    }
}

/// Sends one more of the requests that are limited, as the client at `address` behind the proxy.
async fn one_more(server: &Server, address: &str, number: usize) -> (Answer, TcpStream) {
    let (first, lines) = server.good_request();
    if server.name != "api-service" {
        return server.request_and_hold(first, &format!("{lines}X-Real-IP: {address}\r\n")).await;
    }
    let body = format!("{{\"email\":\"person-{number}@example.com\",\"purpose\":\"signup\"}}");
    let length = body.len();
    let lines = format!(
        "X-Real-IP: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    server.request_and_hold("POST /api/v1/auth/email-codes", &lines).await
}

#[tokio::test]
async fn limits_count_the_client_behind_the_proxy_and_name_the_time_in_one_way() {
    for server in &both(Changes::default()).await {
        // A socket is counted while it is open.
        let (mut held, mut limited) = (Vec::new(), None);
        for number in 0..40 {
            let (answer, stream) = one_more(server, "2001:db8:1:2::1", number).await;
            held.push(stream);
            if answer.status == 429 {
                limited = Some(answer);
                break;
            }
        }
        let answer = limited.unwrap();
        // The proxy has an IPv4-mapped address on this port, and is trusted by its IPv4 address.
        let (other, _held) = one_more(server, "2001:db8:1:3::1", 77).await;
        assert_ne!(other.status, 429, "{}: another network", server.name);
        let (same, _held) = one_more(server, "2001:db8:1:2:ffff::1", 78).await;
        assert_eq!(same.status, 429, "{}: another address of the network", server.name);
        let seconds: u64 = answer.headers["retry-after"].parse().unwrap();
        assert_eq!(answer.body["retry_after"].as_u64(), Some(seconds));
        assert_eq!(answer.body.get("errors"), None, "{}: {}", server.name, answer.body);
        let members: Vec<_> = answer.body.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = ["code", "detail", "instance", "request_id", "retry_after", "status", "title", "type"];
        assert_eq!(members, expected, "{}", server.name);
        assert_eq!(answer.body["code"], Value::from("rate_limited"));
    }
}
