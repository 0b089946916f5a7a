use domain::problem::{FieldFault, FieldProblem};
use domain::{Problem, ProblemCode};
use poem::error::{CorsError, MethodNotAllowedError, NotFoundError, ParsePathError, ReadBodyError};
use poem_openapi::error::{ContentTypeError, ParseParamError, ParsePathError as ParseIdError};

use super::ApiProblem;

/// Returns the problem behind any error that reaches the outermost layer. What it does not know is our own fault.
pub(crate) fn problem_of_error(error: &poem::Error) -> Problem {
    if let Some(problem) = error.downcast_ref::<ApiProblem>() {
        return problem.0.problem();
    }
    if let Some(parameter) = error.downcast_ref::<ParseParamError>() {
        let field = FieldProblem::parameter(parameter.name, FieldFault::BadFormat);
        return Problem { fields: vec![field], ..Problem::new(ProblemCode::MalformedRequest) };
    }
    // What is not even text in a path names nothing.
    let names_nothing =
        error.is::<NotFoundError>() || error.is::<ParsePathError>() || error.is::<ParseIdError>();
    let code = if names_nothing {
        ProblemCode::NotFound
    } else if error.is::<MethodNotAllowedError>() {
        ProblemCode::MethodNotAllowed
    } else if error.is::<ContentTypeError>() {
        ProblemCode::UnsupportedMediaType
    } else if error.is::<CorsError>() {
        ProblemCode::Forbidden
    } else {
        match error.downcast_ref::<ReadBodyError>() {
            Some(ReadBodyError::PayloadTooLarge) => ProblemCode::PayloadTooLarge,
            Some(_) => ProblemCode::MalformedRequest,
            None => ProblemCode::Internal,
        }
    };
    Problem::new(code)
}
