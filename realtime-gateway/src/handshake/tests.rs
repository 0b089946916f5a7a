use edge::LoopbackOrigins;
use poem::RequestBuilder;

use super::*;

/// The example of RFC 6455 section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

fn origins() -> Origins {
    Origins::new("https://orgo.example", Vec::new(), LoopbackOrigins::Listed)
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
fn a_valid_request_is_accepted_as_rfc_6455_requires() {
    let accept = Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned());
    assert_eq!(check(&right().finish(), &origins()), accept);
    // Clients that are not browsers send no origin.
    assert_eq!(check(&without("origin"), &origins()), accept);
}

#[test]
fn every_invalid_request_is_refused() {
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
        assert_eq!(check(&request, &origins()), Err(refusal), "{:?}", request.headers());
    }
}
