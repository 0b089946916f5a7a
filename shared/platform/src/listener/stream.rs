use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};

use super::Guard;
use super::request_filter::RequestFilter;
use super::request_head::Refusal;

/// Size of one read, in bytes.
const CHUNK: usize = 4096;
/// Limits, in time and bytes, of reading and discarding input while a connection closes. Without it, the client could
/// lose the answer: closing a TCP connection with unread bytes resets it (RFC 9112 section 9.6).
const LINGER: Duration = Duration::from_secs(1);
const MAX_LINGER: usize = 256 * 1024;

/// A connection with deadlines, whose malformed requests are replaced by a refusal.
///
/// The HTTP server does not know the deadlines: once one has passed, its reads and writes fail.
pub struct GuardedStream<S> {
    inner: S,
    guard: Guard,
    deadline: Pin<Box<Sleep>>,
    filter: RequestFilter,
    /// Number of bytes that may still be discarded while closing; `None` before that.
    lingering: Option<usize>,
    _place: Option<OwnedSemaphorePermit>,
}

impl<S> GuardedStream<S> {
    pub(super) fn new(inner: S, guard: Guard, place: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            inner,
            guard,
            deadline: Box::pin(tokio::time::sleep(guard.answer)),
            filter: RequestFilter::default(),
            lingering: None,
            _place: place,
        }
    }

    /// Returns the underlying connection.
    pub(super) fn get_ref(&self) -> &S {
        &self.inner
    }

    fn allow(&mut self, time: Duration) {
        self.deadline.as_mut().reset(Instant::now() + time);
    }

    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        self.deadline.as_mut().poll(context).is_ready()
    }

    /// Returns a ready result; fails if the result is pending and the deadline has passed.
    fn or_too_late<T>(
        &mut self,
        context: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_pending() && self.is_late(context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        polled
    }

    fn written(&mut self, polled: &Poll<io::Result<usize>>, first: &[u8]) {
        if matches!(polled, Poll::Ready(Ok(1..))) {
            self.filter.answered(first);
            self.allow(self.guard.idle);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for GuardedStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            let ready = this.filter.ready();
            if !ready.is_empty() {
                let count = ready.len().min(buffer.remaining());
                buffer.put_slice(ready.get(..count).unwrap_or_default());
                this.filter.take(count);
                return Poll::Ready(Ok(()));
            }
            // Checked before reading: a peer that always has one more byte must not prevent the check.
            if this.is_late(context) {
                if !this.filter.is_inside_head() {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                this.filter.refuse(Refusal::HeadersTooSlow);
                this.allow(this.guard.answer);
                continue;
            }
            if this.filter.is_pass_through() {
                return Pin::new(&mut this.inner).poll_read(context, buffer);
            }
            if this.filter.is_refused() {
                return Poll::Pending;
            }
            let mut chunk = [0; CHUNK];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut this.inner).poll_read(context, &mut chunk))?;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            let (was_inside_head, heads) = (this.filter.is_inside_head(), this.filter.heads());
            this.filter.push(chunk.filled())?;
            if this.filter.heads() != heads {
                this.allow(this.guard.answer);
            } else if !was_inside_head && this.filter.is_inside_head() {
                // Never later than before: empty lines also count as the start of a head.
                let deadline = (Instant::now() + this.guard.head).min(this.deadline.deadline());
                this.deadline.as_mut().reset(deadline);
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for GuardedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.written(&polled, bytes);
        self.or_too_late(context, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.written(&polled, slices.first().map_or(&[], |slice| slice));
        self.or_too_late(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(context);
        self.or_too_late(context, polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.lingering.is_none() {
            let polled = Pin::new(&mut this.inner).poll_shutdown(context);
            ready!(this.or_too_late(context, polled))?;
            if !this.filter.is_inside_request() {
                return Poll::Ready(Ok(()));
            }
            this.lingering = Some(MAX_LINGER);
            this.allow(LINGER);
        }
        while let Some(left) = this.lingering.filter(|left| *left > 0) {
            if this.is_late(context) {
                break;
            }
            let mut chunk = [0; CHUNK];
            let mut chunk = ReadBuf::new(&mut chunk);
            let read = ready!(Pin::new(&mut this.inner).poll_read(context, &mut chunk));
            if read.is_err() || chunk.filled().is_empty() {
                break;
            }
            this.lingering = Some(left.saturating_sub(chunk.filled().len()));
        }
        Poll::Ready(Ok(()))
    }
}
