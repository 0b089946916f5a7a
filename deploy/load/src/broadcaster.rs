//! The least that a broadcaster on tokio-tungstenite can be: what the gateway's fan-out is compared with. It knows
//! neither people nor positions, it only writes each message to every socket.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::LoadFault;

/// Messages that may wait for the slowest socket.
const QUEUE: usize = 4096;
/// Bytes handed to a socket before it is flushed, as in the gateway.
const PORTION: usize = 4 * 1024;

/// Listens on the port. Each line `COUNT BYTES` of standard input sends so many messages of that size to every socket;
/// the end of standard input ends it.
pub async fn broadcaster(port: u16) -> Result<(), LoadFault> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let (messages, _) = broadcast::channel::<Utf8Bytes>(QUEUE);
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _peer) = accepted?;
                stream.set_nodelay(true)?;
                tokio::spawn(serve(stream, messages.subscribe()));
            }
            line = lines.next_line() => {
                let Some(line) = line? else { return Ok(()) };
                let (count, bytes) = parse(&line)?;
                for _ in 0..count {
                    // Without a socket there is nothing to send.
                    messages.send(message(bytes)).map(drop).unwrap_or_default();
                }
            }
        }
    }
}

/// A peer that is gone ends its task; there is nothing else to do about it.
async fn serve(stream: TcpStream, mut messages: broadcast::Receiver<Utf8Bytes>) -> Option<()> {
    let config = WebSocketConfig::default().read_buffer_size(2 * 1024).write_buffer_size(PORTION);
    let mut socket = accept_async_with_config(stream, Some(config)).await.ok()?;
    loop {
        let first = tokio::select! {
            received = messages.recv() => received,
            from_peer = socket.next() => match from_peer {
                Some(Ok(_)) => continue,
                _ => return None,
            },
        };
        match first {
            Ok(text) => socket.feed(Message::Text(text)).await.ok()?,
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
        }
        while let Ok(text) = messages.try_recv() {
            socket.feed(Message::Text(text)).await.ok()?;
        }
        socket.flush().await.ok()?;
    }
}

fn parse(line: &str) -> Result<(u32, usize), LoadFault> {
    let numbers =
        line.split_once(' ').and_then(|(count, bytes)| Some((count.parse().ok()?, bytes.parse().ok()?)));
    numbers.ok_or_else(|| LoadFault::Unexpected(format!("not `COUNT BYTES`: {line:?}")))
}

/// Returns a frame of the size, which the watching client counts as an event.
fn message(bytes: usize) -> Utf8Bytes {
    let start = r#"{"t":"ev","k":"post.liked","d":""#;
    format!("{start}{}\"}}", "x".repeat(bytes.saturating_sub(start.len() + 2))).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_json_of_the_size_that_was_asked_for() {
        let text = message(250);
        assert_eq!(text.len(), 250);
        let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(frame["k"], "post.liked");
        assert_eq!(parse("100 250").unwrap(), (100, 250));
        assert!(parse("100").is_err());
    }
}
