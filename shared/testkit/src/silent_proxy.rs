use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A TCP proxy on a loopback port that can fall silent: it accepts connections and reads nothing any more, as a firewall
/// that lost its state. Connections that met a silence never come back; new ones work once it has ended.
pub struct SilentProxy {
    address: SocketAddr,
    /// Odd while silent.
    silences: watch::Sender<u64>,
    _serving: JoinSet<()>,
}

impl SilentProxy {
    /// Starts a proxy in front of `target`. It ends when it is dropped.
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let silences = watch::Sender::new(0);
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, target, silences.subscribe()));
        Self { address, silences, _serving: serving }
    }

    /// Returns the URL of a database with the address replaced by that of the proxy.
    pub fn url(&self, url: &str) -> String {
        let (credentials, rest) = url.rsplit_once('@').unwrap();
        let (_target, database) = rest.split_once('/').unwrap();
        format!("{credentials}@{}/{database}", self.address)
    }

    /// Stops forwarding, on every connection.
    pub fn fall_silent(&self) {
        self.silences.send_modify(|silences| *silences |= 1);
    }

    /// Forwards new connections again.
    pub fn heal(&self) {
        self.silences.send_modify(|silences| *silences += *silences & 1);
    }
}

async fn serve(listener: TcpListener, target: SocketAddr, silences: watch::Receiver<u64>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _from) = listener.accept().await.unwrap();
        let silences = silences.clone();
        connections.spawn(async move {
            let born = *silences.borrow();
            if born % 2 == 1 {
                let _held_open = client;
                return std::future::pending().await;
            }
            let (client_reads, client_writes) = client.into_split();
            let (server_reads, server_writes) = TcpStream::connect(target).await.unwrap().into_split();
            tokio::join!(
                forward(client_reads, server_writes, silences.clone(), born),
                forward(server_reads, client_writes, silences, born),
            );
        });
    }
}

/// Forwards until the end of the stream. Never completes once a silence began, and keeps the connection open.
async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut silences: watch::Receiver<u64>,
    born: u64,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let silent = async { silences.wait_for(|silences| *silences != born).await.map(drop) };
        let read = tokio::select! {
            biased;
            _ = silent => return std::future::pending().await,
            read = from.read(&mut buffer) => read,
        };
        match read {
            Ok(0) | Err(_) => {
                to.shutdown().await.ok();
                return;
            }
            Ok(length) => {
                if to.write_all(buffer.get(..length).unwrap()).await.is_err() {
                    return;
                }
            }
        }
    }
}
