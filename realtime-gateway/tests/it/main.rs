//! Real sockets against a real gateway. Every test runs in both forms: SQLite with the outbox as the source of events,
//! and PostgreSQL with Redis Streams.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test may panic")]

mod fixture;

mod closing;
mod credentials;
mod delivery;
mod handshake;
mod keeping_alive;
mod postgres_silent;
mod racing;
mod rates;
mod redis_away;
mod resuming;
mod watching;
