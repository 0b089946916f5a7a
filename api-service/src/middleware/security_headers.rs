use poem::http::{HeaderMap, HeaderName, HeaderValue, header};

/// A JSON answer is nothing to be rendered, framed or guessed at.
const STRICT: &str = "default-src 'none'; frame-ancestors 'none'";
/// The documentation is one page that brings its own script and style, and calls this service alone.
const DOCUMENTATION: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const ALWAYS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
];

/// Adds what every response says to browsers. What was said already stays.
pub(super) fn add(headers: &mut HeaderMap, is_docs: bool) {
    let policy = if is_docs { DOCUMENTATION } else { STRICT };
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // What one person is answered is not kept for the next.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    headers.entry(header::VARY).or_insert(HeaderValue::from_static("Authorization, Accept-Language, Origin"));
}
