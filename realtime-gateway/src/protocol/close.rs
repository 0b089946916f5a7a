use std::borrow::Cow;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

/// What the client does after the gateway closed its socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Connects again after `retry_ms` and resumes.
    Resume,
    /// Gets a new ticket first, then connects again and resumes.
    NewTicket,
    /// Does not connect again by itself.
    Stop,
}

impl Duty {
    /// Returns its name in the protocol description.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resume => "resume",
            Self::NewTicket => "new_ticket",
            Self::Stop => "stop",
        }
    }
}

macro_rules! closes {
    ($($name:ident = $code:literal, $word:literal, $duty:ident, $meaning:literal;)+) => {
        /// Why the gateway closes a socket: the code of the close frame (RFC 6455 section 7.4).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Close {
            $(#[doc = $meaning] $name,)+
        }

        impl Close {
            /// All reasons, by ascending code.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns the code of the close frame.
            pub fn code(self) -> u16 {
                match self { $(Self::$name => $code,)+ }
            }

            /// Returns the name: `code` in the close frame's reason.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// Returns what the client does next.
            pub fn duty(self) -> Duty {
                match self { $(Self::$name => Duty::$duty,)+ }
            }

            /// Returns a sentence that explains it.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }
        }
    };
}

closes! {
    NotText = 1007, "not_text", Stop, "A text message was not UTF-8.";
    TooLarge = 1009, "too_large", Stop, "A message was larger than the limit.";
    Restart = 1012, "restart", Resume, "This gateway is shutting down. Another one takes over.";
    TryLater = 1013, "try_later", Resume, "The gateway cannot reach a service that it needs.";
    Internal = 4100, "internal", Resume, "The gateway failed.";
    Slow = 4101, "slow", Resume, "The client did not accept any data for too long.";
    Silent = 4102, "silent", Resume, "The client sent nothing for too long and did not answer heartbeats.";
    Rate = 4104, "rate", Resume, "The client sent too many messages, frames or bytes per second.";
    Superseded = 4105, "superseded", Stop, "The client resumed on another socket, which replaces this one.";
    HelloTimeout = 4200, "hello_timeout", NewTicket, "The client did not send hello in time.";
    AuthExpired = 4201, "auth_expired", NewTicket, "The grant ended and the client sent no new ticket.";
    TicketInvalid = 4202, "ticket_invalid", NewTicket, "The ticket is malformed, expired or already used; or the resume token is malformed or expired; or the session ended before the socket was opened.";
    Protocol = 4300, "protocol", Stop, "The client did not follow the protocol.";
    Revoked = 4301, "revoked", Stop, "The session ended while the socket was open. The person has to log in again.";
    TooManyConnections = 4303, "too_many_connections", Stop, "The person opened more sockets than allowed. The oldest one is closed.";
    Version = 4304, "version", Stop, "The client uses a version of the protocol that is not offered.";
}

/// A close with the reason that the client is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closing {
    pub(crate) close: Close,
    /// Explanation in English. `None` if the name of the close code is enough.
    pub(crate) detail: Option<Cow<'static, str>>,
}

impl From<Close> for Closing {
    fn from(close: Close) -> Self {
        Self { close, detail: None }
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CloseReason")]
/// Reason of a close frame, at most 123 bytes of JSON.
pub(super) struct Reason<'a> {
    /// Name of the close.
    code: &'a str,
    /// Milliseconds to wait before connecting again. Absent where the client should not connect again by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_ms: Option<u64>,
    /// What was wrong, in English. May be cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

/// Most bytes of a close frame's reason (RFC 6455 section 5.5, less the code).
const LONGEST_REASON: usize = 123;

impl Closing {
    /// Returns the reason: a JSON object with `code`, `retry_ms` where the client connects again, and `detail`, cut to
    /// what fits.
    pub(crate) fn reason(&self, retry: Duration) -> String {
        let retry_ms = match self.close.duty() {
            Duty::Resume | Duty::NewTicket => u64::try_from(retry.as_millis()).ok(),
            Duty::Stop => None,
        };
        let code = self.close.as_str();
        // Cut first: a client chooses how long a message of its own making is.
        let mut detail = self.detail.as_deref().map(|text| cut(text, LONGEST_REASON));
        loop {
            let reason = serde_json::to_string(&Reason { code, retry_ms, detail }).unwrap_or_default();
            let Some(text) = detail.filter(|_| reason.len() > LONGEST_REASON) else { return reason };
            let last = text.char_indices().next_back().map_or(0, |(start, _)| start);
            detail = text.get(..last).filter(|text| !text.is_empty());
        }
    }
}

/// Returns the longest beginning of a text that has at most `bytes` bytes.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default()
}
