use std::sync::atomic::{AtomicU64, Ordering};

use domain::IdSource;
use uuid::Uuid;

/// A source of predictable identifiers: `UUIDv7` in form, in order, the same in every run.
#[derive(Debug, Default)]
pub struct CountedIds(AtomicU64);

impl IdSource for CountedIds {
    fn next_id(&self) -> Uuid {
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        // The count is used as the time and, multiplied, as the random part, so that partitions and names differ.
        let random = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
        let mut bytes = [0; 10];
        let (first, rest) = bytes.split_at_mut(8);
        first.copy_from_slice(&random);
        rest.copy_from_slice(random.get(..2).unwrap());
        uuid::Builder::from_unix_timestamp_millis(1_767_323_045_000 + number, &bytes).into_uuid()
    }
}
