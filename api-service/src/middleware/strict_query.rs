use std::sync::Arc;

use domain::problem::{FieldFault, FieldProblem};
use domain::{Problem, ProblemCode};
use poem::{Endpoint, Request};

use crate::openapi::OperationTable;
use crate::problem::ApiProblem;

/// Refuses unknown query parameters: a mistyped filter must not return everything. Refuses repeated ones, because one
/// part of the program may use the first value and another part the last.
pub(crate) struct StrictQuery<E> {
    inner: E,
    table: Arc<OperationTable>,
}

impl<E> StrictQuery<E> {
    pub(crate) fn new(inner: E, table: Arc<OperationTable>) -> Self {
        Self { inner, table }
    }
}

impl<E: Endpoint> Endpoint for StrictQuery<E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> poem::Result<E::Output> {
        let row = self.table.find(request.method(), request.uri().path());
        if let (Some(row), Some(query)) = (row, request.uri().query()) {
            check(&row.query_parameters, query).map_err(ApiProblem::from)?;
        }
        self.inner.call(request).await
    }
}

/// Largest number of parameters that are checked. No operation has as many, and no handler reads later ones.
const MOST_PARAMETERS: usize = 20;

fn check(known: &[String], query: &str) -> Result<(), Problem> {
    let (mut unknown, mut repeated, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for (name, _) in url::form_urlencoded::parse(query.as_bytes()).take(MOST_PARAMETERS) {
        let name: String = name.chars().take(100).collect();
        if !known.contains(&name) {
            unknown.push(FieldProblem::parameter(name, FieldFault::UnknownField));
        } else if seen.contains(&name) {
            repeated.push(FieldProblem::parameter(name, FieldFault::Duplicate));
        } else {
            seen.push(name);
        }
    }
    let (code, fields) = match (unknown.is_empty(), repeated.is_empty()) {
        (true, true) => return Ok(()),
        (true, false) => (ProblemCode::MalformedRequest, repeated),
        (false, _) => (ProblemCode::UnknownParameter, unknown),
    };
    Err(Problem { fields, ..Problem::new(code) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_repeated_parameters_are_refused() {
        let known = ["limit".to_owned(), "cursor".to_owned()];
        assert_eq!(check(&known, ""), Ok(()));
        assert_eq!(check(&known, "limit=5&cursor=x"), Ok(()));
        assert_eq!(check(&known, "limt=5").unwrap_err().code, ProblemCode::UnknownParameter);
        assert_eq!(check(&known, "limit=5&limit=5").unwrap_err().code, ProblemCode::MalformedRequest);
        assert_eq!(check(&known, "l%69mit=5&limit=5").unwrap_err().code, ProblemCode::MalformedRequest);
    }
}
