use std::sync::Arc;

use domain::{Problem, ProblemCode};
use edge::details::Detail;
use edge::health::{self, Readiness};
use edge::{Edge, RequestContext, ServicePolicy};
use poem::endpoint::BoxEndpoint;
use poem::http::{StatusCode, header};
use poem::{Endpoint, EndpointExt, Request, Response, get, handler};

use crate::admission::Full;
use crate::gateway::RETRY_AFTER;
use crate::handshake::{self, Refusal};
use crate::protocol::{ASYNCAPI, SUBPROTOCOL};
use crate::{Gateway, connection};

/// The endpoint that opens sockets.
const SOCKET: &str = "/ws";

/// Creates the endpoint that upgrades requests to sockets. It belongs at `/ws`, inside an [`Edge`].
pub fn socket(gateway: Arc<Gateway>) -> BoxEndpoint<'static, Response> {
    SocketEndpoint(gateway).boxed()
}

/// Creates the endpoints of a gateway with a port of its own: `/ws`, `/asyncapi.json`, `/healthz`, `/readyz`, and a
/// problem for any other path.
pub fn endpoint(gateway: Arc<Gateway>) -> BoxEndpoint<'static, Response> {
    let edge = edge_of(&gateway);
    let routes = health::routes(readiness_of(&gateway))
        .at(SOCKET, socket(gateway))
        .at("/asyncapi.json", get(asyncapi));
    edge.wrap(routes.map_to_response().boxed(), GatewayPolicy)
}

/// Returns the protocol description.
#[handler]
fn asyncapi() -> Response {
    Response::builder().content_type("application/json").body(ASYNCAPI)
}

/// Creates the edge of a gateway with a port of its own.
pub fn edge_of(gateway: &Gateway) -> Edge {
    Edge::new(gateway.settings.edge.clone(), Arc::clone(&gateway.app.ids))
}

/// Returns the readiness of a gateway.
pub fn readiness_of(gateway: &Arc<Gateway>) -> Readiness {
    let readiness = Readiness::new();
    let gateway = Arc::clone(gateway);
    readiness.require(move || {
        let gateway = Arc::clone(&gateway);
        async move { gateway.check_ready().await }
    });
    readiness
}

struct GatewayPolicy;

impl ServicePolicy for GatewayPolicy {
    fn allowed_methods(&self, path: &str) -> Option<String> {
        (path == SOCKET).then(|| "GET".to_owned())
    }
}

struct SocketEndpoint(Arc<Gateway>);

impl Endpoint for SocketEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let gateway = &self.0;
        let context = RequestContext::of(&request)?;
        let accept = match handshake::check(&request, context.edge().origins()) {
            Ok(accept) => accept,
            Err(refusal) => return Ok(refused(context, refusal)),
        };
        if let Err(problem) = gateway.epoch() {
            return Ok(context.problem_with_detail(&problem, NOT_OPEN));
        }
        let place = match gateway.admission.enter(context.edge().client_of(&request)) {
            Ok(place) => place,
            Err(full) => return Ok(no_place(context, full)),
        };
        let upgrade = request.take_upgrade()?;
        gateway.sockets.spawn("socket", connection::serve(Arc::clone(gateway), upgrade, place));
        Ok(switching(&accept))
    }
}

const NOT_OPEN: Detail = Detail {
    korean: "지금은 소켓을 열 수 없습니다. 잠시 후 다시 시도해 주세요.",
    english: "No sockets can be opened at the moment. Try again shortly.",
};

/// Answers a handshake for which there is no room: 429 if the client's network has too many sockets, otherwise 503.
fn no_place(context: &RequestContext, full: Full) -> Response {
    let (code, detail) = match full {
        Full::Address => (
            ProblemCode::RateLimited,
            Detail {
                korean: "이 네트워크에서 hello를 보내지 않은 소켓이 너무 많습니다.",
                english: "Too many sockets from this network have not sent hello yet.",
            },
        ),
        Full::All => (ProblemCode::Unavailable, NOT_OPEN),
    };
    context.problem_with_detail(&Problem::new(code).retry_after(RETRY_AFTER), detail)
}

fn refused(context: &RequestContext, refusal: Refusal) -> Response {
    let mut response = context.problem_with_detail(&refusal.code().into(), refusal.detail());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_committed_protocol_description_is_served() {
        // The tests of `api-service` compare its copy with the same file.
        let response = asyncapi.call(Request::default()).await.unwrap();
        assert_eq!(response.content_type(), Some("application/json"));
        assert_eq!(response.into_body().into_string().await.unwrap(), include_str!("../asyncapi.json"));
    }
}
