use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::{End, Error, Socket};
use crate::Gateway;
use crate::metered_stream::RateExceeded;
use crate::protocol::Close;

/// The shortest wait before a client connects again.
const RETRY: Duration = Duration::from_millis(500);
/// Over how long clients that are sent away together come back.
const SPREAD: Duration = Duration::from_secs(5);

/// Returns what a failed read means.
pub(super) fn end_after(error: &Error) -> End {
    match error {
        Error::Io(error) if RateExceeded::is_cause_of(error) => End::Close(Close::Rate),
        Error::Capacity(_) => End::Close(Close::TooLarge),
        Error::Utf8(_) => End::Close(Close::NotText),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Gone,
        Error::Protocol(_) => End::Close(Close::Protocol),
        _ => End::Gone,
    }
}

/// Says why, and waits a little for the client to hear it: a connection that is dropped with unread bytes is reset, and
/// the reason lost.
pub(super) async fn close(gateway: &Gateway, mut socket: Socket, reason: Close) {
    let frame =
        CloseFrame { code: reason.code().into(), reason: reason.reason(retry(gateway, reason)).into() };
    let closed = async {
        socket.close(Some(frame)).await?;
        while let Some(message) = socket.next().await {
            if message.is_err() {
                break;
            }
        }
        // After a broken message the library reads no more; what the client still sends is thrown away.
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

/// Those who are sent away together come back one after the other.
fn retry(gateway: &Gateway, reason: Close) -> Duration {
    let spread = match reason {
        Close::Restart | Close::TryLater => SPREAD,
        _ => RETRY,
    };
    let mut bytes = [0; 2];
    gateway.app.random.fill(&mut bytes);
    RETRY + spread.mul_f64(f64::from(u16::from_be_bytes(bytes)) / f64::from(u16::MAX))
}
