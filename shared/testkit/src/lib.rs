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
mod silent_proxy;
mod test_app;

pub use actors::{Person, account, insert_account};
pub use checksum::{Checksum, TableChecksum};
pub use clock::ManualClock;
pub use databases::TestDatabase;
pub use ids::CountedIds;
pub use mailbox::Mailbox;
pub use settings::{redis_url, required_setting};
pub use silent_proxy::SilentProxy;
pub use test_app::{PUBLIC_URL, RandomFromSeed, TestApp};
pub use testkit_macros::{both_databases, both_forms, every_source};
