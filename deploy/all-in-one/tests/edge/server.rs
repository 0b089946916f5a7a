use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use api_service::{Parts, Service, ShowsMail, routes};
use edge::health::{HealthListen, HealthServer, Readiness};
use edge::{Edge, Limits, Settings};
use identity::cursors::CursorSeal;
use identity::resume_keys::ResumeKey;
use platform::listener::{Guard, GuardedListener};
use platform::shutdown::{Shutdown, Tasks};
use poem::endpoint::BoxEndpoint;
use poem::{EndpointExt as _, Response};
use realtime_gateway::{Gateway, Source, Timing};
use serde_json::Value;
use testkit::{PUBLIC_URL, TestApp, TestDatabase};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A test that waits longer has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A service on a port of its own.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) edge: Edge,
    pub(crate) readiness: Readiness,
    tasks: Tasks,
    shutdown: Shutdown,
    /// Holds the database.
    _parts: TestApp,
}

/// The limits that a test changes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Changes {
    pub(crate) limits: Limits,
    pub(crate) guard: Guard,
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

/// Starts both services behind the trusted proxy 127.0.0.1, each on a database of its own.
pub(crate) async fn both(changes: Changes) -> [Server; 2] {
    [api(changes).await, gateway(changes).await]
}

fn settings(changes: Changes) -> Settings {
    Settings {
        allowed_origins: vec!["https://app.example.com".parse().unwrap()],
        trusted_proxies: vec![Ipv4Addr::LOCALHOST.into()],
        limits: changes.limits,
        ..Settings::new(PUBLIC_URL)
    }
}

async fn api(changes: Changes) -> Server {
    let parts = TestApp::new(TestDatabase::sqlite().await);
    let service = Service::new(Parts {
        app: parts.app.clone(),
        credentials: parts.credentials.clone(),
        cursors: CursorSeal::new(&parts.secret),
        settings: api_service::Settings {
            edge: settings(changes),
            shows_mail: ShowsMail::No,
            rates: api_service::RateBudgets::all_of(1_000_000),
        },
    });
    let endpoint = routes(&service, None).boxed();
    let (edge, readiness) = (service.edge().clone(), service.readiness().clone());
    Server::start("api-service", parts, changes.guard, endpoint, edge, readiness).await
}

async fn gateway(changes: Changes) -> Server {
    let parts = TestApp::new(TestDatabase::sqlite().await);
    stream::open_log(&parts.app.store, parts.now(), parts.app.ids.next_id()).await.unwrap();
    let settings = realtime_gateway::Settings {
        source: Source::Outbox { poll: Duration::from_millis(50) },
        edge: settings(changes),
        limits: realtime_gateway::Limits { waiting_per_address: 1, ..Default::default() },
        timing: Timing::default(),
    };
    let gateway =
        Gateway::new(parts.app.clone(), parts.app.store.clone(), &ResumeKey::derive(&parts.secret), settings);
    let endpoint = realtime_gateway::endpoint(Arc::clone(&gateway)).boxed();
    let edge = realtime_gateway::edge_of(&gateway);
    let readiness = realtime_gateway::readiness_of(&gateway);
    let server = Server::start("realtime-gateway", parts, changes.guard, endpoint, edge, readiness).await;
    server.tasks.spawn("gateway", realtime_gateway::run_tasks(gateway, server.shutdown.clone()));
    let ready = async {
        while server.readiness.check().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, ready).await.unwrap();
    server
}

impl Server {
    async fn start(
        name: &'static str,
        parts: TestApp,
        guard: Guard,
        endpoint: BoxEndpoint<'static, Response>,
        edge: Edge,
        readiness: Readiness,
    ) -> Self {
        // There a peer with an IPv4 address has its IPv4-mapped form.
        let listener = GuardedListener::bind((Ipv6Addr::UNSPECIFIED, 0).into(), guard).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tasks, shutdown) = (Tasks::new(), Shutdown::new());
        tokio::spawn(poem::Server::new(listener).run(endpoint));
        let address = (Ipv4Addr::LOCALHOST, port).into();
        Self { name, address, edge, readiness, tasks, shutdown, _parts: parts }
    }

    /// Starts a listener for health checks, which stops when it is dropped.
    pub(crate) async fn start_health(&self) -> HealthServer {
        let listen = HealthListen::At((Ipv4Addr::LOCALHOST, 0).into());
        let started = HealthServer::start("TEST", listen, &self.edge, self.readiness.clone()).await;
        started.unwrap().unwrap()
    }

    /// Sends the bytes, and returns the answer.
    pub(crate) async fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        ask(self.address, request).await
    }

    /// Sends a request with these lines after the first, and returns the answer.
    pub(crate) async fn request(&self, first: &str, lines: &str) -> Answer {
        self.request_and_hold(first, lines).await.0
    }

    /// Does the same, and keeps the connection open.
    pub(crate) async fn request_and_hold(&self, first: &str, lines: &str) -> (Answer, TcpStream) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("{first} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Language: en\r\n{lines}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        (timeout(PATIENCE, read_answer(&mut stream)).await.unwrap(), stream)
    }

    /// Returns a request line and lines that get an answer other than a problem, if the origin is allowed.
    pub(crate) fn good_request(&self) -> (&'static str, &'static str) {
        match self.name {
            "api-service" => ("GET /api/v1/meta", ""),
            _ => (
                "GET /ws",
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: orgo.v1\r\n",
            ),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.trigger();
    }
}

/// Sends the bytes, and returns the answer.
pub(crate) async fn ask(address: SocketAddr, request: impl AsRef<[u8]>) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_ref()).await.unwrap();
    timeout(PATIENCE, read_answer(&mut stream)).await.unwrap()
}

/// Reads one answer.
pub(crate) async fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        let read = stream.read_buf(&mut bytes).await.unwrap();
        assert!(read > 0, "no answer: {}", String::from_utf8_lossy(&bytes));
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < end + length {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "the body ends early: {head}");
    }
    let body = serde_json::from_slice(&bytes[end..end + length]).unwrap_or(Value::Null);
    Answer { status, headers, body }
}
