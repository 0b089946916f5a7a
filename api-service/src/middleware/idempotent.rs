use std::sync::Arc;
use std::time::Duration;

use domain::ProblemCode;
use domain::idempotency::IdempotencyKey;
use identity::digest::sha256;
use operations::idempotency::{Attempt, Scope, StoredAnswer, answer_once, find_answer, still_running};
use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{Body, Endpoint, Request, Response};

use super::keys_in_flight::KeysInFlight;
use crate::Service;
use crate::caller::authenticate_early;
use crate::openapi::OperationTable;
use crate::problem::ApiProblem;
use crate::request_body::{MAX_BODY_BYTES, canonical};

/// Header with the key.
const KEY: &str = "idempotency-key";
/// Header of an answer that was stored before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Headers that are stored with an answer. The others belong to the request, not to its result.
const STORED_HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];
/// Longest wait for the first request with the same key, below the deadline of a request.
const WAIT: Duration = Duration::from_secs(2);

/// Performs requests with an `Idempotency-Key` once (rule AP3), for the operations that accept one. Stores the answer in
/// the transaction of the effect: if the effect took place, so did its answer.
pub(crate) struct Idempotent<E> {
    inner: E,
    table: Arc<OperationTable>,
    running: KeysInFlight,
}

impl<E> Idempotent<E> {
    pub(crate) fn new(inner: E, table: Arc<OperationTable>) -> Self {
        Self { inner, table, running: KeysInFlight::default() }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Idempotent<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let row = self.table.find(request.method(), request.uri().path());
        match row.and_then(|row| row.operation).filter(|operation| operation.takes_idempotency_key) {
            Some(operation) if request.headers().contains_key(KEY) => {
                Box::pin(self.once(request, operation.id)).await
            }
            _ => self.inner.call(request).await,
        }
    }
}

impl<E: Endpoint<Output = Response>> Idempotent<E> {
    async fn once(&self, mut request: Request, operation: &'static str) -> poem::Result<Response> {
        // Without a caller there is no scope; the handler refuses the request.
        let Some(caller) = authenticate_early(&mut request).await? else {
            return self.inner.call(request).await;
        };
        let service = request.data::<Service>().cloned().ok_or(ApiProblem::from(ProblemCode::Internal))?;
        let app = service.app();
        let key = key_of(request.headers()).ok_or(ApiProblem::from(ProblemCode::IdempotencyKeyInvalid))?;
        let body = request.take_body().into_bytes_limit(MAX_BODY_BYTES).await?;
        let Some(canonical) = canonical(&body) else {
            // Not JSON: the handler refuses it.
            request.set_body(body);
            return self.inner.call(request).await;
        };
        let parts = [request.method().as_str(), request.uri().path(), &canonical];
        let fingerprint = sha256(parts.join("\n").as_bytes());
        request.set_body(body);
        let scope = Scope { user_id: caller.user_id, operation, key: key.as_str().to_owned() };
        let turn = self.running.enter(&scope, WAIT).await;
        let _turn = turn.ok_or_else(|| ApiProblem::from(still_running()))?;
        let stored = find_answer(app, &scope, &fingerprint).await.map_err(ApiProblem::from)?;
        if let Some(answer) = stored {
            return replay(answer);
        }
        let describe = async |output| describe(output, &fingerprint).await;
        let attempt = answer_once(app, &scope, &fingerprint, self.inner.call(request), describe).await;
        match attempt.map_err(ApiProblem::from)? {
            Attempt::Done(output) => output,
            Attempt::Repeated(answer) => replay(answer),
        }
    }
}

/// Returns the key, if there is exactly one and it is well formed.
fn key_of(headers: &HeaderMap) -> Option<IdempotencyKey> {
    let mut values = headers.get_all(KEY).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => IdempotencyKey::parse(value.to_str().ok()?).ok(),
        _ => None,
    }
}

/// Returns an answer together with the form in which it is stored. Only successes are stored: after a refusal nothing was
/// changed, and the same request may succeed later.
async fn describe(
    output: poem::Result<Response>,
    fingerprint: &str,
) -> (poem::Result<Response>, Option<StoredAnswer>) {
    let mut response = match output {
        Ok(response) if response.status().is_success() => response,
        other => return (other, None),
    };
    let body = match response.take_body().into_string().await {
        Ok(body) => body,
        Err(error) => return (Err(error.into()), None),
    };
    let text =
        |name: &HeaderName| Some((name.as_str().to_owned(), response.headers().get(name)?.to_str().ok()?));
    let headers: Vec<_> = STORED_HEADERS.iter().filter_map(text).collect();
    let stored = StoredAnswer {
        fingerprint: fingerprint.to_owned(),
        status: response.status().as_u16(),
        headers: serde_json::json!(headers).to_string(),
        body: body.clone(),
    };
    response.set_body(body);
    (Ok(response), Some(stored))
}

/// Builds the response of a stored answer.
fn replay(answer: StoredAnswer) -> poem::Result<Response> {
    let unreadable = || ApiProblem::from(ProblemCode::Internal);
    let headers: Vec<(String, String)> =
        serde_json::from_str(&answer.headers).map_err(|_fault| unreadable())?;
    let mut response = Response::builder()
        .status(StatusCode::from_u16(answer.status).map_err(|_fault| unreadable())?)
        .body(Body::from_string(answer.body));
    for (name, value) in headers {
        let name = HeaderName::try_from(name).map_err(|_fault| unreadable())?;
        let value = HeaderValue::try_from(value).map_err(|_fault| unreadable())?;
        response.headers_mut().insert(name, value);
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}
