#![doc = include_str!("../README.md")]

pub mod auth;
pub mod clock;
pub mod comments;
pub mod events;
pub mod idempotency;
pub mod ids;
pub mod notifications;
pub mod page;
pub mod posts;
pub mod problem;
pub mod text;
pub mod users;

pub use clock::{Clock, Timestamp};
pub use ids::IdSource;
pub use problem::{FieldProblem, Problem, ProblemCode, ProblemKind};
