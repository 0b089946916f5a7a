//! What the gateway sends.

use std::time::Duration;

use domain::Timestamp;
use domain::events::LoggedEvent;
use domain::ids::{ConnectionId, UserId};
use serde::Serialize;
use stream::Positions;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use uuid::Uuid;

/// A frame of the gateway's own making; events are passed on as they were recorded.
#[derive(Serialize)]
#[serde(tag = "t")]
pub(crate) enum ServerFrame<'a> {
    /// The first frame: who the client is, and from where on it misses nothing.
    #[serde(rename = "welcome")]
    Welcome {
        conn: ConnectionId,
        uid: UserId,
        exp: Timestamp,
        /// Milliseconds between two heartbeats.
        hb: u64,
        /// Bytes of the largest message a client may send.
        max: usize,
        epoch: Uuid,
        resumed: bool,
        /// How many missed events follow.
        replayed: usize,
        /// Everything after these positions will come on this socket.
        pos: Positions,
        rt: &'a str,
    },
    /// Something may be missed: ask the API for the present state.
    #[serde(rename = "gap")]
    Gap { all: bool },
    /// A sign of life; everything up to these positions was sent.
    #[serde(rename = "hb")]
    Heartbeat {
        now: Timestamp,
        pos: Positions,
        #[serde(skip_serializing_if = "Option::is_none")]
        rt: Option<&'a str>,
    },
    /// The grant ends soon: send a new ticket.
    #[serde(rename = "auth.due")]
    AuthDue { in_s: u64 },
    /// The new ticket was good.
    #[serde(rename = "auth.ok")]
    AuthOk { id: &'a str, exp: Timestamp },
    /// A message was of no use.
    #[serde(rename = "err")]
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        code: FrameError,
        msg: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_ms: Option<u64>,
    },
}

impl ServerFrame<'_> {
    /// Returns the frame's text.
    pub(crate) fn text(&self) -> Utf8Bytes {
        // Strings and numbers in structs: nothing in it can fail.
        serde_json::to_string(self).unwrap_or_default().into()
    }
}

macro_rules! frame_errors {
    ($($name:ident = $code:literal, $message:literal;)+) => {
        /// What is wrong with a message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        pub(crate) enum FrameError {
            $(#[serde(rename = $code)] $name,)+
        }

        impl FrameError {
            /// Every code with what it says.
            pub(super) const ALL: &[(&str, &str)] = &[$(($code, $message),)+];

            /// Returns the error as a frame.
            pub(crate) fn frame(self, id: Option<&str>, retry: Option<Duration>) -> Utf8Bytes {
                let msg = match self { $(Self::$name => $message,)+ };
                let retry_ms = retry.and_then(|retry| u64::try_from(retry.as_millis()).ok());
                ServerFrame::Error { id, code: self, msg, retry_ms }.text()
            }
        }
    };
}

frame_errors! {
    BadFrame = "bad_frame", "The message is not of the protocol.";
    NotFound = "not_found", "This is not offered yet.";
    Busy = "busy", "Not possible at the moment.";
}

/// Returns an event's frame with its partition and position in front, without reading the rest of it. Nothing where the
/// recorded frame is no JSON object with a field.
pub(crate) fn with_position(event: &LoggedEvent) -> Option<Utf8Bytes> {
    let fields = event.frame.strip_prefix('{').filter(|fields| fields.starts_with('"'))?;
    let text = format!(r#"{{"p":{},"o":{},{fields}"#, event.partition.number(), event.position);
    Some(text.into())
}
