//! The socket protocol `orgo.v1`: JSON text, one object a message.

mod client;
mod close;
mod describe;
mod server;

pub use close::{Close, Duty};
pub use describe::describe;

pub(crate) use client::{ClientFrame, Credential, FrameFault, Hello, Known, ResumePoint, parse, parse_hello};
pub(crate) use server::{FrameError, ServerFrame, with_position};

/// The name of the protocol, offered and accepted in `Sec-WebSocket-Protocol` (RFC 6455 section 11.3.4).
pub const SUBPROTOCOL: &str = "orgo.v1";
/// The version a client says in its hello.
pub const VERSION: u32 = 1;

#[cfg(test)]
mod tests;
