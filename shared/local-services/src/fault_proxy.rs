use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::{LocalServicesError, Result, port};

/// Bytes that one read takes from a connection.
const CHUNK: usize = 16 * 1024;
/// Longest time for connecting to the server behind the proxy.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Behaviour of a [`FaultProxy`] towards connections and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Forwards everything.
    None,
    /// Accepts connections and forwards nothing: a server that hangs, or a network that loses every packet.
    /// Held bytes are forwarded when the fault ends.
    Freeze,
    /// Closes every connection, and each new one as soon as it is accepted: a server that is gone.
    Refuse,
    /// Forwards everything later by this much.
    Delay(Duration),
}

/// A TCP proxy on a loopback port in front of one server, which can inject faults.
///
/// Two threads per connection, for tests with a few hundred connections. Dropping the proxy closes all of them.
pub struct FaultProxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    fault: Fault,
    is_stopped: bool,
    next: u64,
    /// Both ends of every open connection, to be closed from outside of its threads.
    open: HashMap<u64, Vec<TcpStream>>,
}

impl FaultProxy {
    /// Listens on a free loopback port and forwards to the loopback port `upstream`.
    pub fn start(upstream: u16) -> Result<Self> {
        let port = port::free_port()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .map_err(LocalServicesError::io(format!("listen on port {port}")))?;
        let shared = Arc::new(Shared {
            upstream: SocketAddr::from((Ipv4Addr::LOCALHOST, upstream)),
            state: Mutex::new(State { fault: Fault::None, is_stopped: false, next: 0, open: HashMap::new() }),
            changed: Condvar::new(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accepting.accept(&listener));
        Ok(Self { port, shared })
    }

    /// Returns the port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the port it forwards to.
    pub fn upstream(&self) -> u16 {
        self.shared.upstream.port()
    }

    /// Changes what happens from now on, also on open connections.
    pub fn set(&self, fault: Fault) {
        let mut state = self.shared.lock();
        state.fault = fault;
        if fault == Fault::Refuse {
            state.close_all();
        }
        drop(state);
        self.shared.changed.notify_all();
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.is_stopped = true;
        state.close_all();
        drop(state);
        self.shared.changed.notify_all();
        // Wakes the accepting thread, which then ends.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

impl State {
    fn close_all(&mut self) {
        for stream in self.open.drain().flat_map(|(_, ends)| ends) {
            // An end that is closed already needs nothing.
            stream.shutdown(Shutdown::Both).unwrap_or_default();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: Arc<Self>, listener: &TcpListener) {
        for accepted in listener.incoming() {
            let state = self.lock();
            if state.is_stopped {
                return;
            }
            let is_refused = state.fault == Fault::Refuse;
            drop(state);
            let Ok(client) = accepted else { continue };
            if !is_refused {
                let shared = Arc::clone(&self);
                // A connection that fails here fails for its two ends as well, which is all that is needed.
                thread::spawn(move || shared.serve(client).unwrap_or_default());
            }
        }
    }

    /// Waits while the proxy is frozen. Returns how long the bytes at hand are to be kept back, or nothing when the
    /// connection is to be closed.
    fn wait_to_forward(&self) -> Option<Duration> {
        let mut state = self.lock();
        loop {
            match state.fault {
                _ if state.is_stopped => return None,
                Fault::Refuse => return None,
                Fault::None => return Some(Duration::ZERO),
                Fault::Delay(delay) => return Some(delay),
                Fault::Freeze => {
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    fn serve(self: Arc<Self>, client: TcpStream) -> io::Result<()> {
        if self.wait_to_forward().is_none() {
            return Ok(());
        }
        let server = TcpStream::connect_timeout(&self.upstream, CONNECT_WITHIN)?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let ends = vec![client.try_clone()?, server.try_clone()?];
        let mut state = self.lock();
        if state.is_stopped || state.fault == Fault::Refuse {
            return Ok(());
        }
        let id = state.next;
        state.next += 1;
        state.open.insert(id, ends);
        drop(state);

        let (from_client, to_client) = (client.try_clone()?, client);
        let (from_server, to_server) = (server.try_clone()?, server);
        let shared = Arc::clone(&self);
        let answers = thread::spawn(move || shared.pump(from_server, to_client));
        self.pump(from_client, to_server);
        drop(answers.join());
        self.lock().open.remove(&id);
        Ok(())
    }

    /// Forwards bytes in one direction until an end is closed, and then closes both.
    fn pump(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut chunk = [0; CHUNK];
        while let Ok(read @ 1..) = from.read(&mut chunk) {
            let Some(delay) = self.wait_to_forward() else { break };
            if !delay.is_zero() {
                thread::sleep(delay);
            }
            if to.write_all(chunk.get(..read).unwrap_or_default()).is_err() {
                break;
            }
        }
        for stream in [from, to] {
            stream.shutdown(Shutdown::Both).unwrap_or_default();
        }
    }
}
