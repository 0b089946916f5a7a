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

/// Makes two tests of every body, one per form of the gateway.
macro_rules! both_forms {
    ($($(#[$meta:meta])* async fn $name:ident($form:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            $(#[$meta])*
            async fn check($form: crate::fixture::Form) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite_and_outbox() {
                Box::pin(check(crate::fixture::Form::SqliteAndOutbox)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres_and_redis() {
                Box::pin(check(crate::fixture::Form::PostgresAndRedis)).await;
            }
        }
    )+};
}
pub(crate) use both_forms;
