//! Real servers, started by this crate alone: these tests need nothing but root or the three packages.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod client;
mod fault_proxy;
mod nginx;
mod postgres;
mod process;
mod redis;
mod scratch;
