use domain::problem::{FieldFault, FieldProblem};
use domain::{Problem, ProblemCode};
use poem_openapi::error::{ContentTypeError, ParseParamError, ParsePathError};

use super::ApiProblem;

/// Returns the problem of an error that only this service knows.
pub(crate) fn problem_of_error(error: &poem::Error) -> Option<Problem> {
    if let Some(problem) = error.downcast_ref::<ApiProblem>() {
        return Some(problem.0.problem());
    }
    if let Some(parameter) = error.downcast_ref::<ParseParamError>() {
        let field = FieldProblem::parameter(parameter.name, FieldFault::BadFormat);
        return Some(Problem { fields: vec![field], ..Problem::new(ProblemCode::MalformedRequest) });
    }
    if error.is::<ParsePathError>() {
        // A malformed id is answered like an unknown one.
        return Some(ProblemCode::NotFound.into());
    }
    error.is::<ContentTypeError>().then(|| ProblemCode::UnsupportedMediaType.into())
}
