//! What a request must look like to become a socket (RFC 6455 section 4.2.1), checked before anything is done for it.

use std::net::IpAddr;

use domain::ProblemCode;
use poem::Request;
use poem::http::header::{self, HeaderName};
use poem::http::{HeaderMap, Method, Version};
use url::Url;

use crate::Settings;
use crate::protocol::SUBPROTOCOL;

/// Why a request does not become a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Method,
    Version,
    Upgrade,
    WebSocketVersion,
    Key,
    Subprotocol,
    Origin,
}

impl Refusal {
    pub(crate) fn code(self) -> ProblemCode {
        match self {
            Self::Method => ProblemCode::MethodNotAllowed,
            Self::Origin => ProblemCode::Forbidden,
            _ => ProblemCode::MalformedRequest,
        }
    }

    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Method => "A socket is opened with GET.",
            Self::Version => "A socket is opened over HTTP/1.1.",
            Self::Upgrade => "The headers Upgrade: websocket and Connection: Upgrade are needed.",
            Self::WebSocketVersion => "The header Sec-WebSocket-Version: 13 is needed.",
            Self::Key => "The header Sec-WebSocket-Key with 16 bytes in Base64 is needed.",
            Self::Subprotocol => "The subprotocol orgo.v1 must be offered in Sec-WebSocket-Protocol.",
            Self::Origin => "Pages of this origin may not open sockets.",
        }
    }
}

/// Checks a request. Returns the value of `Sec-WebSocket-Accept` for it.
pub(crate) fn check(request: &Request, settings: &Settings) -> Result<String, Refusal> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err(Refusal::Method);
    }
    if request.version() != Version::HTTP_11 {
        return Err(Refusal::Version);
    }
    if !names(headers, &header::UPGRADE, "websocket") || !names(headers, &header::CONNECTION, "upgrade") {
        return Err(Refusal::Upgrade);
    }
    if single(headers, &header::SEC_WEBSOCKET_VERSION) != Some("13") {
        return Err(Refusal::WebSocketVersion);
    }
    let key = single(headers, &header::SEC_WEBSOCKET_KEY).filter(|key| is_key(key)).ok_or(Refusal::Key)?;
    if headers.contains_key(header::ORIGIN) {
        // Only browsers send it, and only there is it the user's page and not the user's program that asks.
        let origin = single(headers, &header::ORIGIN).ok_or(Refusal::Origin)?;
        if !settings.allowed_origins.iter().any(|allowed| allowed == origin) {
            return Err(Refusal::Origin);
        }
    }
    let offers = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let mut offers = offers.filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    if !offers.any(|offer| offer.trim() == SUBPROTOCOL) {
        return Err(Refusal::Subprotocol);
    }
    Ok(tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes()))
}

/// Tells whether a header that is a list names a word, in whatever case.
fn names(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|list| list.split(',')).any(|item| item.trim().eq_ignore_ascii_case(word))
}

/// Returns a header that is there exactly once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// 16 bytes in Base64 are 22 characters and two equals signs.
fn is_key(key: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    key.len() == 24 && key.strip_suffix("==").is_some_and(|digits| digits.bytes().all(is_digit))
}

/// Returns the address of the client: what a proxy of ours says, or else the other end of the connection.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, settings: &Settings) -> IpAddr {
    let peer = peer.to_canonical();
    if settings.trusted_proxies.contains(&peer)
        && let Some(told) = single(headers, &HeaderName::from_static("x-real-ip"))
        && let Ok(told) = told.parse()
    {
        return told;
    }
    peer
}

/// Returns the origin of a URL as browsers write it: scheme, host, and the port where it is not the usual one.
pub(crate) fn origin_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests;
