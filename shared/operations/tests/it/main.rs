//! Operations on real databases: results, rows and recorded events.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod posts;
