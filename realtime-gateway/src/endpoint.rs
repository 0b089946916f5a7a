use std::any::Any;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use domain::{Problem, ProblemCode};
use poem::endpoint::BoxEndpoint;
use poem::http::{StatusCode, header};
use poem::middleware::{CatchPanic, PanicHandler};
use poem::{Endpoint, EndpointExt, Request, Response, Route, get, handler};
use serde_json::json;

use crate::admission::Full;
use crate::gateway::RETRY_AFTER;
use crate::handshake::{self, Refusal};
use crate::protocol::SUBPROTOCOL;
use crate::{Gateway, connection, problem};

/// Returns the endpoint that turns requests into sockets. It belongs at `/ws`.
pub fn socket(gateway: Arc<Gateway>) -> BoxEndpoint<'static, Response> {
    SocketEndpoint(gateway).boxed()
}

/// Returns what a gateway serves on a port of its own: `/ws`, `/healthz`, `/readyz`, and a problem everywhere else.
pub fn endpoint(gateway: Arc<Gateway>) -> BoxEndpoint<'static, Response> {
    let (for_errors, for_panics) = (Arc::clone(&gateway), Arc::clone(&gateway));
    Route::new()
        .at("/ws", socket(Arc::clone(&gateway)))
        .at("/healthz", get(healthz))
        .at("/readyz", get(ReadyEndpoint(gateway)))
        .boxed()
        .with(CatchPanic::new().with_handler(PanicProblem(for_panics)))
        .around(move |routes, request| {
            let gateway = Arc::clone(&for_errors);
            async move {
                let path = request.uri().path().to_owned();
                let answer = routes.call(request).await;
                Ok(answer.unwrap_or_else(|error| refused_by_poem(&gateway, &path, &error)))
            }
        })
        .boxed()
}

/// A panic ends the one request it is in.
#[derive(Clone)]
struct PanicProblem(Arc<Gateway>);

impl PanicHandler for PanicProblem {
    type Response = Response;

    fn get_response(&self, _panic: Box<dyn Any + Send + 'static>) -> Response {
        let code = ProblemCode::Internal;
        problem::response(&self.0, "", &code.into(), code.title())
    }
}

/// Unknown paths and methods are found out by poem, not by us.
fn refused_by_poem(gateway: &Gateway, path: &str, error: &poem::Error) -> Response {
    let code = match error.status() {
        StatusCode::NOT_FOUND => ProblemCode::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ProblemCode::MethodNotAllowed,
        status if status.is_client_error() => ProblemCode::MalformedRequest,
        _ => ProblemCode::Internal,
    };
    if code == ProblemCode::Internal {
        tracing::error!(%error, path, "a request failed");
    }
    problem::response(gateway, path, &code.into(), code.title())
}

#[handler]
fn healthz() -> Response {
    status("ok")
}

fn status(word: &str) -> Response {
    let body = json!({ "status": word }).to_string();
    Response::builder().content_type("application/json").header(header::CACHE_CONTROL, "no-store").body(body)
}

struct ReadyEndpoint(Arc<Gateway>);

impl Endpoint for ReadyEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(match self.0.check_ready().await {
            Ok(()) => status("ready"),
            Err(found) => problem::response(&self.0, request.uri().path(), &found, "Not ready."),
        })
    }
}

struct SocketEndpoint(Arc<Gateway>);

impl Endpoint for SocketEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let gateway = &self.0;
        let path = request.uri().path();
        let accept = match handshake::check(&request, &gateway.settings) {
            Ok(accept) => accept,
            Err(refusal) => return Ok(refused(gateway, path, refusal)),
        };
        if let Err(found) = gateway.epoch() {
            return Ok(problem::response(gateway, path, &found, "No sockets are opened at the moment."));
        }
        let peer = request.remote_addr().as_socket_addr().map(SocketAddr::ip);
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let address = handshake::client_address(peer, request.headers(), &gateway.settings);
        let place = match gateway.admission.enter(address) {
            Ok(place) => place,
            Err(full) => return Ok(no_place(gateway, path, full)),
        };
        let upgrade = request.take_upgrade()?;
        gateway.sockets.spawn("socket", connection::serve(Arc::clone(gateway), upgrade, place));
        Ok(switching(&accept))
    }
}

/// What one address does alone is its own fault, not ours.
fn no_place(gateway: &Gateway, path: &str, full: Full) -> Response {
    let (code, detail) = match full {
        Full::Address => (ProblemCode::RateLimited, "Too many sockets of this address have not said hello."),
        Full::All => (ProblemCode::Unavailable, "Too many sockets have not said hello."),
    };
    problem::response(gateway, path, &Problem::new(code).retry_after(RETRY_AFTER), detail)
}

fn refused(gateway: &Gateway, path: &str, refusal: Refusal) -> Response {
    let mut response = problem::response(gateway, path, &refusal.code().into(), refusal.detail());
    let (name, value) = match refusal {
        Refusal::Method => (header::ALLOW, "GET"),
        Refusal::WebSocketVersion => (header::SEC_WEBSOCKET_VERSION, "13"),
        _ => return response,
    };
    response.headers_mut().insert(name, poem::http::HeaderValue::from_static(value));
    response
}

fn switching(accept: &str) -> Response {
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, accept)
        .header(header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL)
        .finish()
}
