use std::sync::Arc;
use std::time::Instant;

use domain::{Problem, ProblemCode, ProblemKind};
use operations::OperationError;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, Request, Response};
use tracing::Instrument as _;

use super::security_headers;
use crate::Service;
use crate::openapi::OperationTable;
use crate::problem::{ApiProblem, ProblemContext, problem_of_error, problem_response};
use crate::visitor::locale_of;

/// The longest request id taken over from whoever is in front of us.
const LONGEST_REQUEST_ID: usize = 128;

/// The outermost layer: names the request, runs it in a task of its own, turns every failure into a problem, and
/// writes one line about it.
///
/// The task is why a client that goes away cannot leave a unit of work half way: only the waiting is given up. It is
/// also what catches a panic.
pub(crate) struct Outermost<E> {
    inner: Arc<E>,
    service: Service,
    table: Arc<OperationTable>,
}

impl<E: Endpoint<Output = Response> + 'static> Outermost<E> {
    pub(crate) fn new(inner: E, service: Service, table: Arc<OperationTable>) -> Self {
        Self { inner: Arc::new(inner), service, table }
    }
}

impl<E: Endpoint<Output = Response> + 'static> Endpoint for Outermost<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let context = ProblemContext {
            public_url: self.service.tuning().public_url.clone(),
            locale: locale_of(&request),
            request_id: self.request_id(&request),
            instance: request.uri().path().to_owned(),
        };
        let method = request.method().clone();
        let path = context.instance.clone();
        let is_docs = path.starts_with("/docs");
        request.set_data(self.service.clone());
        let span = tracing::info_span!("http.request", request.id = %context.request_id, %method, path);
        let inner = Arc::clone(&self.inner);
        let started = Instant::now();
        let task = tokio::spawn(async move { inner.call(request).await }.instrument(span.clone()));
        let answer = task.await;
        let _entered = span.enter();
        let mut response = match answer {
            Ok(Ok(response)) => response,
            Ok(Err(error)) if error.is_from_response() => error.into_response(),
            Ok(Err(error)) => {
                let problem = problem_of_error(&error);
                log_failure(&problem, &error);
                problem_response(&problem, &context)
            }
            Err(panic) => {
                tracing::error!(%panic, "a handler died");
                problem_response(&Problem::new(ProblemCode::Internal), &context)
            }
        };
        if response.status() == StatusCode::METHOD_NOT_ALLOWED
            && let Some(allowed) = self.table.allowed(&path).and_then(|list| HeaderValue::from_str(&list).ok())
        {
            response.headers_mut().insert(header::ALLOW, allowed);
        }
        if let Ok(id) = HeaderValue::from_str(&context.request_id) {
            response.headers_mut().insert("x-request-id", id);
        }
        security_headers::add(response.headers_mut(), is_docs);
        let milliseconds = started.elapsed().as_millis();
        tracing::info!(status = response.status().as_u16(), ms = %milliseconds, "http.server.response");
        Ok(response)
    }
}

impl<E> Outermost<E> {
    /// Returns the id the request came with, if it is a plain one, else a new one.
    fn request_id(&self, request: &Request) -> String {
        let is_plain = |id: &&str| {
            (1..=LONGEST_REQUEST_ID).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
        };
        let given = request.header("x-request-id").filter(is_plain);
        given.map_or_else(|| self.service.app().ids.next_id().to_string(), str::to_owned)
    }
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
