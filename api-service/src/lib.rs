#![doc = include_str!("../README.md")]

mod assemble;
mod auth;
mod caller;
mod comments;
mod config;
pub mod contract;
mod dev_mail;
mod features;
mod health;
mod id;
mod if_match;
mod instant;
mod json;
mod mail;
mod meta;
mod middleware;
mod notifications;
mod openapi;
mod pagination;
mod posts;
mod problem;
mod realtime;
mod request_body;
mod routes;
mod service;
mod text_field;
mod users;
mod visitor;
mod workers;

pub use assemble::assemble;
pub use config::{ApiConfig, MailRoute};
pub use mail::{CaptureMailer, SmtpMailer};
pub use openapi::document;
pub use routes::routes;
pub use service::{Parts, Service, Settings, ShowsMail};
pub use workers::{Workers, spawn_workers};
