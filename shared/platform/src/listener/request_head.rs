//! The rules a request head must keep (RFC 9112 sections 2 to 6), stricter than the parser behind it.

use std::fmt::{self, Display};
use std::str::FromStr;

use http::Uri;
use httparse::{Error, Header, Request, Status};

/// Largest number of header lines. hyper has the same limit.
const MAX_HEADERS: usize = 100;
/// Begins every HTTP/2 connection without TLS (RFC 9113 section 3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2";

/// The reason why a request is refused before it reaches a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The connection speaks HTTP/2, or a version other than 1.0 and 1.1.
    Version,
    /// The request line cannot be parsed.
    RequestLine,
    /// A header line cannot be parsed.
    HeaderLine,
    /// A line ends in LF without CR.
    BareLineFeed,
    /// The header `Host` is missing or repeated.
    Host,
    /// The length of the body is ambiguous, or its transfer coding is not `chunked`.
    BodyLength,
    /// The request line and the headers are larger than accepted.
    HeadersTooLarge,
    /// The request line and the headers did not arrive in time.
    HeadersTooSlow,
}

impl Refusal {
    const ALL: [Self; 8] = [
        Self::Version,
        Self::RequestLine,
        Self::HeaderLine,
        Self::BareLineFeed,
        Self::Host,
        Self::BodyLength,
        Self::HeadersTooLarge,
        Self::HeadersTooSlow,
    ];

    /// Returns its name, as [`REFUSAL_HEADER`](super::REFUSAL_HEADER) carries it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::RequestLine => "request-line",
            Self::HeaderLine => "header-line",
            Self::BareLineFeed => "bare-line-feed",
            Self::Host => "host",
            Self::BodyLength => "body-length",
            Self::HeadersTooLarge => "headers-too-large",
            Self::HeadersTooSlow => "headers-too-slow",
        }
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a [`Refusal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a refusal")]
pub struct NotARefusal;

impl FromStr for Refusal {
    type Err = NotARefusal;

    fn from_str(text: &str) -> Result<Self, NotARefusal> {
        Self::ALL.into_iter().find(|refusal| refusal.as_str() == text).ok_or(NotARefusal)
    }
}

/// The rest of a request after its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) body: BodyLength,
    /// The client asks for another protocol (RFC 9110 section 7.8).
    pub(super) asks_for_upgrade: bool,
}

/// The framing of a body (RFC 9112 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyLength {
    /// The body has this length, in bytes.
    Fixed(u64),
    /// The body is chunked.
    Chunked,
}

/// Checks a head, which ends with an empty line.
pub(super) fn check(head: &[u8]) -> Result<Accepted, Refusal> {
    if head.starts_with(HTTP2_PREFACE) {
        return Err(Refusal::Version);
    }
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = Request::new(&mut headers);
    match request.parse(head) {
        Ok(Status::Complete(_)) => {}
        Ok(Status::Partial) | Err(Error::Token | Error::Status) => return Err(Refusal::RequestLine),
        Err(Error::Version) => return Err(Refusal::Version),
        Err(Error::TooManyHeaders) => return Err(Refusal::HeadersTooLarge),
        Err(Error::HeaderName | Error::HeaderValue | Error::NewLine) => return Err(Refusal::HeaderLine),
    }
    // A target without a path, a bare host name, is for CONNECT only (RFC 9112 section 3.2.3).
    let target = request.path.and_then(|target| target.parse::<Uri>().ok());
    if target.is_none_or(|target| target.path().is_empty()) {
        return Err(Refusal::RequestLine);
    }
    let is_http_11 = request.version == Some(1);
    let hosts = named(request.headers, "host").count();
    if hosts > 1 || (is_http_11 && hosts == 0) {
        return Err(Refusal::Host);
    }
    Ok(Accepted {
        body: body_length(request.headers, is_http_11)?,
        asks_for_upgrade: named(request.headers, "upgrade").next().is_some(),
    })
}

fn named<'h>(headers: &'h [Header<'h>], name: &'h str) -> impl Iterator<Item = &'h [u8]> {
    headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

/// Returns the length of the body. An ambiguous length is refused: a proxy and this server could see different requests
/// (RFC 9112 section 11.2).
fn body_length(headers: &[Header<'_>], is_http_11: bool) -> Result<BodyLength, Refusal> {
    let (mut lengths, mut codings) = (named(headers, "content-length"), named(headers, "transfer-encoding"));
    match (lengths.next(), codings.next()) {
        (None, None) => Ok(BodyLength::Fixed(0)),
        (Some(length), None) if lengths.next().is_none() => digits(length).ok_or(Refusal::BodyLength),
        (None, Some(coding)) if is_http_11 && codings.next().is_none() => {
            let is_chunked = coding.trim_ascii().eq_ignore_ascii_case(b"chunked");
            is_chunked.then_some(BodyLength::Chunked).ok_or(Refusal::BodyLength)
        }
        _ => Err(Refusal::BodyLength),
    }
}

fn digits(value: &[u8]) -> Option<BodyLength> {
    let text = std::str::from_utf8(value.trim_ascii()).ok()?;
    let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| all_digits).map(BodyLength::Fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(lines: &str) -> Result<BodyLength, Refusal> {
        check(format!("POST /x HTTP/1.1\r\nHost: a\r\n{lines}\r\n").as_bytes()).map(|accepted| accepted.body)
    }

    #[test]
    fn the_body_has_one_length() {
        assert_eq!(with(""), Ok(BodyLength::Fixed(0)));
        assert_eq!(with("Content-Length: 12\r\n"), Ok(BodyLength::Fixed(12)));
        assert_eq!(with("Transfer-Encoding: Chunked\r\n"), Ok(BodyLength::Chunked));
        for ambiguous in [
            "Content-Length: 12\r\nContent-Length: 12\r\n",
            "Content-Length: 12, 12\r\n",
            "Content-Length: +12\r\n",
            "Content-Length: -1\r\n",
            "Content-Length:\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Content-Length: 12\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: \x0bchunked\r\n",
        ] {
            assert!(matches!(with(ambiguous), Err(Refusal::BodyLength | Refusal::HeaderLine)), "{ambiguous}");
        }
        let old = check(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert_eq!(old, Err(Refusal::BodyLength));
    }

    #[test]
    fn a_head_that_breaks_a_rule_is_refused_with_the_rule() {
        let many = "x: 1\r\n".repeat(MAX_HEADERS);
        for (head, refusal) in [
            ("PRI * HTTP/2.0\r\n\r\n".to_owned(), Refusal::Version),
            ("GET / HTTP/9.9\r\nHost: a\r\n\r\n".to_owned(), Refusal::Version),
            ("GET /\r\n\r\n".to_owned(), Refusal::RequestLine),
            ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), Refusal::RequestLine),
            ("GET nowhere/ HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), Refusal::RequestLine),
            ("GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), Refusal::RequestLine),
            ("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), Refusal::RequestLine),
            ("GET / HTTP/1.1\r\n\r\n".to_owned(), Refusal::Host),
            ("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n".to_owned(), Refusal::Host),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n".to_owned(), Refusal::HeaderLine),
            ("GET / HTTP/1.1\r\nHost: a\r\nx: \0\r\n\r\n".to_owned(), Refusal::HeaderLine),
            ("GET / HTTP/1.1\r\nHost: a\r\nx: 1\r\n folded\r\n\r\n".to_owned(), Refusal::HeaderLine),
            (format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"), Refusal::HeadersTooLarge),
        ] {
            assert_eq!(check(head.as_bytes()), Err(refusal), "{head}");
        }
        for target in ["/a%20b?c=d", "*", "http://a", "http://a/b"] {
            assert!(check(format!("OPTIONS {target} HTTP/1.0\r\n\r\n").as_bytes()).is_ok(), "{target}");
        }
    }

    #[test]
    fn every_refusal_is_found_by_its_name() {
        for refusal in Refusal::ALL {
            assert_eq!(refusal.as_str().parse(), Ok(refusal));
        }
        assert_eq!("".parse::<Refusal>(), Err(NotARefusal));
    }
}
