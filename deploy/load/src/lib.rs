#![doc = include_str!("../README.md")]

mod api;
mod likes;
mod percentiles;
mod socket;
mod watch;

pub use api::{Answer, Api, Person};
pub use likes::{LikesPlan, likes};
pub use socket::{Ended, Socket};
pub use watch::watch;

/// A failure between this client and the system.
#[derive(Debug, thiserror::Error)]
pub enum LoadFault {
    /// The system could not be reached.
    #[error("not reached: {0}")]
    Http(#[from] reqwest::Error),
    /// The socket failed.
    #[error("socket: {0}")]
    Socket(#[from] tokio_tungstenite::tungstenite::Error),
    /// The system sent an unexpected response.
    #[error("unexpected: {0}")]
    Unexpected(String),
}
