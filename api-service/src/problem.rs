//! Failures of handlers, and the pages that describe problems. The edge renders them.

mod guide;
mod of_error;
mod pages;

use std::fmt;

use edge::status_of;
use operations::OperationError;
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaResponses, Registry};

pub use guide::problem_parameters;
pub(crate) use of_error::problem_of_error;
pub(crate) use pages::{problem_index, problem_page};

/// The failure of a handler. The edge renders it, in the language of the request.
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
