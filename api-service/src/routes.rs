use std::sync::Arc;

use edge::Failures;
use poem::endpoint::{BoxEndpoint, make_sync};
use poem::http::{HeaderName, Method, header};
use poem::middleware::Cors;
use poem::web::{Html, Redirect};
use poem::{EndpointExt, IntoEndpoint, Response, Route};

use crate::middleware::{Acceptable, ApiPolicy, Budgets, Conditional, CountViews, Idempotent, StrictQuery};
use crate::openapi::{OperationTable, document, open_api_service};
use crate::problem::{problem_index, problem_page};
use crate::{Service, ShowsMail, dev_mail, docs_page};

/// Description of the socket protocol. The gateway writes it and serves it too.
const ASYNCAPI: &str = include_str!("../../realtime-gateway/asyncapi.json");

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
    let page: Arc<str> = docs_page::page(&apis.swagger_ui_html(), &apis.spec(), &text).into();
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
    let tagged = Conditional::new(route.map_to_response().boxed(), Arc::clone(&table));
    let once = Idempotent::new(tagged.boxed(), Arc::clone(&table));
    let strict = StrictQuery::new(once.boxed(), Arc::clone(&table));
    let inner = Acceptable::new(strict, Arc::clone(&table)).data(Arc::clone(&table)).data(service.clone());
    // Rendered inside CORS, which would replace an error by a response of its own.
    let counted = Budgets::new(Failures(inner), service.clone(), Arc::clone(&table));
    let api = counted.with(cors(service)).map_to_response().boxed();
    // Outside of the layer that answers with 304: only posts that are sent count as viewed.
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
            header::IF_NONE_MATCH,
            header::ACCEPT_LANGUAGE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("x-request-id"),
        ])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::LINK,
            header::RETRY_AFTER,
            HeaderName::from_static("idempotency-replayed"),
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
            HeaderName::from_static("x-request-id"),
        ])
        .allow_credentials(false)
        .max_age(600)
}
