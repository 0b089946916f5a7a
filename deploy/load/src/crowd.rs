use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::{Api, LoadFault, Person};

type Stream = WebSocketStream<TcpStream>;

/// How many sockets are opened at once.
const AT_ONCE: u32 = 64;
/// Over how many loopback addresses the clients spread: each has ports for some 28,000 connections, and a gateway
/// lets few sockets per address wait for their hello.
const ADDRESSES: u32 = 32;
/// How long one answer may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// What marks an event of a watched post.
const EVENT: &str = r#""k":"post.liked""#;

/// Many open sockets, read in the background.
pub(crate) struct Crowd {
    readers: JoinSet<()>,
    seen: Arc<Seen>,
    stop: watch::Sender<bool>,
}

/// What all sockets of a crowd saw.
struct Seen {
    began: Instant,
    events: AtomicU64,
    bytes: AtomicU64,
    closed: AtomicU64,
    /// Microseconds from `began` to the first and to the last event.
    first: AtomicU64,
    last: AtomicU64,
}

/// A burst of events, as all sockets together saw it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Burst {
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    pub(crate) duration: Duration,
}

/// What to connect to.
#[derive(Clone)]
pub(crate) enum Target {
    /// A gateway: with a ticket and a hello, and a post to watch, if there is one.
    Gateway { api: Api, address: SocketAddr, post: Option<String> },
    /// A bare broadcaster.
    Broadcaster(SocketAddr),
}

impl Crowd {
    pub(crate) fn new() -> Self {
        let seen = Seen {
            began: Instant::now(),
            events: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            first: AtomicU64::new(u64::MAX),
            last: AtomicU64::new(0),
        };
        Self { readers: JoinSet::new(), seen: Arc::new(seen), stop: watch::channel(false).0 }
    }

    /// Opens one more socket for each person.
    pub(crate) async fn open(&mut self, target: &Target, people: Vec<Person>) -> Result<(), LoadFault> {
        let mut opening = JoinSet::new();
        let mut people = (0_u32..).zip(people);
        loop {
            while opening.len() < usize::try_from(AT_ONCE).unwrap_or(1) {
                let Some((number, person)) = people.next() else { break };
                let target = target.clone();
                opening.spawn(async move { open(&target, &person, number).await });
            }
            let Some(opened) = opening.join_next().await else { return Ok(()) };
            let socket = opened.map_err(|fault| LoadFault::Unexpected(fault.to_string()))??;
            self.readers.spawn(read(socket, Arc::clone(&self.seen), self.stop.subscribe()));
        }
    }

    /// Waits until every socket got `count` more events since the last burst, at most half a minute.
    pub(crate) async fn burst(&self, count: u64) -> Result<Burst, LoadFault> {
        let sockets = u64::try_from(self.readers.len()).unwrap_or(u64::MAX);
        let wanted = count.saturating_mul(sockets);
        let deadline = Instant::now() + DEADLINE;
        while self.seen.events.load(Ordering::Relaxed) < wanted {
            if Instant::now() > deadline {
                let seen = self.seen.events.load(Ordering::Relaxed);
                return Err(LoadFault::Unexpected(format!("{seen} of {wanted} events came")));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let first = self.seen.first.swap(u64::MAX, Ordering::Relaxed);
        let last = self.seen.last.load(Ordering::Relaxed);
        Ok(Burst {
            events: self.seen.events.swap(0, Ordering::Relaxed),
            bytes: self.seen.bytes.swap(0, Ordering::Relaxed),
            duration: Duration::from_micros(last.saturating_sub(first)),
        })
    }

    /// Returns how many sockets were closed by the other side.
    pub(crate) fn closed(&self) -> u64 {
        self.seen.closed.load(Ordering::Relaxed)
    }

    /// Closes every socket.
    pub(crate) async fn close(mut self) {
        self.stop.send_replace(true);
        while self.readers.join_next().await.is_some() {}
    }
}

async fn open(target: &Target, person: &Person, number: u32) -> Result<Stream, LoadFault> {
    match target {
        Target::Broadcaster(address) => connect(*address, number, None).await,
        Target::Gateway { api, address, post } => {
            let ticket = api.ticket(person).await?.text("/ticket")?;
            let mut socket = connect(*address, number, Some("orgo.v1")).await?;
            send(&mut socket, &json!({ "t": "hello", "v": 1, "ticket": ticket })).await?;
            expect(&mut socket, "welcome").await?;
            if let Some(post) = post {
                send(&mut socket, &json!({ "t": "watch", "id": "1", "post": post })).await?;
                expect(&mut socket, "ack").await?;
            }
            Ok(socket)
        }
    }
}

async fn connect(
    address: SocketAddr,
    number: u32,
    subprotocol: Option<&'static str>,
) -> Result<Stream, LoadFault> {
    let source = Ipv4Addr::LOCALHOST.to_bits() + 1 + number % ADDRESSES;
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Ipv4Addr::from_bits(source), 0)))?;
    let stream = timeout(DEADLINE, socket.connect(address)).await.map_err(|_late| LoadFault::Late)??;
    stream.set_nodelay(true)?;
    let mut request = format!("ws://{address}/ws").into_client_request()?;
    if let Some(subprotocol) = subprotocol {
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(subprotocol));
    }
    let config = WebSocketConfig::default().read_buffer_size(4 * 1024).write_buffer_size(1024);
    let opened = timeout(DEADLINE, client_async_with_config(request, stream, Some(config))).await;
    Ok(opened.map_err(|_late| LoadFault::Late)??.0)
}

async fn send(socket: &mut Stream, frame: &Value) -> Result<(), LoadFault> {
    Ok(socket.send(Message::text(frame.to_string())).await?)
}

/// Waits for a frame of this type; `err` and a close are faults.
async fn expect(socket: &mut Stream, kind: &str) -> Result<(), LoadFault> {
    loop {
        match timeout(DEADLINE, socket.next()).await.map_err(|_late| LoadFault::Late)? {
            Some(Ok(Message::Text(text))) => {
                let frame: Value = serde_json::from_str(&text).unwrap_or_default();
                match frame.get("t").and_then(Value::as_str) {
                    Some(found) if found == kind => return Ok(()),
                    Some("err") => return Err(LoadFault::Unexpected(format!("instead of {kind}: {text}"))),
                    _ => {}
                }
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => return Err(LoadFault::Unexpected(format!("instead of {kind}: {other:?}"))),
        }
    }
}

/// Reads a socket until it ends or is to be closed, counts events, and answers heartbeats.
async fn read(mut socket: Stream, seen: Arc<Seen>, mut stop: watch::Receiver<bool>) {
    loop {
        let message = tokio::select! {
            biased;
            message = socket.next() => message,
            _changed = stop.changed() => {
                // The other side may be gone already.
                timeout(DEADLINE, socket.close(None)).await.map(drop).unwrap_or_default();
                return;
            }
        };
        match message {
            Some(Ok(Message::Text(text))) if text.contains(EVENT) => seen.event(&text),
            Some(Ok(Message::Text(text))) if text.contains(r#""t":"hb""#) => {
                let answer = Message::Text(Utf8Bytes::from_static(r#"{"t":"hb"}"#));
                if socket.send(answer).await.is_err() {
                    break;
                }
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            Some(Ok(_)) => {}
        }
    }
    seen.closed.fetch_add(1, Ordering::Relaxed);
}

impl Seen {
    fn event(&self, text: &str) {
        let at = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.first.fetch_min(at, Ordering::Relaxed);
        self.last.fetch_max(at, Ordering::Relaxed);
        self.bytes.fetch_add(u64::try_from(text.len()).unwrap_or(0), Ordering::Relaxed);
        // Stored last: a reader of this number sees the other numbers up to date.
        self.events.fetch_add(1, Ordering::Release);
    }
}
