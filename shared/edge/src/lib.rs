#![doc = include_str!("../README.md")]

mod client_address;
mod context;
pub mod details;
mod edge;
mod failure;
pub mod health;
mod in_flight;
pub mod language;
mod layer;
mod origins;
mod problem;
mod request_body;
mod security_headers;
pub mod settings;

pub use client_address::{network, prefix};
pub use context::{ProblemError, RequestContext};
pub use edge::{Edge, ServicePolicy};
pub use layer::Failures;
pub use origins::{LoopbackOrigins, Origins, is_loopback_url};
pub use problem::status_of;
pub use security_headers::PathHeaders;
pub use settings::{Limits, Settings};
