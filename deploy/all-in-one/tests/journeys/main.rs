//! The whole system from the outside, through HTTP and sockets, in both modes, with the programs that are deployed.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what a test cannot do without may end it"
)]

mod embedded;
mod services;
mod story;
