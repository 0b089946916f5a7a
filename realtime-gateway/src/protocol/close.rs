use std::time::Duration;

use serde::Serialize;

/// What a client does after a socket was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Connect again after `retry_ms`, and resume.
    Resume,
    /// Get a ticket first, then connect again, and resume.
    NewTicket,
    /// Not connect again by itself.
    Stop,
}

impl Duty {
    /// Returns its name in the description of the protocol.
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
            /// Every way a socket is closed, by code.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns its number on the wire.
            pub fn code(self) -> u16 {
                match self { $(Self::$name => $code,)+ }
            }

            /// Returns its name, which the reason holds as `code`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// Returns what the client does next.
            pub fn duty(self) -> Duty {
                match self { $(Self::$name => Duty::$duty,)+ }
            }

            /// Returns what it means.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }
        }
    };
}

closes! {
    NotText = 1007, "not_text", Stop, "A text message was not UTF-8.";
    TooLarge = 1009, "too_large", Stop, "A message was larger than accepted.";
    Restart = 1012, "restart", Resume, "This gateway stops; others go on.";
    TryLater = 1013, "try_later", Resume, "Something the gateway needs cannot be reached at the moment.";
    Internal = 4100, "internal", Resume, "A fault of the gateway.";
    Slow = 4101, "slow", Resume, "The client read too slowly.";
    Silent = 4102, "silent", Resume, "The client sent nothing for too long, no answer to a heartbeat either.";
    Rate = 4104, "rate", Resume, "The client sent too many messages, frames or bytes a second.";
    Superseded = 4105, "superseded", Stop, "The client resumed on another socket; this one is no longer needed.";
    HelloTimeout = 4200, "hello_timeout", NewTicket, "No hello came in time.";
    AuthExpired = 4201, "auth_expired", NewTicket, "The grant ended and no new ticket came.";
    TicketInvalid = 4202, "ticket_invalid", NewTicket, "The ticket or resume token is wrong, used or too old, or its session has ended.";
    Protocol = 4300, "protocol", Stop, "The client broke the protocol.";
    Revoked = 4301, "revoked", Stop, "The session has ended: log in again.";
    TooManyConnections = 4303, "too_many_connections", Stop, "The person opened more sockets than allowed; the oldest is closed.";
    Version = 4304, "version", Stop, "The client speaks a version of the protocol that is not offered.";
}

#[derive(Serialize)]
struct Reason {
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_ms: Option<u64>,
}

impl Close {
    /// Returns the reason: a JSON object of at most 123 bytes with `code` and, where the client comes back, `retry_ms`.
    pub fn reason(self, retry: Duration) -> String {
        let retry_ms = match self.duty() {
            Duty::Resume | Duty::NewTicket => u64::try_from(retry.as_millis()).ok(),
            Duty::Stop => None,
        };
        serde_json::to_string(&Reason { code: self.as_str(), retry_ms }).unwrap_or_default()
    }
}
