use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use domain::Problem;
use domain::ids::IdSource;
use poem::endpoint::BoxEndpoint;
use poem::{EndpointExt, Request, Response};

use crate::client_address::TrustedProxies;
use crate::in_flight::InFlight;
use crate::layer::Layer;
use crate::security_headers::PathHeaders;
use crate::{Origins, Settings};

/// The HTTP edge of a service: handles every request before and after its handler. Clones share it.
#[derive(Clone)]
pub struct Edge(Arc<Shared>);

struct Shared {
    settings: Settings,
    origins: Origins,
    trusted_proxies: TrustedProxies,
    ids: Arc<dyn IdSource>,
    in_flight: InFlight,
    bodies: InFlight,
}

/// The parts of the edge that differ between services.
pub trait ServicePolicy: Send + Sync + 'static {
    /// Returns the problem of an error that only this service knows.
    fn problem_of(&self, _error: &poem::Error) -> Option<Problem> {
        None
    }

    /// Returns the methods of a path, as the `Allow` header lists them (RFC 9110 section 10.2.1).
    fn allowed_methods(&self, _path: &str) -> Option<String> {
        None
    }

    /// Returns the headers of answers at a path.
    fn headers(&self, _path: &str) -> PathHeaders {
        PathHeaders::default()
    }

    /// Returns the number of bytes of a body that are read before the handler starts.
    fn buffered_body(&self) -> usize {
        0
    }
}

impl Edge {
    /// Creates an edge.
    pub fn new(settings: Settings, ids: Arc<dyn IdSource>) -> Self {
        let origins =
            Origins::new(&settings.public_url, settings.allowed_origins.clone(), settings.loopback_origins);
        Self(Arc::new(Shared {
            origins,
            trusted_proxies: TrustedProxies::new(settings.trusted_proxies.iter().copied()),
            in_flight: InFlight::new(settings.limits.in_flight),
            bodies: InFlight::new(settings.limits.in_flight),
            settings,
            ids,
        }))
    }

    /// Returns the settings.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Returns the origins whose pages may call the service.
    pub fn origins(&self) -> &Origins {
        &self.0.origins
    }

    /// Returns the address of the client of a request, canonical, also behind a trusted proxy.
    pub fn client_of(&self, request: &Request) -> IpAddr {
        let peer = request.remote_addr().as_socket_addr().map(SocketAddr::ip);
        self.0.trusted_proxies.client_of(peer, request.headers())
    }

    /// Wraps the endpoint of a service. Each request runs in a task of its own, and each failure becomes a problem.
    /// Takes and returns boxed endpoints, so that it is compiled once and not for each type of endpoint.
    pub fn wrap(
        &self,
        inner: BoxEndpoint<'static, Response>,
        policy: impl ServicePolicy,
    ) -> BoxEndpoint<'static, Response> {
        Layer::new(inner, self.clone(), Arc::new(policy)).boxed()
    }

    pub(crate) fn ids(&self) -> &dyn IdSource {
        &*self.0.ids
    }

    pub(crate) fn bodies(&self) -> &InFlight {
        &self.0.bodies
    }

    pub(crate) fn in_flight(&self) -> &InFlight {
        &self.0.in_flight
    }
}
