#![doc = include_str!("../README.md")]

mod backend;
mod calls;
mod connect;
mod connection;
mod entities;
mod error;
mod held_commit;
mod keyed_queue;
mod page;
mod pool;
mod rows;
mod unit_of_work;
mod writes;

pub mod captured_mails;
pub mod code_mailboxes;
pub mod comment_likes;
pub mod comments;
pub mod counters;
pub mod email_codes;
pub mod follows;
pub mod idempotency_keys;
pub mod jobs;
pub mod leases;
pub mod likes;
pub mod log_in_failures;
pub mod notifications;
pub mod outbox;
pub mod popularity;
pub mod post_views;
pub mod posts;
pub mod sessions;
pub mod users;

pub use connect::{ConnectFault, OnStatement, Store, StoreOptions};
pub use connection::Connection;
pub use error::StoreError;
pub use held_commit::hold_commit;
pub use sea_orm::ConnectionTrait;
pub use unit_of_work::UnitOfWork;
