//! The security headers of every answer of every service.

use poem::http::{HeaderMap, HeaderName, HeaderValue, header};

/// A JSON answer may load no resources and may not be framed.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// `nginx/conf.d/problems.conf` adds the same to the problems that nginx answers itself.
const ALWAYS: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-site"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
];

/// The headers that depend on the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathHeaders {
    /// `Content-Security-Policy`
    pub content_security_policy: &'static str,
    /// `Cache-Control`
    pub cache_control: &'static str,
}

impl Default for PathHeaders {
    /// Returns the headers of a JSON answer for one person, which a shared cache must not keep.
    fn default() -> Self {
        Self { content_security_policy: NOTHING, cache_control: "private, no-cache" }
    }
}

/// Adds the headers to an answer. Keeps headers that it already has.
pub(crate) fn add(headers: &mut HeaderMap, path: PathHeaders) {
    let policy = HeaderValue::from_static(path.content_security_policy);
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(path.cache_control));
    headers.entry(header::VARY).or_insert(HeaderValue::from_static("Authorization, Accept-Language, Origin"));
}
