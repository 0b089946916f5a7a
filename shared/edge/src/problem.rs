//! Problems as HTTP responses (RFC 9457).

use std::time::Duration;

use domain::problem::FieldPlace;
use domain::users::Locale;
use domain::{Problem, ProblemCode, ProblemKind};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Body, Response};
use serde_json::{Map, Value, json};

use crate::details::{self, Detail};

/// The `Retry-After` of a 503 without a time of its own.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Returns the status of a class of problems.
pub fn status_of(kind: ProblemKind) -> StatusCode {
    match kind {
        ProblemKind::Malformed => StatusCode::BAD_REQUEST,
        ProblemKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ProblemKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ProblemKind::Forbidden => StatusCode::FORBIDDEN,
        ProblemKind::NotFound => StatusCode::NOT_FOUND,
        ProblemKind::Gone => StatusCode::GONE,
        ProblemKind::NotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ProblemKind::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
        ProblemKind::TooSlow => StatusCode::REQUEST_TIMEOUT,
        ProblemKind::Conflict => StatusCode::CONFLICT,
        ProblemKind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        ProblemKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemKind::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        ProblemKind::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ProblemKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ProblemKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ProblemKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The members of a problem body that belong to the request.
pub(crate) struct Members<'a> {
    pub(crate) public_url: &'a str,
    pub(crate) locale: Locale,
    pub(crate) request_id: &'a str,
    /// The path, without the query, which may contain secrets.
    pub(crate) instance: Option<&'a str>,
    /// Replaces the detail of the code.
    pub(crate) detail: Option<Detail>,
}

/// Renders a problem.
pub(crate) fn response(problem: &Problem, members: &Members<'_>) -> Response {
    let code = problem.code;
    let status = status_of(code.kind());
    let detail = members.detail.unwrap_or_else(|| details::of_code(code));
    let retry_after = retry_after(problem);
    let mut body = Map::new();
    body.insert("type".into(), json!(format!("{}/problems/{}", members.public_url, code.as_str())));
    body.insert("title".into(), json!(code.title()));
    body.insert("status".into(), json!(status.as_u16()));
    body.insert("detail".into(), json!(detail.text(members.locale)));
    if let Some(instance) = members.instance {
        body.insert("instance".into(), json!(instance));
    }
    body.insert("code".into(), json!(code.as_str()));
    body.insert("request_id".into(), json!(members.request_id));
    if !problem.fields.is_empty() {
        body.insert("errors".into(), errors(problem, members.locale));
    }
    if !problem.params.is_empty() {
        body.insert("params".into(), Value::Object(problem.params.clone()));
    }
    if let Some(seconds) = retry_after {
        body.insert("retry_after".into(), json!(seconds));
    }
    let mut response = Response::builder()
        .status(status)
        .content_type("application/problem+json")
        .header(header::CACHE_CONTROL, "no-store")
        .body(Body::from_vec(Value::Object(body).to_string().into_bytes()));
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if code.kind() == ProblemKind::Unauthenticated {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge(code));
    }
    response
}

fn errors(problem: &Problem, locale: Locale) -> Value {
    let errors = problem.fields.iter().map(|field| {
        let (place, name) = match &field.place {
            FieldPlace::Pointer(pointer) => ("pointer", pointer),
            FieldPlace::Parameter(name) => ("parameter", name),
            FieldPlace::Header(name) => ("header", name),
        };
        json!({
            place: name,
            "code": field.fault.code(),
            "detail": details::of_field(field, locale),
            "params": field.params,
        })
    });
    errors.collect()
}

/// Returns whole seconds, rounded up: a client that waits that long is not refused again. Every 503 names a time.
fn retry_after(problem: &Problem) -> Option<u64> {
    let is_unavailable = problem.code.kind() == ProblemKind::Unavailable;
    let wait = problem.retry_after.or(is_unavailable.then_some(RETRY_AFTER))?;
    Some(u64::try_from(wait.as_millis().div_ceil(1000).max(1)).unwrap_or(u64::MAX))
}

/// Returns the challenge of RFC 6750 section 3. `invalid_token` tells a client that the token it sent is the cause;
/// without a token there is no error code (section 3.1).
fn challenge(code: ProblemCode) -> HeaderValue {
    match code {
        ProblemCode::TokenExpired | ProblemCode::SessionRevoked => {
            HeaderValue::from_static("Bearer realm=\"orgo\", error=\"invalid_token\"")
        }
        _ => HeaderValue::from_static("Bearer realm=\"orgo\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header_of(problem: &Problem, name: &str) -> Option<String> {
        let members = Members {
            public_url: "https://orgo.example",
            locale: Locale::English,
            request_id: "1",
            instance: None,
            detail: None,
        };
        response(problem, &members).header(name).map(str::to_owned)
    }

    #[test]
    fn the_time_to_wait_is_rounded_up_to_whole_seconds() {
        for (milliseconds, seconds) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (59_001, "60")] {
            let wait = Duration::from_millis(milliseconds);
            let problem = Problem::new(ProblemCode::RateLimited).retry_after(wait);
            assert_eq!(header_of(&problem, "retry-after").as_deref(), Some(seconds));
        }
        assert_eq!(header_of(&ProblemCode::RateLimited.into(), "retry-after"), None);
        assert_eq!(header_of(&ProblemCode::Unavailable.into(), "retry-after").as_deref(), Some("1"));
    }

    #[test]
    fn a_refused_token_is_named_as_the_cause() {
        let challenge = |code: ProblemCode| header_of(&code.into(), "www-authenticate");
        let plain = "Bearer realm=\"orgo\"";
        assert_eq!(challenge(ProblemCode::Unauthenticated).as_deref(), Some(plain));
        for code in [ProblemCode::TokenExpired, ProblemCode::SessionRevoked] {
            assert_eq!(challenge(code), Some(format!("{plain}, error=\"invalid_token\"")));
        }
        assert_eq!(challenge(ProblemCode::Forbidden), None);
    }
}
