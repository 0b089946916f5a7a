#![doc = include_str!("../README.md")]

mod account;
mod cluster;
mod directory;
mod error;
mod fault_proxy;
mod http;
mod interpreters;
mod links;
mod nginx;
mod node;
mod port;
mod postgres;
mod process;
mod program;
mod random;
mod redis;
mod set_back;
mod spawner;
mod tools;

pub use cluster::{Cluster, ClusterOptions};
pub use error::LocalServicesError;
pub use fault_proxy::{Fault, FaultProxy};
pub use interpreters::{find_or_install_chromium, find_or_install_python};
pub use links::Links;
pub use nginx::{Limits, MailPage, Nginx, NginxOptions};
pub use node::Node;
pub use port::free_port;
pub use postgres::{Durability, Postgres, Role};
pub use program::{Program, ProgramOptions, Readiness};
pub use redis::Redis;
pub use set_back::forget;
pub use tools::Tools;

/// The result of everything in this crate.
pub type Result<T> = std::result::Result<T, LocalServicesError>;
