use poem::http::{HeaderMap, HeaderName, HeaderValue, header};

/// A JSON answer is nothing to be rendered, framed or guessed at.
const STRICT: &str = "default-src 'none'; frame-ancestors 'none'";
/// The documentation is one page that brings its own script and style, and calls this service alone.
const DOCUMENTATION: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// What one person is answered is not kept for the next.
const NOT_FOR_OTHERS: &str = "private, no-cache";

/// The same as nginx adds to the problems it makes itself (`nginx/conf.d/problems.conf`).
const ALWAYS: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-site"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
];

/// What kind of answer is at a path.
enum Kind {
    Documentation,
    /// It may hold tokens: nobody keeps it (RFC 6749 section 5.1).
    Tokens,
    Other,
}

fn kind_of(path: &str) -> Kind {
    if path == "/docs" {
        Kind::Documentation
    } else if path.starts_with("/api/v1/auth/") || path.starts_with("/api/v1/realtime/") {
        Kind::Tokens
    } else {
        Kind::Other
    }
}

/// Adds what the response at a path says to browsers. What was said already stays.
pub(super) fn add(headers: &mut HeaderMap, path: &str) {
    let (policy, keeping) = match kind_of(path) {
        Kind::Documentation => (DOCUMENTATION, NOT_FOR_OTHERS),
        Kind::Tokens => (STRICT, "no-store"),
        Kind::Other => (STRICT, NOT_FOR_OTHERS),
    };
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(keeping));
    headers.entry(header::VARY).or_insert(HeaderValue::from_static("Authorization, Accept-Language, Origin"));
}
