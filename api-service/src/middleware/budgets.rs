use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{Problem, ProblemCode};
use edge::RequestContext;
use ephemeral::{Allowance, EphemeralError, RateLimit};
use poem::http::{HeaderName, HeaderValue};
use poem::{Endpoint, Request, Response};
use tokio::time::{Instant, timeout};

use crate::Service;
use crate::caller::person_of_token;
use crate::contract::Counting;
use crate::openapi::OperationTable;
use crate::rate_budgets::Budget;
use crate::visitor::limit_key;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Longest wait for the shared counters.
const SHARED_DEADLINE: Duration = Duration::from_millis(250);
/// Time for which the shared counters are not asked again after they did not answer.
const SHARED_REST: Duration = Duration::from_secs(1);

/// Counts every request of an operation against one budget (rule AP8), and says in each answer what is left of it.
///
/// A logged-in person has budgets of their own, wherever they are; only anonymous requests share those of their network.
/// While the shared counters do not answer, this process counts alone: nobody is refused because Redis is away.
pub(crate) struct Budgets<E> {
    inner: E,
    service: Service,
    table: Arc<OperationTable>,
    /// When the shared counters are asked again.
    asked_from: Mutex<Option<Instant>>,
}

impl<E> Budgets<E> {
    pub(crate) fn new(inner: E, service: Service, table: Arc<OperationTable>) -> Self {
        Self { inner, service, table, asked_from: Mutex::new(None) }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Budgets<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let row = self.table.find(request.method(), request.uri().path());
        let operation = row.and_then(|row| row.operation);
        let Some(operation) = operation.filter(|operation| operation.counting != Counting::None) else {
            return self.inner.call(request).await;
        };
        let context = RequestContext::of(&request)?.clone();
        let person = person_of_token(&request, &self.service);
        let budget = Budget::of(operation, request.method().is_safe(), person.is_some());
        let key = match person {
            Some(person) if budget != Budget::Auth => person.to_string(),
            _ => limit_key(context.edge().client_of(&request)),
        };
        let limit = self.service.rate_budgets().limit(budget);
        let allowance = self.count(&limit, &key).await;
        let mut response = match allowance {
            Ok(Allowance::Refused { retry_after }) => {
                context.problem(&exhausted(&limit).retry_after(retry_after))
            }
            // Guessing stays limited even then.
            Err(_) if budget == Budget::Auth => context.problem(&ProblemCode::Unavailable.into()),
            Ok(Allowance::Granted { .. }) | Err(_) => self.inner.call(request).await?,
        };
        if let Ok(allowance) = allowance {
            add_fields(&mut response, &limit, allowance);
        }
        Ok(response)
    }
}

impl<E> Budgets<E> {
    /// Counts one request, in Redis if it answers. At most one round trip.
    async fn count(&self, limit: &RateLimit, key: &str) -> Result<Allowance, EphemeralError> {
        if self.asks_shared() {
            match timeout(SHARED_DEADLINE, self.service.app().ephemeral.check(limit, key)).await {
                Ok(Ok(allowance)) => return Ok(allowance),
                Ok(Err(fault)) => tracing::warn!(%fault, "counting requests in this process alone"),
                Err(_elapsed) => tracing::warn!("the shared counters are slow"),
            }
            let rest = Some(Instant::now() + SHARED_REST);
            *self.asked_from.lock().unwrap_or_else(PoisonError::into_inner) = rest;
        }
        self.service.credentials().local_limits.check(limit, key).await
    }

    fn asks_shared(&self) -> bool {
        let asked_from = *self.asked_from.lock().unwrap_or_else(PoisonError::into_inner);
        asked_from.is_none_or(|instant| instant <= Instant::now())
    }
}

fn exhausted(limit: &RateLimit) -> Problem {
    Problem::new(ProblemCode::RateLimited)
        .with("policy", limit.name)
        .with("quota", limit.quota)
        .with("window_seconds", limit.per.as_secs())
}

/// Adds the fields of draft-ietf-httpapi-ratelimit-headers: what is left of the budget, and its size.
fn add_fields(response: &mut Response, limit: &RateLimit, allowance: Allowance) {
    let seconds = |time: Duration| time.as_millis().div_ceil(1000);
    let left = match allowance {
        Allowance::Granted { remaining, reset_after } => {
            format!("\"{}\";r={remaining};t={}", limit.name, seconds(reset_after))
        }
        Allowance::Refused { retry_after } => {
            format!("\"{}\";r=0;t={}", limit.name, seconds(retry_after).max(1))
        }
    };
    let policy = format!("\"{}\";q={};w={}", limit.name, limit.quota, limit.per.as_secs());
    for (name, value) in [(RATE_LIMIT, left), (RATE_LIMIT_POLICY, policy)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
}
