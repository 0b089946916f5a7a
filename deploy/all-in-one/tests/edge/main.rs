//! Both services, asked the same over TCP: a client gets the same answer to the same mistake.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod same_answers;
mod server;
mod under_attack;
