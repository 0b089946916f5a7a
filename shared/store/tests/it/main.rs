//! The store's contract, on both databases.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod cancelled_callers;
mod deadlines;
mod epochs;
mod faults;
mod fixtures;
mod gateway_rights;
mod jobs;
mod leases;
mod log_order;
mod log_pruning;
mod log_reading;
mod migrations;
mod one_row_writes;
mod pages;
mod turns;
