use std::time::Duration;

use edge::Limits;
use platform::listener::Guard;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::server::{Changes, ask, both, read_answer};

#[tokio::test]
async fn health_checks_pass_while_clients_hold_every_connection() {
    let guard = Guard { connections: 1, ..Guard::default() };
    for server in &both(Changes { guard, ..Changes::default() }).await {
        let health = server.start_health().await;
        let mut held = TcpStream::connect(server.address).await.unwrap();
        held.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        assert_eq!(read_answer(&mut held).await.status, 200);
        for (path, word) in [("/healthz", "ok"), ("/readyz", "ready")] {
            let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            let answer = ask(health.address(), &request).await;
            assert_eq!((answer.status, answer.body["status"].as_str()), (200, Some(word)), "{}", server.name);
        }
        // The port for clients is full: a second connection is not accepted while the first is held.
        let second = ask(server.address, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(timeout(Duration::from_millis(50), second).await.is_err(), "{}", server.name);
        let other = ask(health.address(), "GET /api/v1/posts HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!((other.status, other.body["code"].as_str()), (404, Some("not_found")));
        server.readiness.drain();
        let answer = ask(health.address(), "GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (503, Some("unavailable")));
        assert_eq!(answer.headers["retry-after"], "1");
    }
}

/// At most `in_flight` unfinished bodies are accepted; further requests get 503. An accepted body that does not end in
/// time gets 408.
#[tokio::test]
async fn unfinished_bodies_are_capped_and_end_at_their_deadline() {
    let limits = Limits { in_flight: 2, body: Duration::from_millis(200), ..Limits::default() };
    let [api, _gateway] = both(Changes { limits, ..Changes::default() }).await;
    let head = "POST /api/v1/posts HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
                Content-Length: 900000\r\n\r\n{\"title\":";
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(api.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    let mut statuses = Vec::new();
    for stream in &mut streams {
        let answer = read_answer(stream).await;
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        statuses.push((answer.status, answer.body["code"].as_str().unwrap().to_owned()));
    }
    let slow = statuses.iter().filter(|status| **status == (408, "request_timeout".to_owned())).count();
    let refused = statuses.iter().filter(|status| **status == (503, "unavailable".to_owned())).count();
    assert!(slow >= 1 && refused >= 1, "{statuses:?}");
    assert_eq!(slow + refused, 20, "{statuses:?}");
    let answer = ask(api.address, "GET /api/v1/meta HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(answer.status, 200, "the places are given back");
}
