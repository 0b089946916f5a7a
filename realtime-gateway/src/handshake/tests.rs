use poem::RequestBuilder;

use super::*;
use crate::{Limits, Source, Timing};

/// The example of RFC 6455 section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

fn settings() -> Settings {
    Settings {
        source: Source::Outbox { poll: std::time::Duration::from_secs(1) },
        public_url: "https://orgo.example".into(),
        allowed_origins: vec!["https://orgo.example".into()],
        trusted_proxies: vec!["127.0.0.1".parse().unwrap()],
        limits: Limits::default(),
        timing: Timing::default(),
    }
}

fn right() -> RequestBuilder {
    Request::builder()
        .version(Version::HTTP_11)
        .header("upgrade", "websocket")
        .header("connection", "keep-alive, Upgrade")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", KEY)
        .header("sec-websocket-protocol", "other, orgo.v1")
        .header("origin", "https://orgo.example")
}

fn without(name: &'static str) -> Request {
    let mut request = right().finish();
    request.headers_mut().remove(name);
    request
}

fn with(name: &'static str, value: &'static str) -> Request {
    let mut request = without(name);
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

fn twice(name: &'static str, value: &'static str) -> Request {
    right().header(name, value).finish()
}

#[test]
fn a_right_request_is_accepted_as_the_rfc_says() {
    let accept = Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned());
    assert_eq!(check(&right().finish(), &settings()), accept);
    // Programs are no browsers, and send no origin.
    assert_eq!(check(&without("origin"), &settings()), accept);
}

#[test]
fn every_wrong_request_is_refused() {
    for (request, refusal) in [
        (right().method(Method::POST).finish(), Refusal::Method),
        (right().version(Version::HTTP_10).finish(), Refusal::Version),
        (right().version(Version::HTTP_2).finish(), Refusal::Version),
        (without("upgrade"), Refusal::Upgrade),
        (with("upgrade", "h2c"), Refusal::Upgrade),
        (without("connection"), Refusal::Upgrade),
        (with("connection", "close"), Refusal::Upgrade),
        (without("sec-websocket-version"), Refusal::WebSocketVersion),
        (with("sec-websocket-version", "8"), Refusal::WebSocketVersion),
        (without("sec-websocket-key"), Refusal::Key),
        (with("sec-websocket-key", "short"), Refusal::Key),
        (with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ!="), Refusal::Key),
        (twice("sec-websocket-key", KEY), Refusal::Key),
        (with("origin", "null"), Refusal::Origin),
        (with("origin", "http://orgo.example"), Refusal::Origin),
        (with("origin", "https://orgo.example:444"), Refusal::Origin),
        (with("origin", "https://orgo.example.evil"), Refusal::Origin),
        (twice("origin", "https://orgo.example"), Refusal::Origin),
        (without("sec-websocket-protocol"), Refusal::Subprotocol),
        (with("sec-websocket-protocol", "orgo.v2"), Refusal::Subprotocol),
        (with("sec-websocket-protocol", "ORGO.V1"), Refusal::Subprotocol),
    ] {
        assert_eq!(check(&request, &settings()), Err(refusal), "{:?}", request.headers());
    }
}

#[test]
fn only_our_proxies_say_who_the_client_is() {
    let request = right().header("x-real-ip", "203.0.113.9").finish();
    let from = |peer: &str| client_address(peer.parse().unwrap(), request.headers(), &settings()).to_string();
    assert_eq!(from("127.0.0.1"), "203.0.113.9");
    assert_eq!(from("::ffff:127.0.0.1"), "203.0.113.9");
    assert_eq!(from("192.0.2.1"), "192.0.2.1");
}
