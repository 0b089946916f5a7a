//! TCP for poem: a cap on connections, deadlines for peers that are slow on purpose, and a filter for malformed heads.

mod chunked;
mod request_filter;
mod request_head;
mod stream;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::uri::Scheme;
use poem::Addr;
use poem::listener::{Acceptor, Listener};
use poem::web::{LocalAddr, RemoteAddr};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

pub use request_filter::REFUSAL_HEADER;
pub use request_head::{NotARefusal, Refusal};
pub use stream::GuardedStream;

/// Pause after the system was out of resources for another connection.
const OUT_OF_ROOM: Duration = Duration::from_millis(100);

/// The limits of a listener.
#[derive(Debug, Clone, Copy)]
pub struct Guard {
    /// Largest number of open connections; further ones wait in the system's queue.
    pub connections: usize,
    /// From the first byte of a request to the end of its headers.
    pub head: Duration,
    /// From the accepted connection, or from the end of a request's headers, to the first byte of an answer.
    pub answer: Duration,
    /// From one written byte to the next.
    ///
    /// Longer than a proxy keeps an idle connection (nginx: 60 s), so that the proxy closes it, and longer than a
    /// socket's heartbeat (25 s).
    pub idle: Duration,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            connections: 10_000,
            head: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            idle: Duration::from_secs(75),
        }
    }
}

/// Listens on TCP within the limits of a [`Guard`]. Speaks HTTP/1.0 and HTTP/1.1 only.
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

    /// Waits until there is room, and then for a peer. Fails only if the semaphore is closed, which never happens.
    async fn accept_guarded(&self) -> io::Result<(GuardedStream<TcpStream>, SocketAddr)> {
        let place = Arc::clone(&self.room).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, peer) = loop {
            match self.listener.accept().await {
                Ok(accepted) => break accepted,
                Err(error) if is_the_peers(&error) => {}
                Err(error) => {
                    // The system is out of file descriptors or memory: other connections will close. Failing would make
                    // the caller spin.
                    tracing::warn!(%error, "no connection can be accepted at the moment");
                    tokio::time::sleep(OUT_OF_ROOM).await;
                }
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            // The peer has disconnected already; the first read fails.
            tracing::debug!(%error, "TCP_NODELAY was refused");
        }
        Ok((GuardedStream::new(stream, self.guard, Some(place)), peer))
    }
}

/// Returns whether only the connection that was being accepted failed.
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
        let local = stream.get_ref().local_addr()?;
        Ok((stream, LocalAddr(Addr::from(local)), RemoteAddr(Addr::from(peer)), Scheme::HTTP))
    }
}

#[cfg(test)]
#[path = "listener_tests.rs"]
mod tests;
