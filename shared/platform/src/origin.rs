//! The origins of pages, as browsers write them.

use std::fmt::{self, Display};
use std::str::FromStr;

use url::Url;

/// An origin (RFC 6454 section 6.2): scheme, host and, where it is not the scheme's own, port; `https://app.example.com`.
///
/// Compared with the header `Origin` without normalisation, so only values that a browser can send are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// Error: the text is not an origin as browsers write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an origin is http or https, host and port as browsers write them: lower case, nothing behind them")]
pub struct NotAnOrigin;

impl Origin {
    /// Returns the origin as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let url = Url::parse(text).map_err(|_not_a_url| NotAnOrigin)?;
        let is_web = matches!(url.scheme(), "http" | "https");
        // A URL parser accepts `*` as a host. No browser sends it.
        let is_pattern = text.contains('*');
        if is_web && !is_pattern && url.origin().ascii_serialization() == text {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnOrigin)
        }
    }
}

impl Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_browsers_send() {
        for good in
            ["https://orgo.example", "http://localhost:3000", "http://127.0.0.1:1", "http://[::1]:8080"]
        {
            assert_eq!(good.parse::<Origin>().map(String::from), Ok(good.to_owned()));
        }
        for bad in [
            "*",
            "https://*",
            "https://*.orgo.example",
            "null",
            "orgo.example",
            "ftp://orgo.example",
            "file:///",
            "https://orgo.example/",
            "https://orgo.example/path",
            "https://orgo.example?query",
            "https://orgo.example:443",
            "https://Orgo.example",
            "https://örgo.example",
            "https://user@orgo.example",
            "https://",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(NotAnOrigin), "{bad}");
        }
    }
}
