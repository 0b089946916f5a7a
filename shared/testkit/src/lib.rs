#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot begin must fail"
)]

mod actors;
mod checksum;
mod clock;
mod databases;
mod ids;
mod mailbox;
mod settings;
mod test_app;

pub use actors::{Person, account, insert_account};
pub use checksum::{Checksum, TableChecksum};
pub use clock::ManualClock;
pub use databases::TestDatabase;
pub use ids::CountedIds;
pub use mailbox::Mailbox;
pub use settings::{redis_url, required_setting};
pub use test_app::{PUBLIC_URL, RandomFromSeed, TestApp};

/// Makes two tests of every body, one a database.
#[macro_export]
macro_rules! both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($database:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            $(#[$meta])*
            async fn check($database: $crate::TestDatabase) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                Box::pin(check($crate::TestDatabase::sqlite().await)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                Box::pin(check($crate::TestDatabase::postgres().await)).await;
            }
        }
    )+};
}
