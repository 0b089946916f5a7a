//! Limits the bytes and frames of a client, below the WebSocket layer.
//!
//! The layer above reports whole messages only. A client that sends endless empty continuation frames never completes a
//! message, so the frames are counted here, where the bytes arrive.

mod bucket;
mod frame_counter;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use self::bucket::Bucket;
use self::frame_counter::FrameCounter;
use crate::Limits;

/// Largest number of bytes that are read from a client while its socket is being closed.
const DISCARDED: usize = 1024 * 1024;

/// A stream whose read side fails with [`RateExceeded`] once the client has sent too much. Writing is not limited.
pub(crate) struct MeteredStream<S> {
    stream: S,
    frames: FrameCounter,
    frame_bucket: Bucket,
    byte_bucket: Bucket,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Metering,
    /// Every read through the WebSocket layer fails from now on.
    Exceeded,
    /// The socket is being closed. After this number of further bytes the stream ends.
    Discarding {
        left: usize,
    },
}

/// Error: the client sent more frames or bytes than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client sent more frames or bytes a second than allowed")]
pub(crate) struct RateExceeded;

impl RateExceeded {
    /// Returns whether an error of the read side is [`RateExceeded`].
    pub(crate) fn is_cause_of(error: &io::Error) -> bool {
        error.get_ref().and_then(|cause| cause.downcast_ref::<Self>()).is_some()
    }
}

impl<S> MeteredStream<S> {
    pub(crate) fn new(stream: S, limits: &Limits) -> Self {
        let now = Instant::now();
        Self {
            stream,
            frames: FrameCounter::default(),
            frame_bucket: Bucket::full(limits.frames_per_second, limits.frames_burst, now),
            byte_bucket: Bucket::full(limits.bytes_per_second, limits.bytes_burst, now),
            state: State::Metering,
        }
    }

    /// Prepares for the close: up to [`DISCARDED`] bytes of the client can be read and discarded. A connection that is
    /// dropped with unread data is reset, and the client may lose the close frame.
    pub(crate) fn discard(&mut self) {
        self.state = State::Discarding { left: DISCARDED };
    }

    fn count(&mut self, bytes: &[u8], now: Instant) -> Result<(), RateExceeded> {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.byte_bucket.take(length, now)?;
        self.frame_bucket.take(self.frames.count(bytes), now)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for MeteredStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.state {
            State::Exceeded => return Poll::Ready(Err(io::Error::other(RateExceeded))),
            State::Discarding { left: 0 } => return Poll::Ready(Ok(())),
            State::Metering | State::Discarding { .. } => {}
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let read = buffer.filled().get(before..).unwrap_or_default();
        match &mut self.state {
            State::Discarding { left } => *left = left.saturating_sub(read.len()),
            State::Metering | State::Exceeded => {
                if self.count(read, Instant::now()).is_err() {
                    self.state = State::Exceeded;
                    // None of these bytes is parsed.
                    buffer.set_filled(before);
                    return Poll::Ready(Err(io::Error::other(RateExceeded)));
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for MeteredStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests;
