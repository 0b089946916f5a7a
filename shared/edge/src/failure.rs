//! The errors of poem as problems.

use domain::{Problem, ProblemCode};
use poem::error::{CorsError, MethodNotAllowedError, NotFoundError, ParsePathError, ReadBodyError};
use poem::http::StatusCode;

use crate::details::{Detail, ORIGIN_NOT_ALLOWED};

/// Returns the problem of an error of poem itself. An unknown error is a fault of the server.
pub(crate) fn of_poem(error: &poem::Error) -> (Problem, Option<Detail>) {
    let code = if error.is::<NotFoundError>() || error.is::<ParsePathError>() {
        ProblemCode::NotFound
    } else if error.is::<MethodNotAllowedError>() {
        ProblemCode::MethodNotAllowed
    } else if let Some(cors) = error.downcast_ref::<CorsError>() {
        let detail = matches!(cors, CorsError::OriginNotAllowed).then_some(ORIGIN_NOT_ALLOWED);
        return (ProblemCode::Forbidden.into(), detail);
    } else if let Some(fault) = error.downcast_ref::<ReadBodyError>() {
        of_body(fault)
    } else if error.status() == StatusCode::BAD_REQUEST {
        // For example, an upgrade that the connection does not support.
        ProblemCode::MalformedRequest
    } else {
        ProblemCode::Internal
    };
    (code.into(), None)
}

/// Returns the problem of a body that could not be read.
pub(crate) fn of_body(fault: &ReadBodyError) -> ProblemCode {
    match fault {
        ReadBodyError::PayloadTooLarge => ProblemCode::PayloadTooLarge,
        _ => ProblemCode::MalformedRequest,
    }
}

/// Returns an error and its causes as text, without repetitions.
pub(crate) fn chain(error: &poem::Error) -> String {
    let first: &dyn std::error::Error = error;
    let mut causes: Vec<_> =
        std::iter::successors(Some(first), |error| error.source()).map(ToString::to_string).collect();
    // poem displays the inner error and also returns it as the cause.
    causes.dedup();
    causes.join(": ")
}
