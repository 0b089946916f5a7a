//! The conditions for a request to become a socket (RFC 6455 section 4.2.1). They are checked first.

use domain::ProblemCode;
use edge::Origins;
use edge::details::{Detail, ORIGIN_NOT_ALLOWED};
use poem::Request;
use poem::http::header::{self, HeaderName};
use poem::http::{HeaderMap, Method, Version};

use crate::protocol::SUBPROTOCOL;

/// Reason why a request does not become a socket.
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

    pub(crate) fn detail(self) -> Detail {
        let (korean, english) = match self {
            Self::Method => ("소켓은 GET으로 엽니다.", "A socket is opened with GET."),
            Self::Version => ("소켓은 HTTP/1.1로 엽니다.", "A socket is opened over HTTP/1.1."),
            Self::Upgrade => (
                "Upgrade: websocket과 Connection: Upgrade 헤더가 필요합니다.",
                "The headers Upgrade: websocket and Connection: Upgrade are needed.",
            ),
            Self::WebSocketVersion => (
                "Sec-WebSocket-Version: 13 헤더가 필요합니다.",
                "The header Sec-WebSocket-Version: 13 is needed.",
            ),
            Self::Key => (
                "16바이트를 Base64로 담은 Sec-WebSocket-Key 헤더가 필요합니다.",
                "The header Sec-WebSocket-Key with 16 bytes in Base64 is needed.",
            ),
            Self::Subprotocol => (
                "Sec-WebSocket-Protocol에 하위 프로토콜 orgo.v1이 있어야 합니다.",
                "The subprotocol orgo.v1 must be offered in Sec-WebSocket-Protocol.",
            ),
            Self::Origin => return ORIGIN_NOT_ALLOWED,
        };
        Detail { korean, english }
    }
}

/// Checks a request. Returns the value of `Sec-WebSocket-Accept` for it.
pub(crate) fn check(request: &Request, origins: &Origins) -> Result<String, Refusal> {
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
        // Browsers always send `Origin`. A page may open a socket only if its origin is allowed.
        let origin = single(headers, &header::ORIGIN).ok_or(Refusal::Origin)?;
        if !origins.allows(origin) {
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

/// Returns whether a header that is a list contains a word, ignoring case.
fn names(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|list| list.split(',')).any(|item| item.trim().eq_ignore_ascii_case(word))
}

/// Returns the value of a header that occurs exactly once.
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

#[cfg(test)]
mod tests;
