use std::sync::Arc;

use edge::Failures;
use poem::endpoint::{BoxEndpoint, make_sync};
use poem::http::{HeaderName, Method, header};
use poem::middleware::Cors;
use poem::web::{Html, Redirect};
use poem::{EndpointExt, IntoEndpoint, Response, Route};

use crate::middleware::{ApiPolicy, CountViews, StrictQuery};
use crate::openapi::{OperationTable, document, open_api_service};
use crate::problem::{problem_index, problem_page};
use crate::{Service, ShowsMail, dev_mail};

/// Description of the socket protocol. The gateway writes it and serves it too.
const ASYNCAPI: &str = include_str!("../../realtime-gateway/asyncapi.json");
/// Link above the API documentation.
const ASYNCAPI_LINK: &str = "<p><a href=\"/asyncapi.json\">WebSocket protocol (AsyncAPI)</a></p>";

/// Returns the routes of this service, wrapped by its edge. `beside` is mounted at `/ws` if the gateway shares the
/// port.
///
/// Layers are boxed where they meet: otherwise each layer, and the server of each program, is compiled again for the
/// type of everything inside.
pub fn routes(
    service: &Service,
    beside: Option<BoxEndpoint<'static, Response>>,
) -> BoxEndpoint<'static, Response> {
    let document = document(service);
    let table = Arc::new(OperationTable::of(&document));
    let apis = open_api_service(service);
    let text = document.to_string();
    // The page is made for the raw description; the completed document has more details.
    let page = apis.swagger_ui_html().replace(&apis.spec(), &text);
    let page: Arc<str> =
        page.replacen("<div id=\"ui\">", &format!("{ASYNCAPI_LINK}<div id=\"ui\">"), 1).into();
    // Mounted at their own paths: nested at the root, they would hide the page.
    let apis = Arc::new(apis.into_endpoint());
    let mut route = Route::new()
        .nest_no_strip("/api", Arc::clone(&apis))
        .at("/.well-known/jwks.json", Arc::clone(&apis))
        .at("/healthz", Arc::clone(&apis))
        .at("/readyz", apis)
        .at("/", poem::get(make_sync(|_| Redirect::see_other("/docs"))))
        .at("/docs", poem::get(make_sync(move |_| Html(page.to_string()))))
        .at(
            "/openapi.json",
            poem::get(make_sync(move |_| {
                Response::builder().content_type("application/json").body(text.clone())
            })),
        )
        .at(
            "/asyncapi.json",
            poem::get(make_sync(|_| Response::builder().content_type("application/json").body(ASYNCAPI))),
        )
        .at("/problems", poem::get(problem_index))
        .at("/problems/:code", poem::get(problem_page));
    if service.shows_mail() == ShowsMail::Yes {
        route = route
            .at("/dev/mail", poem::get(dev_mail::mail_page))
            .at("/dev/mail.json", poem::get(dev_mail::mail_json));
    }
    let inner = StrictQuery::new(route.map_to_response().boxed(), Arc::clone(&table))
        .data(Arc::clone(&table))
        .data(service.clone());
    // Rendered inside CORS, which would replace an error by a response of its own.
    let api = Failures(inner).with(cors(service)).map_to_response().boxed();
    let api = CountViews::new(api, service.clone());
    let mut root = Route::new().nest_no_strip("/", api);
    if let Some(socket) = beside {
        // The gateway checks origins itself.
        root = root.at("/ws", socket);
    }
    service.edge().wrap(root.map_to_response().boxed(), ApiPolicy(table))
}

/// Lets pages of allowed origins call the service. There are no cookies, so browsers need not send credentials.
fn cors(service: &Service) -> Cors {
    let edge = service.edge().clone();
    Cors::new()
        .allow_origins_fn(move |origin| edge.origins().allows(origin))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::ACCEPT_LANGUAGE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("x-request-id"),
        ])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::LINK,
            header::RETRY_AFTER,
            HeaderName::from_static("x-request-id"),
        ])
        .allow_credentials(false)
        .max_age(600)
}
