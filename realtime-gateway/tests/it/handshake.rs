use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::fixture::{Changes, Client, Form, PATIENCE, Received, Server};

const RIGHT: &str = "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: orgo.v1\r\n";

/// An answer to a handwritten request.
struct Answer {
    status: u16,
    head: String,
    body: Value,
}

async fn ask(address: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{request}\r\n").as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let (head, length) = loop {
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap().unwrap();
        assert!(read > 0, "no whole answer: {}", String::from_utf8_lossy(&bytes));
        bytes.extend(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            break (head.to_owned(), length.map_or(0, |length| length.parse().unwrap()));
        }
    };
    while bytes.len() < head.len() + 4 + length {
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "a body that ends early");
        bytes.extend(&buffer[..read]);
    }
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body = serde_json::from_slice(&bytes[head.len() + 4..]).unwrap_or(Value::Null);
    Answer { status, head, body }
}

#[testkit::both_forms]
async fn a_request_without_a_valid_handshake_gets_a_problem(form: Form) {
    let server = Server::start(form).await;
    let without = |line: &str| RIGHT.replace(line, "");
    for (request, status, code) in [
        (format!("POST /ws HTTP/1.1\r\n{RIGHT}Content-Length: 0\r\n"), 405, "method_not_allowed"),
        ("GET /ws HTTP/1.1\r\nHost: x\r\n".into(), 400, "malformed_request"),
        (format!("GET /ws HTTP/1.1\r\n{}", without("Upgrade: websocket\r\n")), 400, "malformed_request"),
        (format!("GET /ws HTTP/1.1\r\n{}", RIGHT.replace("13", "12")), 400, "malformed_request"),
        (format!("GET /ws HTTP/1.1\r\n{}", RIGHT.replace("dGhl", "")), 400, "malformed_request"),
        (format!("GET /ws HTTP/1.1\r\n{}", RIGHT.replace("orgo.v1", "chat")), 400, "malformed_request"),
        (format!("GET /ws HTTP/1.1\r\n{RIGHT}Origin: null\r\n"), 403, "forbidden"),
        (format!("GET /ws HTTP/1.1\r\n{RIGHT}Origin: https://evil.example\r\n"), 403, "forbidden"),
        (format!("GET /elsewhere HTTP/1.1\r\n{RIGHT}"), 404, "not_found"),
        (format!("GET /ws/ HTTP/1.1\r\n{RIGHT}"), 404, "not_found"),
        ("DELETE /readyz HTTP/1.1\r\nHost: x\r\n".into(), 405, "method_not_allowed"),
    ] {
        let answer = ask(server.address, &request).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (status, Some(code)), "{request}");
        assert!(answer.head.contains("content-type: application/problem+json"), "{}", answer.head);
    }
    assert_eq!(ask(server.address, &format!("GET /ws HTTP/1.1\r\n{RIGHT}")).await.status, 101);
    server.stop().await;
}

#[testkit::both_forms]
async fn a_wrong_first_frame_closes_the_socket_before_any_welcome(form: Form) {
    let server = Server::start(form).await;
    let ticket = server.ticket(&server.test.person("first").await).await;
    let text = |frame: Value| Message::text(frame.to_string());
    for (message, code) in [
        (text(json!({"t": "hb"})), 4300),
        (text(json!({"t": "hello", "v": 1})), 4300),
        (text(json!({"t": "hello", "v": 1, "ticket": ticket, "x": 1})), 4300),
        (text(json!({"t": "hello", "v": 2, "ticket": ticket})), 4304),
        (text(json!({"t": "auth", "id": "1", "ticket": ticket})), 4300),
        (text(json!([ticket])), 4300),
        (Message::text(""), 4300),
        (Message::text("{"), 4300),
        (Message::text(format!(r#"{{"t":"hello","v":1,"ticket":"{ticket}","ticket":"{ticket}"}}"#)), 4300),
        (Message::binary(ticket.clone()), 4300),
        (Message::text("x".repeat(16 * 1024 + 1)), 1009),
        (text(json!({"t": "hello", "v": 1, "ticket": "wrong"})), 4202),
        (text(json!({"t": "hello", "v": 1, "ticket": "A".repeat(43)})), 4202),
        (text(json!({"t": "hello", "v": 1, "resume": {"rt": "wrong", "epoch": "e", "pos": {"3": 0}}})), 4202),
    ] {
        let mut client = Client::open(server.address).await;
        client.send_raw(message.clone()).await;
        let answer = client.next().await;
        assert!(matches!(answer, Received::Closed(got, _) if got == code), "{message:?}: {answer:?}");
    }
    // A text frame, masked with zeros, whose two bytes are not UTF-8; and an unmasked frame.
    for (bytes, code) in [(&[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xff][..], 1007), (&[0x81, 0x01, b'x'], 4300)] {
        let mut client = Client::open(server.address).await;
        client.send_bytes(bytes).await;
        assert_eq!(client.code().await, code);
    }
    server.stop().await;
}

#[testkit::both_forms]
async fn a_socket_without_hello_is_closed(form: Form) {
    let mut changes = Changes::default();
    changes.timing.hello = std::time::Duration::from_millis(50);
    let server = Server::start_with(form, changes).await;
    let (code, reason) = Client::open(server.address).await.close().await;
    assert_eq!((code, reason["code"].as_str()), (4200, Some("hello_timeout")));
    server.stop().await;
}

#[testkit::both_forms]
async fn sockets_of_one_address_waiting_for_hello_are_limited(form: Form) {
    let mut changes = Changes::default();
    changes.limits.waiting_per_address = 2;
    let server = Server::start_with(form, changes).await;
    let (one, _two) = (Client::open(server.address).await, Client::open(server.address).await);
    let request = format!("GET /ws HTTP/1.1\r\n{RIGHT}");
    let refused = ask(server.address, &request).await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (429, Some("rate_limited")));
    assert!(refused.head.contains("retry-after: 1"), "{}", refused.head);
    drop(one);
    // The gateway notices the disconnect a little later.
    let freed = async { while ask(server.address, &request).await.status != 101 {} };
    tokio::time::timeout(PATIENCE, freed).await.unwrap();
    server.stop().await;
}

#[testkit::both_forms]
async fn all_sockets_waiting_for_hello_are_limited(form: Form) {
    let mut changes = Changes::default();
    (changes.limits.waiting_per_address, changes.limits.waiting) = (2, 1);
    let server = Server::start_with(form, changes).await;
    let _one = Client::open(server.address).await;
    let refused = ask(server.address, &format!("GET /ws HTTP/1.1\r\n{RIGHT}")).await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (503, Some("unavailable")));
    assert!(refused.head.contains("retry-after: 1"), "{}", refused.head);
    server.stop().await;
}

#[testkit::both_forms]
async fn health_checks_need_no_credentials(form: Form) {
    let server = Server::start(form).await;
    for (path, status) in [("/healthz", "ok"), ("/readyz", "ready")] {
        let answer = ask(server.address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n")).await;
        assert_eq!((answer.status, answer.body["status"].as_str()), (200, Some(status)));
    }
    // The clock is ahead of the last comparison with the event log.
    server.test.clock.advance(std::time::Duration::from_hours(1));
    let answer = ask(server.address, "GET /readyz HTTP/1.1\r\nHost: x\r\n").await;
    assert_eq!((answer.status, answer.body["code"].as_str()), (503, Some("unavailable")));
    server.stop().await;
}
