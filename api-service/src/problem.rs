//! The only place where a failure becomes a status and an `application/problem+json` body (RFC 9457).

mod details;
mod of_error;
mod pages;

use std::fmt;

use domain::problem::FieldPlace;
use domain::users::Locale;
use domain::{Problem, ProblemCode, ProblemKind};
use operations::OperationError;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Body, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaResponses, Registry};
use serde_json::{Map, Value, json};

pub(crate) use of_error::problem_of_error;
pub(crate) use pages::{problem_index, problem_page};

/// What a handler answers instead of a reply. Rendered by the outermost layer, which knows the language and the
/// request.
pub(crate) struct ApiProblem(pub(crate) OperationError);

impl fmt::Debug for ApiProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ApiProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ApiProblem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl<E: Into<OperationError>> From<E> for ApiProblem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl From<ApiProblem> for poem::Error {
    fn from(problem: ApiProblem) -> Self {
        let status = status_of(problem.0.problem().code.kind());
        Self::new(problem, status)
    }
}

/// Failures are described by `openapi::failures`, operation by operation.
impl ApiResponse for ApiProblem {
    fn meta() -> MetaResponses {
        MetaResponses { responses: Vec::new() }
    }

    fn register(_registry: &mut Registry) {}
}

/// Returns the status of a class of problems.
pub(crate) fn status_of(kind: ProblemKind) -> StatusCode {
    match kind {
        ProblemKind::Malformed => StatusCode::BAD_REQUEST,
        ProblemKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ProblemKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ProblemKind::Forbidden => StatusCode::FORBIDDEN,
        ProblemKind::NotFound => StatusCode::NOT_FOUND,
        ProblemKind::NotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ProblemKind::Conflict => StatusCode::CONFLICT,
        ProblemKind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        ProblemKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemKind::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ProblemKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ProblemKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ProblemKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What a problem body says beside the problem itself.
#[derive(Debug, Clone)]
pub struct ProblemContext {
    /// Under which address the descriptions of problems are served.
    pub public_url: String,
    /// The language of the one who asks.
    pub locale: Locale,
    /// Which request it was.
    pub request_id: String,
    /// What was asked for: the path alone, for queries may hold what must not be repeated.
    pub instance: String,
}

/// Writes a problem as a response.
pub fn problem_response(problem: &Problem, context: &ProblemContext) -> Response {
    let code = problem.code;
    let status = status_of(code.kind());
    let mut body = Map::new();
    body.insert("type".into(), json!(format!("{}/problems/{}", context.public_url, code.as_str())));
    body.insert("title".into(), json!(code.title()));
    body.insert("status".into(), json!(status.as_u16()));
    body.insert("detail".into(), json!(details::detail(code, context.locale)));
    body.insert("instance".into(), json!(context.instance));
    body.insert("code".into(), json!(code.as_str()));
    body.insert("request_id".into(), json!(context.request_id));
    if !problem.fields.is_empty() {
        let fields = problem.fields.iter().map(|field| {
            let (place, name) = match &field.place {
                FieldPlace::Pointer(pointer) => ("pointer", pointer),
                FieldPlace::Parameter(name) => ("parameter", name),
                FieldPlace::Header(name) => ("header", name),
            };
            json!({
                place: name,
                "code": field.fault.code(),
                "detail": details::field_detail(field, context.locale),
                "params": field.params,
            })
        });
        body.insert("errors".into(), fields.collect());
    }
    if !problem.params.is_empty() {
        body.insert("params".into(), Value::Object(problem.params.clone()));
    }
    // Whole seconds, rounded up: whoever waits that long is not told to wait again.
    let retry_after = problem.retry_after.map(|wait| wait.as_millis().div_ceil(1000).max(1).to_string());
    if let Some(seconds) = &retry_after {
        body.insert("retry_after".into(), json!(seconds.parse::<u64>().unwrap_or(1)));
    }
    let mut response = Response::builder()
        .status(status)
        .content_type("application/problem+json")
        .header(header::CACHE_CONTROL, "no-store")
        .body(Body::from_vec(Value::Object(body).to_string().into_bytes()));
    if let Some(value) = retry_after.and_then(|seconds| HeaderValue::from_str(&seconds).ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    if code.kind() == ProblemKind::Unauthenticated {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge(code));
    }
    response
}

/// Returns the challenge of RFC 6750 section 3.
fn challenge(code: ProblemCode) -> HeaderValue {
    match code {
        ProblemCode::TokenExpired | ProblemCode::SessionRevoked => {
            HeaderValue::from_static("Bearer realm=\"orgo\", error=\"invalid_token\"")
        }
        _ => HeaderValue::from_static("Bearer realm=\"orgo\""),
    }
}
