//! TCP for poem, with a cap on connections and a guard against peers that are slow on purpose.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::uri::Scheme;
use poem::Addr;
use poem::listener::{Acceptor, Listener};
use poem::web::{LocalAddr, RemoteAddr};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

/// How long to wait where the system has no room for another connection.
const OUT_OF_ROOM: Duration = Duration::from_millis(100);

/// What a listener allows.
#[derive(Debug, Clone, Copy)]
pub struct Guard {
    /// How many connections may be open at once; those beyond wait in the system's queue.
    pub connections: usize,
    /// How soon after it was accepted something must have been answered on a connection.
    pub first: Duration,
    /// How long nothing may be answered later on.
    ///
    /// Longer than a proxy keeps an idle connection (nginx: 60 s), so that it is the proxy that closes it, and longer
    /// than a socket's heartbeat (25 s).
    pub idle: Duration,
}

impl Default for Guard {
    fn default() -> Self {
        Self { connections: 10_000, first: Duration::from_secs(30), idle: Duration::from_secs(75) }
    }
}

/// Listens on TCP within the limits of a [`Guard`].
pub struct GuardedListener {
    listener: TcpListener,
    room: Arc<Semaphore>,
    guard: Guard,
}

impl GuardedListener {
    /// Binds to the address; port 0 takes any free one.
    pub async fn bind(address: SocketAddr, guard: Guard) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let room = Arc::new(Semaphore::new(guard.connections.min(Semaphore::MAX_PERMITS)));
        Ok(Self { listener, room, guard })
    }

    /// Returns the address it is bound to.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Waits until there is room, and then for a peer. Only a closed semaphore is an error, and nobody closes it.
    async fn accept_guarded(&self) -> io::Result<(GuardedStream<TcpStream>, SocketAddr)> {
        let place = Arc::clone(&self.room).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, peer) = loop {
            match self.listener.accept().await {
                Ok(accepted) => break accepted,
                Err(error) if is_the_peers(&error) => {}
                Err(error) => {
                    // Out of file descriptors or memory: others will close, and failing would spin.
                    tracing::warn!(%error, "no connection can be accepted at the moment");
                    tokio::time::sleep(OUT_OF_ROOM).await;
                }
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            // The peer is gone already; the first read will say so.
            tracing::debug!(%error, "TCP_NODELAY was refused");
        }
        Ok((GuardedStream::new(stream, self.guard, Some(place)), peer))
    }
}

/// Tells whether only the connection that was being accepted failed.
fn is_the_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

impl Listener for GuardedListener {
    type Acceptor = Self;

    async fn into_acceptor(self) -> io::Result<Self> {
        Ok(self)
    }
}

impl Acceptor for GuardedListener {
    type Io = GuardedStream<TcpStream>;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.listener.local_addr().map(|address| LocalAddr(Addr::from(address))).into_iter().collect()
    }

    async fn accept(&mut self) -> io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        let (stream, peer) = self.accept_guarded().await?;
        let local = stream.inner.local_addr()?;
        Ok((stream, LocalAddr(Addr::from(local)), RemoteAddr(Addr::from(peer)), Scheme::HTTP))
    }
}

/// A connection on which something must be answered from time to time.
///
/// A peer that sends a byte now and then, to keep a place for ever, gets no answer and so runs out of time; one that
/// does not read what it is sent does as well. The server need not know: its reads and writes fail.
pub struct GuardedStream<S> {
    inner: S,
    idle: Duration,
    deadline: Pin<Box<Sleep>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl<S> GuardedStream<S> {
    fn new(inner: S, guard: Guard, place: Option<OwnedSemaphorePermit>) -> Self {
        let deadline = Box::pin(tokio::time::sleep(guard.first));
        Self { inner, idle: guard.idle, deadline, _place: place }
    }

    /// Passes on what is ready; where nothing is, fails once the time is over.
    fn or_too_late<T>(
        &mut self,
        context: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_pending() && self.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        polled
    }

    fn written(&mut self, polled: &Poll<io::Result<usize>>) {
        if matches!(polled, Poll::Ready(Ok(1..))) {
            let deadline = Instant::now() + self.idle;
            self.deadline.as_mut().reset(deadline);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for GuardedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Looked at first: a peer that always has one more byte must not keep the time from running out.
        if self.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for GuardedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.written(&polled);
        self.or_too_late(context, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.written(&polled);
        self.or_too_late(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(context);
        self.or_too_late(context, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_shutdown(context);
        self.or_too_late(context, polled)
    }
}

#[cfg(test)]
#[path = "listener_tests.rs"]
mod tests;
