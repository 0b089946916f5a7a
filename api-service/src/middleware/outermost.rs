use std::sync::Arc;
use std::time::Instant;

use domain::{Problem, ProblemCode};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, Request, Response};
use tracing::Instrument as _;

use super::problems::response_of;
use super::security_headers;
use crate::Service;
use crate::openapi::OperationTable;
use crate::problem::{ProblemContext, problem_response};
use crate::visitor::locale_of;

/// The longest request id taken over from whoever is in front of us.
const LONGEST_REQUEST_ID: usize = 128;

/// The outermost layer: names the request, runs it in a task of its own, makes a problem of what is left of failures,
/// and writes one line about it.
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
        request.set_data(self.service.clone());
        request.set_data(context.clone());
        let span = tracing::info_span!("http.request", request.id = %context.request_id, %method, path);
        let inner = Arc::clone(&self.inner);
        let started = Instant::now();
        let task = tokio::spawn(async move { inner.call(request).await }.instrument(span.clone()));
        let answer = task.await;
        let _entered = span.enter();
        let mut response = match answer {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => response_of(error, &context),
            Err(panic) => {
                tracing::error!(%panic, "a handler died");
                problem_response(&Problem::new(ProblemCode::Internal), &context)
            }
        };
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            // What the description does not name is a page to be looked at.
            let allowed = self.table.allowed(&path).and_then(|list| HeaderValue::from_str(&list).ok());
            let allowed = allowed.unwrap_or(HeaderValue::from_static("GET, HEAD"));
            response.headers_mut().insert(header::ALLOW, allowed);
        }
        if let Ok(id) = HeaderValue::from_str(&context.request_id) {
            response.headers_mut().insert("x-request-id", id);
        }
        security_headers::add(response.headers_mut(), &path);
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

#[cfg(test)]
mod tests {
    use poem::EndpointExt as _;
    use poem::endpoint::{make, make_sync};
    use serde_json::Value;
    use tokio::sync::Notify;

    use super::*;
    use crate::service::tests::service;

    fn no_table() -> Arc<OperationTable> {
        Arc::new(OperationTable::of(&Value::Null))
    }

    #[tokio::test]
    async fn a_handler_that_dies_is_a_fault_of_ours_that_shows_nothing() {
        let dies = make_sync(|_| -> Response { panic!("the insides of src/posts.rs") });
        let outermost = Outermost::new(dies, service().await, no_table());
        let request = || Request::builder().uri_str("/api/v1/posts").header("x-request-id", "seven").finish();
        // Again and again: it is one request that died, not the service.
        for _ in 0..3 {
            let response = outermost.call(request()).await.unwrap();
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(response.content_type(), Some("application/problem+json"));
            assert_eq!(response.header("x-request-id"), Some("seven"));
            assert!(response.header("content-security-policy").is_some());
            let body: Value = response.into_body().into_json().await.unwrap();
            assert_eq!((&body["code"], &body["request_id"]), (&"internal".into(), &"seven".into()));
            assert!(!body.to_string().contains("insides"), "{body}");
        }
    }

    #[tokio::test]
    async fn a_client_that_goes_away_does_not_stop_the_work() {
        let (begun, go_on, done) =
            (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let signals = (Arc::clone(&begun), Arc::clone(&go_on), Arc::clone(&done));
        let works = make(move |_| {
            let (begun, go_on, done) = signals.clone();
            async move {
                begun.notify_one();
                go_on.notified().await;
                done.notify_one();
                Response::default()
            }
        });
        let outermost = Outermost::new(works.map_to_response(), service().await, no_table());
        let waiting = tokio::spawn(async move { outermost.call(Request::default()).await.map(drop) });
        begun.notified().await;
        waiting.abort();
        assert!(waiting.await.is_err_and(|stopped| stopped.is_cancelled()));
        go_on.notify_one();
        done.notified().await;
    }
}
