//! Lets only well-formed request heads through to the HTTP server.
//!
//! hyper answers a head that it cannot parse with an empty response, and accepts more than RFC 9112 asks for. The
//! filter follows the requests of a connection and replaces a head that breaks a rule by a small request of its own,
//! which carries [`REFUSAL_HEADER`]. So the answer is written by the same code as all others, and in order.

use std::io;

use super::chunked::ChunkedBody;
use super::request_head::{BodyLength, Refusal, check};

/// The header that carries the [`Refusal`] in the request that replaces a refused one. A client that sends it is
/// refused.
pub const REFUSAL_HEADER: &str = "x-orgo-refused";

/// Largest request line together with the headers, in bytes. nginx accepts as much (`large_client_header_buffers`).
const MAX_HEAD: usize = 32 * 1024;

/// Follows the requests of one connection.
#[derive(Debug, Default)]
pub(super) struct RequestFilter {
    state: State,
    /// The part of a head that has arrived.
    head: Vec<u8>,
    /// The bytes of the current line of the head.
    line: usize,
    /// Bytes for the HTTP server, of which `taken` were read.
    ready: Vec<u8>,
    taken: usize,
    asks_for_upgrade: bool,
    /// The number of heads that ended, refused ones included.
    heads: u64,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Head,
    Fixed(u64),
    Chunked(ChunkedBody),
    /// The connection was upgraded to another protocol.
    PassThrough,
    /// A request was refused; no further bytes are read.
    Refused,
}

impl RequestFilter {
    /// Returns whether a part of a head has arrived.
    pub(super) fn is_inside_head(&self) -> bool {
        matches!(self.state, State::Head) && !self.head.is_empty()
    }

    /// Returns whether the peer may be sending a request, or the rest of one, that will not be read.
    pub(super) fn is_inside_request(&self) -> bool {
        match self.state {
            State::Head => !self.head.is_empty(),
            State::Fixed(_) | State::Chunked(_) | State::Refused => true,
            State::PassThrough => false,
        }
    }

    pub(super) fn is_pass_through(&self) -> bool {
        matches!(self.state, State::PassThrough) && self.ready.is_empty()
    }

    pub(super) fn is_refused(&self) -> bool {
        matches!(self.state, State::Refused)
    }

    /// Returns how many heads have ended, refused ones included.
    pub(super) fn heads(&self) -> u64 {
        self.heads
    }

    /// Looks at bytes of the server's answer: after 101 the connection belongs to another protocol.
    pub(super) fn answered(&mut self, bytes: &[u8]) {
        if self.asks_for_upgrade && bytes.starts_with(b"HTTP/1.1 101 ") {
            self.state = State::PassThrough;
            self.head = Vec::new();
        }
    }

    /// Processes bytes from the peer.
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let passed = match &mut self.state {
                State::Head => {
                    rest = self.push_head(rest);
                    continue;
                }
                State::Refused => return Ok(()),
                State::PassThrough => rest.len(),
                State::Fixed(left) => {
                    let passed = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    *left = left.saturating_sub(u64::try_from(passed).unwrap_or(u64::MAX));
                    passed
                }
                State::Chunked(body) => body.advance(rest)?,
            };
            let (body, after) = rest.split_at_checked(passed).unwrap_or((rest, &[]));
            self.ready.extend_from_slice(body);
            rest = after;
            let is_over = match &self.state {
                State::Fixed(left) => *left == 0,
                State::Chunked(body) => body.is_done(),
                _ => false,
            };
            if is_over {
                self.state = State::Head;
            }
        }
        Ok(())
    }

    /// Processes bytes of a head, and returns those after it.
    fn push_head<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            if self.head.is_empty() && !byte.is_ascii_alphabetic() && !matches!(byte, b'\r' | b'\n') {
                // The first byte of a TLS handshake, for example: no line will follow.
                self.refuse(Refusal::RequestLine);
                return &[];
            }
            let previous = self.head.last().copied();
            self.head.push(byte);
            if self.head.len() > MAX_HEAD {
                self.refuse(Refusal::HeadersTooLarge);
                return &[];
            }
            if byte != b'\n' {
                self.line += 1;
                continue;
            }
            if previous != Some(b'\r') {
                self.refuse(Refusal::BareLineFeed);
                return &[];
            }
            let is_empty_line = self.line == 1;
            self.line = 0;
            if is_empty_line && self.head.len() == 2 {
                // Before a request line empty lines are ignored (RFC 9112 section 2.2).
                self.head.clear();
            } else if is_empty_line {
                self.end_of_head();
                return rest;
            }
        }
        rest
    }

    fn end_of_head(&mut self) {
        match check(&self.head) {
            Ok(accepted) => {
                self.heads += 1;
                self.ready.append(&mut self.head);
                self.asks_for_upgrade = accepted.asks_for_upgrade;
                self.state = match accepted.body {
                    BodyLength::Fixed(0) => State::Head,
                    BodyLength::Fixed(length) => State::Fixed(length),
                    BodyLength::Chunked => State::Chunked(ChunkedBody::default()),
                };
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    /// Replaces the request that is being read. The replacement is the last request of the connection.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.head = Vec::new();
        self.heads += 1;
        self.state = State::Refused;
        let request = format!(
            "GET / HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n{REFUSAL_HEADER}: {refusal}\r\n\r\n"
        );
        self.ready.extend_from_slice(request.as_bytes());
    }

    /// Returns the bytes for the HTTP server that it has not taken yet.
    pub(super) fn ready(&self) -> &[u8] {
        self.ready.get(self.taken..).unwrap_or_default()
    }

    /// Records that the server took bytes of [`Self::ready`].
    pub(super) fn take(&mut self, count: usize) {
        self.taken += count;
        if self.taken >= self.ready.len() {
            self.taken = 0;
            match self.state {
                // Sockets live long, so the memory of the handshake is freed.
                State::PassThrough => self.ready = Vec::new(),
                _ => self.ready.clear(),
            }
        }
    }
}

#[cfg(test)]
#[path = "request_filter_tests.rs"]
mod tests;
