//! The whole system from the outside: HTTP in, socket out, in both modes, through the programs people run.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what a test cannot do without may end it"
)]

mod embedded;
mod services;
mod story;
