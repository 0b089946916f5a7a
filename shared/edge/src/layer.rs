use std::sync::Arc;

use domain::ProblemCode;
use platform::listener::{REFUSAL_HEADER, Refusal};
use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response};
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use crate::health::is_health_path;
use crate::request_body::{self, BodyFault};
use crate::{Edge, RequestContext, ServicePolicy, failure, language, security_headers};

/// Longest request id that is accepted from the client or the proxy.
const MAX_REQUEST_ID: usize = 128;
const REQUEST_ID: &str = "x-request-id";

/// The outermost layer of a service.
///
/// Gives the request an id, counts it, reads its body, runs it in a task of its own within its deadline, renders
/// failures, adds the headers of every answer, and logs one line. When the client disconnects or the deadline passes,
/// only the waiting ends: the task continues, so that no transaction is interrupted. The task also contains a panic.
pub(crate) struct Layer<E> {
    inner: Arc<E>,
    edge: Edge,
    policy: Arc<dyn ServicePolicy>,
}

impl<E: Endpoint<Output = Response> + 'static> Layer<E> {
    pub(crate) fn new(inner: E, edge: Edge, policy: Arc<dyn ServicePolicy>) -> Self {
        Self { inner: Arc::new(inner), edge, policy }
    }

    /// Answers a request that was parsed.
    async fn answer(&self, mut request: Request, context: &RequestContext) -> Response {
        let limits = self.edge.settings().limits;
        // The body of GET and HEAD has no meaning (RFC 9110 section 9.3.1): no handler reads it.
        let has_body = !matches!(*request.method(), Method::GET | Method::HEAD);
        if has_body {
            // Bodies under way are counted apart: senders that never finish keep no reader from being answered.
            let Some(_place) = self.edge.bodies().enter() else {
                tracing::warn!(cap = limits.in_flight, "too many bodies under way");
                return context.problem(&ProblemCode::Unavailable.into());
            };
            let body = request.take_body();
            match request_body::buffer(body, self.policy.buffered_body(), limits.body).await {
                Ok(body) => request.set_body(body),
                Err(BodyFault::TooSlow) => return context.problem(&ProblemCode::RequestTimeout.into()),
                Err(BodyFault::Unreadable(fault)) => {
                    return context.problem(&failure::of_body(&fault).into());
                }
            }
        }
        let is_counted = has_body || !is_health_path(&context.path);
        let place = is_counted.then(|| self.edge.in_flight().enter()).flatten();
        if is_counted && place.is_none() {
            tracing::warn!(cap = limits.in_flight, "too many requests in flight");
            return context.problem(&ProblemCode::Unavailable.into());
        }
        request.set_data(context.clone());
        let inner = Arc::clone(&self.inner);
        let running = async move {
            // Counted until the work is done, even if the client has disconnected.
            let _place = place;
            inner.call(request).await
        };
        match timeout(limits.deadline, tokio::spawn(running.in_current_span())).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(error))) => context.failure(error),
            Ok(Err(panic)) => {
                tracing::error!(%panic, "a handler panicked");
                context.problem(&ProblemCode::Internal.into())
            }
            Err(_elapsed) => {
                tracing::error!(deadline = ?limits.deadline, "a request took too long");
                context.problem(&ProblemCode::Unavailable.into())
            }
        }
    }
}

impl<E: Endpoint<Output = Response> + 'static> Endpoint for Layer<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let started = Instant::now();
        let context = RequestContext {
            edge: self.edge.clone(),
            policy: Arc::clone(&self.policy),
            locale: language::preferred(request.headers()),
            request_id: request_id(request.headers())
                .map_or_else(|| self.edge.ids().next_id().to_string(), str::to_owned),
            path: request.uri().path().to_owned(),
        };
        let span = tracing::info_span!(
            "http.request",
            request.id = %context.request_id,
            method = %request.method(),
            path = context.path
        );
        let mut response = match refusal_of(request.headers()) {
            Some(refusal) => context.refused(refusal),
            // Boxed, because the future of the handler is large.
            None => Box::pin(self.answer(request, &context)).instrument(span.clone()).await,
        };
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&context.request_id) {
            headers.insert(REQUEST_ID, id);
        }
        security_headers::add(headers, self.policy.headers(&context.path));
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            let methods = self.policy.allowed_methods(&context.path);
            let methods = methods.and_then(|methods| HeaderValue::from_str(&methods).ok());
            let methods = methods.unwrap_or(HeaderValue::from_static("GET, HEAD"));
            response.headers_mut().entry(header::ALLOW).or_insert(methods);
        }
        span.in_scope(|| {
            let milliseconds = started.elapsed().as_millis();
            tracing::info!(status = response.status().as_u16(), ms = %milliseconds, "http.server.response");
        });
        Ok(response)
    }
}

/// Renders the failures of an endpoint, so that a middleware around it only sees responses.
pub struct Failures<E>(pub E);

impl<E: Endpoint> Endpoint for Failures<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let context = RequestContext::of(&request)?.clone();
        match self.0.call(request).await {
            Ok(output) => Ok(output.into_response()),
            Err(error) => Ok(context.failure(error)),
        }
    }
}

/// Returns the id that a request came with, if it is safe in a log line and in a header.
fn request_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    ((1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(is_plain)).then_some(id)
}

/// Returns the reason why the listener refused a request. A client that sends the header itself gets the same answer.
fn refusal_of(headers: &HeaderMap) -> Option<Refusal> {
    let name = headers.get(REFUSAL_HEADER)?;
    let refusal = name.to_str().ok().and_then(|name| name.parse().ok());
    Some(refusal.unwrap_or(Refusal::HeaderLine))
}

#[cfg(test)]
#[path = "layer_tests.rs"]
mod tests;
