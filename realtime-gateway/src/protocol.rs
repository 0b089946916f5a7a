//! The socket protocol `orgo.v1`: JSON text, one object a message.

mod asyncapi;
mod client;
mod close;
mod object;
mod position_map;
mod server;

pub use asyncapi::asyncapi;
pub use close::{Close, Duty};
pub use position_map::PositionMap;

pub(crate) use asyncapi::ASYNCAPI;
pub(crate) use client::{
    ClientFrame, Credential, FaultKind, FrameFault, Hello, ResumePoint, parse, parse_hello,
};
pub(crate) use close::Closing;
pub(crate) use server::{
    Ack, AuthDue, AuthOk, FrameError, GapFrame, Heartbeat, ServerFrame, UnwatchedField, Welcome,
    with_position,
};

/// Name of the protocol, offered and accepted in `Sec-WebSocket-Protocol` (RFC 6455 section 11.3.4).
pub const SUBPROTOCOL: &str = "orgo.v1";
/// Version that a client names in its hello.
pub const VERSION: u32 = 1;
/// Largest number of posts and people that one socket watches.
pub const WATCHED: usize = 20;

#[cfg(test)]
mod tests;
