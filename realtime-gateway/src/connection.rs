//! One socket, from the upgrade to the close. One task owns it.

mod catch_up;
mod clocks;
mod closing;
mod live;

use std::sync::Arc;

use domain::ids::ConnectionId;
use futures_util::StreamExt;
use poem::{OnUpgrade, Upgraded};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use self::closing::{close, end_after};
use self::live::{Live, resume_token};
use crate::admission::Place;
use crate::metered_stream::MeteredStream;
use crate::protocol::{Close, Closing, Hello, ServerFrame, UnwatchedField, Welcome, parse_hello};
use crate::resume::{self, Start};
use crate::{Gateway, Limits, credentials};

type Socket = WebSocketStream<MeteredStream<Upgraded>>;

/// Number of bytes that are read at once, and the initial size of a socket's buffer. Small, because there are many
/// sockets and clients send little; a longer message takes several reads.
const READ_BUFFER: usize = 512;
/// Number of bytes that are collected before they are written.
const WRITE_BUFFER: usize = 4 * 1024;
/// Largest number of bytes that may wait to be written: more than any single frame.
const WRITE_BUFFER_MOST: usize = 128 * 1024;

/// The end of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    /// The gateway closes it.
    Close(Closing),
    /// The client closed it, or has disconnected.
    Gone,
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Close(close.into())
    }
}

/// Serves one socket.
pub(crate) async fn serve(gateway: Arc<Gateway>, upgrade: OnUpgrade, place: Place) {
    let deadline = Instant::now() + gateway.settings.timing.hello;
    // All parts are boxed, so that an idle socket does not keep memory for futures that run once.
    let Some(mut socket) = Box::pin(open(&gateway, upgrade, deadline)).await else { return };
    let end = let_in_and_run(&gateway, &mut socket, deadline, place).await;
    if let End::Close(closing) = end {
        tracing::debug!(
            code = closing.close.code(),
            detail = closing.detail.as_deref(),
            "a socket is closed"
        );
        Box::pin(close(&gateway, socket, &closing)).await;
    }
}

async fn let_in_and_run(gateway: &Arc<Gateway>, socket: &mut Socket, deadline: Instant, place: Place) -> End {
    let start = Box::pin(let_in(gateway, socket, deadline)).await;
    drop(place);
    let live = start.map(|start| {
        let welcome = welcome(gateway, &start);
        Box::pin(Live::new(gateway, socket, start.seat).run(welcome))
    });
    match live {
        Ok(live) => live.await,
        Err(end) => end,
    }
}

async fn open(gateway: &Gateway, upgrade: OnUpgrade, deadline: Instant) -> Option<Socket> {
    let stream = timeout_at(deadline, upgrade).await.ok()?.ok()?;
    let limits = gateway.settings.limits;
    let stream = MeteredStream::new(stream, &limits);
    Some(WebSocketStream::from_raw_socket(stream, Role::Server, Some(config(limits))).await)
}

fn config(limits: Limits) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER_MOST)
        .max_message_size(Some(limits.message_bytes))
        .max_frame_size(Some(limits.message_bytes))
}

/// Waits for `hello`, checks its credential, and adds the socket to the hub.
async fn let_in(gateway: &Arc<Gateway>, socket: &mut Socket, deadline: Instant) -> Result<Start, End> {
    let hello = tokio::select! {
        biased;
        () = gateway.draining.triggered() => return Err(End::from(Close::Restart)),
        hello = timeout_at(deadline, hello(socket)) => hello.unwrap_or(Err(End::from(Close::HelloTimeout)))?,
    };
    let id = ConnectionId::new(&*gateway.app.ids);
    let joined = async {
        let holder = credentials::check(gateway, &hello.credential).await?;
        Ok(resume::start(gateway, id, holder, hello.resume.as_ref(), &hello.watch).await?)
    };
    // Every call to the database and to Redis has its own deadline; this one limits all of them together.
    let joined = timeout(gateway.settings.timing.write, joined).await;
    joined.unwrap_or(Err(Close::TryLater.into())).map_err(End::Close)
}

/// Reads the first message.
async fn hello(socket: &mut Socket) -> Result<Hello, End> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return parse_hello(&text).map_err(End::Close),
            // The WebSocket library answers pings.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => {
                let detail = Some("messages are text, not binary".into());
                return Err(End::Close(Closing { close: Close::Protocol, detail }));
            }
            Some(Ok(Message::Close(_))) | None => return Err(End::Gone),
            Some(Err(error)) => return Err(end_after(&error)),
        }
    }
}

fn welcome(gateway: &Gateway, start: &Start) -> Utf8Bytes {
    let unwatched: Vec<UnwatchedField> = start.unwatched.iter().map(|target| (*target).into()).collect();
    ServerFrame::Welcome(Welcome {
        conn: start.seat.outlet.id,
        uid: start.seat.outlet.user,
        exp: start.seat.grant_ends,
        hb: u64::try_from(gateway.settings.timing.heartbeat.as_millis()).unwrap_or(u64::MAX),
        max: gateway.settings.limits.message_bytes,
        epoch: start.epoch,
        resumed: start.resumed,
        pos: start.positions.clone(),
        rt: &resume_token(gateway, &start.seat),
        unwatched: &unwatched,
    })
    .text()
}
