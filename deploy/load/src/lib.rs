#![doc = include_str!("../README.md")]

mod api;
mod broadcaster;
mod chaos;
mod closed_loop;
mod crowd;
mod database;
mod likes;
mod percentiles;
mod population;
mod positions;
mod process_usage;
mod socket;
mod sockets;
mod system;
mod tokens;
mod watch;
mod writes;

pub use api::{Answer, Api, Person};
pub use broadcaster::broadcaster;
pub use chaos::chaos;
pub use likes::{LikesPlan, likes};
pub use socket::{Ended, Socket};
pub use sockets::sockets;
pub use system::Places;
pub use watch::watch;
pub use writes::writes;

/// A failure between this client and the system.
#[derive(Debug, thiserror::Error)]
pub enum LoadFault {
    /// The system could not be reached.
    #[error("not reached: {0}")]
    Http(#[from] reqwest::Error),
    /// The socket failed.
    #[error("socket: {0}")]
    Socket(#[from] tokio_tungstenite::tungstenite::Error),
    /// Connecting, the handshake or the next frame took longer than 30 seconds.
    #[error("no connection or no frame within 30 s")]
    Late,
    /// PostgreSQL, Redis, nginx or a program of ours could not be started or stopped.
    #[error(transparent)]
    Service(#[from] local_services::LocalServicesError),
    /// The operating system refused something.
    #[error("{0}")]
    System(#[from] std::io::Error),
    /// The system answered something else than expected.
    #[error("unexpected: {0}")]
    Unexpected(String),
}
