use domain::{Problem, ProblemKind};
use operations::OperationError;
use poem::{Endpoint, IntoResponse, Request, Response};

use crate::problem::{ApiProblem, ProblemContext, problem_of_error, problem_response};

/// Turns every failure of what is inside into a problem, so that what is around it sees responses alone.
pub(crate) struct Problems<E>(E);

impl<E> Problems<E> {
    pub(crate) fn new(inner: E) -> Self {
        Self(inner)
    }
}

impl<E: Endpoint> Endpoint for Problems<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let context = request.data::<ProblemContext>().cloned();
        match (self.0.call(request).await, context) {
            (Ok(output), _) => Ok(output.into_response()),
            (Err(error), Some(context)) => Ok(response_of(error, &context)),
            (Err(error), None) => Err(error),
        }
    }
}

/// Returns what a failure is answered with.
pub(super) fn response_of(error: poem::Error, context: &ProblemContext) -> Response {
    if error.is_from_response() {
        return error.into_response();
    }
    let problem = problem_of_error(&error);
    log_failure(&problem, &error);
    problem_response(&problem, context)
}

/// Writes down what the one who asked is not told, once, with everything that led to it.
fn log_failure(problem: &Problem, error: &poem::Error) {
    let cause = match error.downcast_ref::<ApiProblem>() {
        Some(ApiProblem(cause)) => chain(cause),
        None => error.to_string(),
    };
    match problem.code.kind() {
        ProblemKind::Internal => tracing::error!(cause, "our own fault"),
        ProblemKind::Unavailable => tracing::warn!(cause, "not available"),
        _ => tracing::debug!(code = problem.code.as_str(), "refused"),
    }
}

fn chain(error: &OperationError) -> String {
    let first: &dyn std::error::Error = error;
    let causes = std::iter::successors(Some(first), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
