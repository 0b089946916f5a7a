//! The only place where a problem becomes a status and an `application/problem+json` body (RFC 9457).

use domain::{Problem, ProblemKind};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Body, Response};
use serde::Serialize;

use crate::Gateway;

#[derive(Serialize)]
struct ProblemBody<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    code: &'a str,
    request_id: String,
    errors: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

/// Returns the answer for a problem with the request to `path`.
pub(crate) fn response(gateway: &Gateway, path: &str, problem: &Problem, detail: &str) -> Response {
    let status = status(problem.code.kind());
    let retry_after = problem.retry_after.map(|wait| wait.as_secs().max(1));
    let request_id = gateway.app.ids.next_id().to_string();
    let body = ProblemBody {
        r#type: format!("{}/problems/{}", gateway.settings.public_url, problem.code.as_str()),
        title: problem.code.title(),
        status: status.as_u16(),
        detail,
        instance: path,
        code: problem.code.as_str(),
        request_id: request_id.clone(),
        errors: [],
        retry_after,
    };
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/problem+json")
        .header(header::CACHE_CONTROL, "no-store")
        .header("x-request-id", request_id)
        .body(Body::from_json(&body).unwrap_or_default());
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn status(kind: ProblemKind) -> StatusCode {
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
