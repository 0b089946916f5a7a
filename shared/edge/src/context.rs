use std::sync::Arc;

use domain::users::Locale;
use domain::{Problem, ProblemCode, ProblemKind};
use platform::listener::Refusal;
use poem::{Request, Response};

use crate::details::{self, Detail};
use crate::problem::{self, Members};
use crate::{Edge, ServicePolicy, failure};

/// The edge's data about a request, stored in the request. Renders the problems that answer it.
#[derive(Clone)]
pub struct RequestContext {
    pub(crate) edge: Edge,
    pub(crate) policy: Arc<dyn ServicePolicy>,
    pub(crate) locale: Locale,
    pub(crate) request_id: String,
    pub(crate) path: String,
}

impl RequestContext {
    /// Returns the context of a request. Fails if the request did not pass the edge.
    pub fn of(request: &Request) -> poem::Result<&Self> {
        request.data::<Self>().ok_or_else(|| ProblemError(ProblemCode::Internal.into()).into())
    }

    /// Returns the edge that the request came through.
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Returns the language the client prefers.
    pub fn locale(&self) -> Locale {
        self.locale
    }

    /// Renders a problem.
    pub fn problem(&self, problem: &Problem) -> Response {
        self.render(problem, Some(&self.path), None)
    }

    /// Renders a problem with another detail than that of its code.
    pub fn problem_with_detail(&self, problem: &Problem, detail: Detail) -> Response {
        self.render(problem, Some(&self.path), Some(detail))
    }

    /// Renders the failure of a handler. Logs its cause, which the client does not see.
    pub fn failure(&self, error: poem::Error) -> Response {
        if error.is_from_response() {
            return error.into_response();
        }
        let (problem, detail) = match (error.downcast_ref::<ProblemError>(), self.policy.problem_of(&error)) {
            (Some(ProblemError(problem)), _) => (problem.clone(), None),
            (None, Some(problem)) => (problem, None),
            (None, None) => failure::of_poem(&error),
        };
        let cause = failure::chain(&error);
        match problem.code.kind() {
            ProblemKind::Internal => tracing::error!(cause, "a request failed"),
            ProblemKind::Unavailable => tracing::warn!(cause, "a request could not be served"),
            _ => tracing::debug!(cause, code = problem.code.as_str(), "a request was refused"),
        }
        self.render(&problem, Some(&self.path), detail)
    }

    /// Renders the answer to a request that was refused before it was parsed. Its path is unknown.
    pub(crate) fn refused(&self, refusal: Refusal) -> Response {
        let code = match refusal {
            Refusal::HeadersTooLarge => ProblemCode::HeadersTooLarge,
            Refusal::HeadersTooSlow => ProblemCode::RequestTimeout,
            _ => ProblemCode::MalformedRequest,
        };
        self.render(&code.into(), None, Some(details::of_refusal(refusal)))
    }

    fn render(&self, problem: &Problem, instance: Option<&str>, detail: Option<Detail>) -> Response {
        let members = Members {
            public_url: &self.edge.settings().public_url,
            locale: self.locale,
            request_id: &self.request_id,
            instance,
            detail,
        };
        problem::response(problem, &members)
    }
}

/// A problem as an error of poem, for handlers that have no other cause to report.
#[derive(Debug)]
pub struct ProblemError(pub Problem);

impl std::fmt::Display for ProblemError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ProblemError {}

impl From<ProblemError> for poem::Error {
    fn from(error: ProblemError) -> Self {
        let status = problem::status_of(error.0.code.kind());
        Self::new(error, status)
    }
}
