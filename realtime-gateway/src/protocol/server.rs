//! Frames that the gateway sends.

use std::time::Duration;

use domain::Timestamp;
use domain::events::LoggedEvent;
use domain::ids::{ConnectionId, UserId};
use operations::realtime::WatchTarget;
use schemars::JsonSchema;
use serde::Serialize;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use uuid::Uuid;

use super::PositionMap;

/// A frame that the gateway makes itself. Events are sent as they were recorded.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "t")]
pub(crate) enum ServerFrame<'a> {
    #[serde(rename = "welcome")]
    Welcome(Welcome<'a>),
    #[serde(rename = "gap")]
    Gap(GapFrame),
    #[serde(rename = "hb")]
    Heartbeat(Heartbeat<'a>),
    #[serde(rename = "auth.due")]
    AuthDue(AuthDue),
    #[serde(rename = "auth.ok")]
    AuthOk(AuthOk<'a>),
    #[serde(rename = "ack")]
    Ack(Ack<'a>),
    #[serde(rename = "err")]
    Error(ErrorFrame<'a>),
}

/// First frame of the gateway. With `resumed`, events that the client missed follow; then new ones.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Welcome<'a> {
    /// Id of the connection.
    pub(crate) conn: ConnectionId,
    /// Id of the person.
    pub(crate) uid: UserId,
    /// End of the grant: before it, the client sends `auth` with a new ticket.
    pub(crate) exp: Timestamp,
    /// Milliseconds between two heartbeats of the gateway.
    pub(crate) hb: u64,
    /// Largest message that a client may send, in bytes.
    pub(crate) max: usize,
    /// Epoch of the event log. Positions of different epochs cannot be compared.
    pub(crate) epoch: Uuid,
    /// Whether the client gets everything that it missed. After a `hello` with `resume`, false means that a `gap`
    /// follows.
    pub(crate) resumed: bool,
    /// After this frame, the socket receives every event with a position larger than these: the person's own events and
    /// those of the watched posts and people.
    pub(crate) pos: PositionMap,
    /// Resume token.
    pub(crate) rt: &'a str,
    /// Posts and people of the `hello` that are not watched: they do not exist, or are not visible.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schemars(default)]
    pub(crate) unwatched: &'a [UnwatchedField],
}

/// A post or a person that is not watched.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Unwatched")]
pub(crate) enum UnwatchedField {
    /// Id of a post.
    Post(Uuid),
    /// Id of a person.
    User(Uuid),
}

impl From<WatchTarget> for UnwatchedField {
    fn from(watched: WatchTarget) -> Self {
        match watched {
            WatchTarget::Post(post) => Self::Post(post.0),
            WatchTarget::User(user) => Self::User(user.0),
        }
    }
}

/// The client may have missed events: it loads the present state from the API, and replaces its epoch and positions.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Gap")]
pub(crate) struct GapFrame {
    /// Always true: everything may have changed.
    pub(crate) all: bool,
    /// Epoch of the event log.
    pub(crate) epoch: Uuid,
    /// After this frame, the socket receives every event with a position larger than these: the person's own events and
    /// those of the watched posts and people.
    pub(crate) pos: PositionMap,
}

/// Sign of life. The client answers with `hb`.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Heartbeat<'a> {
    /// Clock of the gateway.
    pub(crate) now: Timestamp,
    /// Every event up to these positions was sent. The client moves its positions forward to them. Absent while missed
    /// events are being sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pos: Option<PositionMap>,
    /// True: the client moves its positions to `pos` even where that is smaller. A newer version wrote an event that this
    /// gateway cannot deliver. After a reconnect the client receives it and, once more, later events that it already
    /// processed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(default)]
    pub(crate) rewind: bool,
    /// New resume token, every two minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rt: Option<&'a str>,
}

/// The grant ends soon: the client sends `auth` with a new ticket.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AuthDue {
    /// Seconds until the grant ends.
    pub(crate) in_s: u64,
}

/// The ticket of an `auth` was accepted.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AuthOk<'a> {
    /// Id of the `auth`.
    pub(crate) id: &'a str,
    /// End of the new grant.
    pub(crate) exp: Timestamp,
}

/// A `watch` or `unwatch` was carried out.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Ack<'a> {
    /// Id of the request.
    pub(crate) id: &'a str,
    /// After a `watch`: events after this position are sent. The client adds it to its positions where it has none in that
    /// partition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pos: Option<PositionMap>,
}

/// A message was refused, or it failed. The socket stays open.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(crate) struct ErrorFrame<'a> {
    /// Id of the message, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    code: FrameError,
    /// What was wrong, in English. For developers.
    msg: &'a str,
    /// Milliseconds after which the client may try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_ms: Option<u64>,
}

impl ServerFrame<'_> {
    /// Returns the frame's text.
    pub(crate) fn text(&self) -> Utf8Bytes {
        // Strings and numbers in structs: writing them cannot fail.
        serde_json::to_string(self).unwrap_or_default().into()
    }
}

macro_rules! frame_errors {
    ($($name:ident = $code:literal, $message:literal;)+) => {
        /// Code of an `err` frame.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
        #[schemars(rename = "ErrorCode")]
        pub(crate) enum FrameError {
            $(#[doc = $message] #[serde(rename = $code)] $name,)+
        }

        impl FrameError {
            /// Every code with its explanation.
            pub(super) const ALL: &[(&str, &str)] = &[$(($code, $message),)+];

            fn message(self) -> &'static str {
                match self { $(Self::$name => $message,)+ }
            }
        }
    };
}

frame_errors! {
    BadFrame = "bad_frame", "The message does not follow the protocol.";
    NotFound = "not_found", "The post or person does not exist or is not visible, or this type of frame is not supported yet.";
    LimitReached = "limit_reached", "The socket watches as many posts and people as it may.";
    Busy = "busy", "The gateway cannot handle the message at the moment.";
}

impl FrameError {
    /// Returns the error as a frame, with its general explanation.
    pub(crate) fn frame(self, id: Option<&str>, retry: Option<Duration>) -> Utf8Bytes {
        self.explained(id, self.message(), retry)
    }

    /// Returns the error as a frame, with an explanation of its own.
    pub(crate) fn explained(self, id: Option<&str>, msg: &str, retry: Option<Duration>) -> Utf8Bytes {
        let retry_ms = retry.and_then(|retry| u64::try_from(retry.as_millis()).ok());
        ServerFrame::Error(ErrorFrame { id, code: self, msg, retry_ms }).text()
    }
}

/// Returns an event's frame with its partition and position in front, without parsing it. `None` where the recorded
/// frame is not a JSON object with a field.
pub(crate) fn with_position(event: &LoggedEvent) -> Option<Utf8Bytes> {
    let fields = event.frame.strip_prefix('{').filter(|fields| fields.starts_with('"'))?;
    let text = format!(r#"{{"p":{},"o":{},{fields}"#, event.partition.number(), event.position);
    Some(text.into())
}
