#![doc = include_str!("../README.md")]

mod admission;
mod audit;
mod connection;
mod credentials;
mod endpoint;
mod gateway;
mod handshake;
mod hub;
mod metered_stream;
mod resume;
mod run;
mod settings;
mod tail;

pub mod config;
pub mod protocol;

pub use endpoint::{edge_of, endpoint, readiness_of, socket};
pub use gateway::{Gateway, TAIL_CONNECTIONS};
pub use run::{run, run_tasks};
pub use settings::{Limits, Settings, Source, Timing};
