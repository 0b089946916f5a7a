#![doc = include_str!("../README.md")]

mod backend;
mod connect;
mod entities;
mod error;
mod page;
mod unit_of_work;

pub mod captured_mails;
pub mod comments;
pub mod email_codes;
pub mod follows;
pub mod jobs;
pub mod leases;
pub mod likes;
pub mod notifications;
pub mod outbox;
pub mod posts;
pub mod sessions;
pub mod users;

pub use connect::{ConnectFault, OnStatement, Store, StoreOptions};
pub use error::StoreError;
pub use sea_orm::ConnectionTrait;
pub use unit_of_work::UnitOfWork;
