//! Checks of how many rows a write touched.

use std::fmt::Display;

use crate::StoreError;

/// Returns an error unless a write meant for the row `id` of `table` touched exactly one row.
pub(crate) fn expect_one(rows: u64, table: &'static str, id: impl Display) -> Result<(), StoreError> {
    if rows == 1 { Ok(()) } else { Err(StoreError::corrupt(table, format!("{rows} rows with the key {id}"))) }
}
