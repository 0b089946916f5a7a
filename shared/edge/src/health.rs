//! Health checks for load balancers and supervisors.

use std::error::Error;
use std::net::SocketAddr;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{Problem, ProblemCode};
use platform::listener::{Guard, GuardedListener};
use platform::shutdown::Shutdown;
use poem::http::header;
use poem::{Endpoint, EndpointExt as _, Request, Response, Route, Server, get};
use tokio::task::AbortHandle;

use crate::{Edge, RequestContext, ServicePolicy};

const ALIVE: &str = "/healthz";
const READY: &str = "/readyz";

/// The limits of the listener for health checks. Its connections are separate, so that checks pass while clients hold
/// all connections of the main listener.
const GUARD: Guard = Guard {
    connections: 64,
    head: Duration::from_secs(2),
    answer: Duration::from_secs(10),
    idle: Duration::from_secs(75),
};

/// Returns whether a path is that of a health check. Health checks are not counted as requests in flight.
pub(crate) fn is_health_path(path: &str) -> bool {
    matches!(path, ALIVE | READY)
}

type Check = dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), Problem>> + Send>> + Send + Sync;

/// The readiness of a service. Clones share it.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Conditions>);

#[derive(Default)]
struct Conditions {
    is_draining: AtomicBool,
    checks: Mutex<Vec<Arc<Check>>>,
}

impl Readiness {
    /// Creates the readiness of a service without conditions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a condition.
    pub fn require<F>(&self, check: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<(), Problem>> + Send + 'static,
    {
        let check: Arc<Check> = Arc::new(move || Box::pin(check()));
        self.0.checks.lock().unwrap_or_else(PoisonError::into_inner).push(check);
    }

    /// Checks the conditions in the order in which they were added. Fails with the first one that does not hold, and
    /// always while the service is draining.
    pub async fn check(&self) -> Result<(), Problem> {
        if self.0.is_draining.load(Ordering::SeqCst) {
            return Err(ProblemCode::Unavailable.into());
        }
        let checks = self.0.checks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for check in checks {
            check().await?;
        }
        Ok(())
    }

    /// Makes all further checks fail, so that load balancers send no new requests.
    pub fn drain(&self) {
        self.0.is_draining.store(true, Ordering::SeqCst);
    }

    /// Waits for the signal to stop, then drains.
    pub async fn drain_on(self, shutdown: Shutdown) {
        shutdown.triggered().await;
        self.drain();
        tracing::info!("draining");
    }
}

/// Returns the endpoints of health checks: `/healthz` while the process runs, `/readyz` while it can serve requests.
pub fn routes(readiness: Readiness) -> Route {
    Route::new().at(ALIVE, get(Alive)).at(READY, get(Ready(readiness)))
}

struct Alive;

impl Endpoint for Alive {
    type Output = Response;

    async fn call(&self, _request: Request) -> poem::Result<Response> {
        Ok(status("ok"))
    }
}

struct Ready(Readiness);

impl Endpoint for Ready {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(match self.0.check().await {
            Ok(()) => status("ready"),
            Err(problem) => RequestContext::of(&request)?.problem(&problem),
        })
    }
}

fn status(word: &str) -> Response {
    let body = serde_json::json!({ "status": word }).to_string();
    Response::builder().content_type("application/json").header(header::CACHE_CONTROL, "no-store").body(body)
}

/// Address of a separate listener for health checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthListen {
    /// Listens on this address.
    At(SocketAddr),
    /// Has no separate listener: the checks are answered on the port of the service only.
    Off,
}

/// Error: the text is neither an address nor `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAHealthListen;

impl std::fmt::Display for NotAHealthListen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("must be an address with a port, or off")
    }
}

impl FromStr for HealthListen {
    type Err = NotAHealthListen;

    fn from_str(text: &str) -> Result<Self, NotAHealthListen> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse().map(Self::At).map_err(|_not_an_address| NotAHealthListen)
    }
}

/// A running listener for health checks. Dropping it stops it.
pub struct HealthServer {
    address: SocketAddr,
    task: AbortHandle,
}

impl HealthServer {
    /// Starts the listener, if the setting `name` has an address.
    pub async fn start(
        name: &str,
        listen: HealthListen,
        edge: &Edge,
        readiness: Readiness,
    ) -> Result<Option<Self>, Box<dyn Error>> {
        struct Plain;
        impl ServicePolicy for Plain {}

        let HealthListen::At(address) = listen else { return Ok(None) };
        let listener = GuardedListener::bind(address, GUARD).await;
        let listener = listener.map_err(|fault| format!("{name}: {address}: {fault}"))?;
        let address = listener.local_addr()?;
        let endpoint = edge.wrap(routes(readiness).map_to_response().boxed(), Plain);
        let task = tokio::spawn(async move {
            if let Err(fault) = Server::new(listener).run(endpoint).await {
                tracing::error!(%fault, "the listener for health checks failed");
            }
        });
        tracing::info!(%address, "health checks are answered");
        Ok(Some(Self { address, task: task.abort_handle() }))
    }

    /// Returns the address of the listener.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for HealthServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_service_is_ready_while_every_condition_holds_and_it_is_not_draining() {
        let readiness = Readiness::new();
        assert_eq!(readiness.check().await, Ok(()));
        let (holds, tail) = (Arc::new(AtomicBool::new(true)), readiness.clone());
        let seen = Arc::clone(&holds);
        tail.require(move || {
            let holds = seen.load(Ordering::SeqCst);
            async move { if holds { Ok(()) } else { Err(ProblemCode::RateLimited.into()) } }
        });
        assert_eq!(readiness.check().await, Ok(()));
        holds.store(false, Ordering::SeqCst);
        assert_eq!(readiness.check().await, Err(ProblemCode::RateLimited.into()));
        holds.store(true, Ordering::SeqCst);
        let shutdown = Shutdown::new();
        shutdown.trigger();
        readiness.clone().drain_on(shutdown).await;
        assert_eq!(readiness.check().await, Err(ProblemCode::Unavailable.into()));
    }

    #[test]
    fn the_setting_is_an_address_or_off() {
        assert_eq!("off".parse(), Ok(HealthListen::Off));
        assert_eq!("[::1]:1".parse(), Ok(HealthListen::At("[::1]:1".parse().unwrap())));
        assert_eq!("8081".parse::<HealthListen>(), Err(NotAHealthListen));
    }
}
