//! One socket, from the upgrade to the close: one task, which owns all of it.

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
use tokio_tungstenite::tungstenite::{Error, Message};

use self::closing::{close, end_after};
use self::live::{Live, opening};
use crate::admission::Place;
use crate::metered_stream::MeteredStream;
use crate::protocol::{Close, Hello, parse_hello};
use crate::resume::{self, Start};
use crate::{Gateway, Limits, credentials};

type Socket = WebSocketStream<MeteredStream<Upgraded>>;

/// The first buffer of a socket, allocated at once; there are many sockets, and clients say little.
const READ_BUFFER: usize = 4 * 1024;
/// How many bytes are collected before they are written.
const WRITE_BUFFER: usize = 4 * 1024;
/// How many bytes may wait to be written: more than any one frame.
const WRITE_BUFFER_MOST: usize = 128 * 1024;

/// How a socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// We close it.
    Close(Close),
    /// The client closed it, or is gone.
    Gone,
}

/// Serves one socket.
pub(crate) async fn serve(gateway: Arc<Gateway>, upgrade: OnUpgrade, place: Place) {
    let deadline = Instant::now() + gateway.settings.timing.hello;
    let Ok(Ok(stream)) = timeout_at(deadline, upgrade).await else { return };
    let stream = MeteredStream::new(stream, &gateway.settings.limits);
    let mut socket =
        WebSocketStream::from_raw_socket(stream, Role::Server, Some(config(gateway.settings.limits))).await;
    // Both are boxed: an idle socket does not keep room for what happens once.
    let let_in = Box::pin(let_in(&gateway, &mut socket, deadline)).await;
    drop(place);
    let end = match let_in {
        Ok(mut start) => {
            let opening = opening(&gateway, &mut start);
            Box::pin(Live::new(&gateway, &mut socket, start.seat).run(opening)).await
        }
        Err(end) => end,
    };
    if let End::Close(reason) = end {
        tracing::debug!(code = reason.code(), reason = reason.as_str(), "a socket is closed");
        Box::pin(close(&gateway, socket, reason)).await;
    }
}

fn config(limits: Limits) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER_MOST)
        .max_message_size(Some(limits.message_bytes))
        .max_frame_size(Some(limits.message_bytes))
}

/// Waits for the hello, finds out whose socket it is, and gives it a place in the hub.
async fn let_in(gateway: &Arc<Gateway>, socket: &mut Socket, deadline: Instant) -> Result<Start, End> {
    let hello = tokio::select! {
        biased;
        () = gateway.draining.triggered() => return Err(End::Close(Close::Restart)),
        hello = timeout_at(deadline, hello(socket)) => hello.unwrap_or(Err(End::Close(Close::HelloTimeout)))?,
    };
    let Ok(epoch) = gateway.epoch() else { return Err(End::Close(Close::TryLater)) };
    let id = ConnectionId::new(&*gateway.app.ids);
    let joined = async {
        let holder = credentials::check(gateway, &hello.credential).await?;
        resume::start(gateway, id, epoch, holder, hello.resume.as_ref()).await
    };
    // Every question to the database and to Redis has a limit of its own; this one is for all together.
    let joined = timeout(gateway.settings.timing.write, joined).await;
    joined.unwrap_or(Err(Close::TryLater)).map_err(End::Close)
}

/// Reads the first message.
async fn hello(socket: &mut Socket) -> Result<Hello, End> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return parse_hello(&text).map_err(End::Close),
            // Answered by the library.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => return Err(End::Close(Close::Protocol)),
            Some(Ok(Message::Close(_))) | None => return Err(End::Gone),
            Some(Err(error)) => return Err(end_after(&error)),
        }
    }
}
