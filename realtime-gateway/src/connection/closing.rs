use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::{End, Error, Socket};
use crate::Gateway;
use crate::metered_stream::RateExceeded;
use crate::protocol::{Close, Closing};

/// Shortest wait before a client connects again.
const RETRY: Duration = Duration::from_millis(500);
/// Period over which clients that are closed together connect again.
const SPREAD: Duration = Duration::from_secs(5);

/// Returns the end of a socket whose read failed.
pub(super) fn end_after(error: &Error) -> End {
    match error {
        Error::Io(error) if RateExceeded::is_cause_of(error) => End::from(Close::Rate),
        Error::Capacity(_) => End::from(Close::TooLarge),
        Error::Utf8(_) => End::from(Close::NotText),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Gone,
        Error::Protocol(fault) => {
            End::Close(Closing { close: Close::Protocol, detail: Some(fault.to_string().into()) })
        }
        _ => End::Gone,
    }
}

/// Sends the close frame and waits briefly until the client has read it: dropping a connection with unread bytes resets
/// it, and the client would not receive the reason.
pub(super) async fn close(gateway: &Gateway, mut socket: Socket, closing: &Closing) {
    let reason = closing.reason(retry(gateway, closing.close));
    let frame = CloseFrame { code: closing.close.code().into(), reason: reason.into() };
    let closed = async {
        socket.close(Some(frame)).await?;
        while let Some(message) = socket.next().await {
            if message.is_err() {
                break;
            }
        }
        // After a broken message the library reads no more; further bytes of the client are discarded.
        let stream = socket.get_mut();
        stream.discard();
        stream.shutdown().await?;
        let mut thrown_away = [0; 1024];
        while stream.read(&mut thrown_away).await? > 0 {}
        Ok::<(), Error>(())
    };
    if let Ok(Err(error)) = timeout(gateway.settings.timing.close, closed).await {
        tracing::debug!(%error, "a socket was gone before it was closed");
    }
}

/// Returns a random time before the client connects again, so that clients that were closed together do not return
/// together.
fn retry(gateway: &Gateway, reason: Close) -> Duration {
    let spread = match reason {
        Close::Restart | Close::TryLater => SPREAD,
        _ => RETRY,
    };
    let mut bytes = [0; 2];
    gateway.app.random.fill(&mut bytes);
    RETRY + spread.mul_f64(f64::from(u16::from_be_bytes(bytes)) / f64::from(u16::MAX))
}
