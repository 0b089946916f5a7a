#![doc = include_str!("../README.md")]

mod app;
mod error;

pub mod auth;
pub mod comments;
pub mod idempotency;
pub mod jobs;
pub mod notifications;
pub mod posts;
pub mod realtime;
pub mod users;

pub use app::{App, Caller, Credentials, Visitor};
pub use error::OperationError;
