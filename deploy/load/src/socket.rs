use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::{Api, LoadFault, Person};

/// Deadline for the next frame.
const DEADLINE: Duration = Duration::from_secs(30);

/// A person's open socket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The `welcome` frame.
    pub welcome: Value,
}

/// The end of a socket.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// The close code; 1006 if the connection ended without one.
    pub code: u16,
    /// The reason of the close frame.
    pub reason: String,
}

impl Socket {
    /// Opens a person's socket: a ticket from the API, the upgrade, hello, welcome. `resume` has the epoch and the
    /// positions of an earlier socket.
    pub async fn open(api: &Api, person: &Person, resume: Option<Value>) -> Result<Self, LoadFault> {
        Self::open_at(api, person, resume, None).await
    }

    /// Opens a person's socket at `url` (`ws://…`), or where the ticket says.
    pub async fn open_at(
        api: &Api,
        person: &Person,
        resume: Option<Value>,
        url: Option<&str>,
    ) -> Result<Self, LoadFault> {
        let issued = api.ticket(person).await?;
        let mut hello = json!({ "t": "hello", "v": 1, "ticket": issued.text("/ticket")? });
        if let (Some(resume), Some(fields)) = (resume, hello.as_object_mut()) {
            fields.insert("resume".into(), resume);
        }
        let named = issued.text("/url")?;
        let mut request = url.unwrap_or(&named).into_client_request()?;
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", HeaderValue::from_static("orgo.v1"));
        let (stream, _response) = connect_async(request).await?;
        let mut socket = Self { stream, welcome: Value::Null };
        socket.send(&hello).await?;
        socket.welcome = match socket.next().await? {
            Ok(frame) if frame.get("t") == Some(&json!("welcome")) => frame,
            other => return Err(LoadFault::Unexpected(format!("instead of welcome: {other:?}"))),
        };
        Ok(socket)
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: &Value) -> Result<(), LoadFault> {
        Ok(self.stream.send(Message::text(frame.to_string())).await?)
    }

    /// Returns the next frame, or the end of the socket.
    pub async fn next(&mut self) -> Result<Result<Value, Ended>, LoadFault> {
        loop {
            let next = tokio::time::timeout(DEADLINE, self.stream.next()).await;
            match next.map_err(|_late| LoadFault::Late)? {
                Some(Ok(Message::Text(text))) => {
                    let frame = serde_json::from_str(&text);
                    return Ok(Ok(frame.map_err(|fault| LoadFault::Unexpected(format!("{fault}: {text}")))?));
                }
                Some(Ok(Message::Close(frame))) => {
                    let ended = frame
                        .map(|frame| Ended { code: frame.code.into(), reason: frame.reason.to_string() });
                    return Ok(Err(ended.unwrap_or(Ended { code: 1005, reason: String::new() })));
                }
                Some(Ok(_other)) => {}
                Some(Err(_)) | None => return Ok(Err(Ended { code: 1006, reason: String::new() })),
            }
        }
    }

    /// Returns the next notification and skips other frames.
    pub async fn next_notification(&mut self) -> Result<Value, LoadFault> {
        loop {
            match self.next().await? {
                Ok(frame) if frame.get("k") == Some(&json!("notification")) => return Ok(frame),
                Ok(_other) => {}
                Err(ended) => return Err(LoadFault::Unexpected(format!("{ended:?}"))),
            }
        }
    }

    /// Waits until the gateway closes the socket.
    pub async fn ended(&mut self) -> Result<Ended, LoadFault> {
        loop {
            if let Err(ended) = self.next().await? {
                return Ok(ended);
            }
        }
    }

    /// Closes the socket.
    pub async fn close(mut self) -> Result<(), LoadFault> {
        Ok(self.stream.close(None).await?)
    }
}
