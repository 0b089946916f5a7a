//! New identifiers.

use domain::IdSource;
use uuid::Uuid;

/// A source of `UUIDv7` (RFC 9562, section 5.7). Each sorts after all earlier ones of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct TimeOrderedIds;

impl IdSource for TimeOrderedIds {
    #[expect(clippy::disallowed_methods, reason = "this is where the injected identifiers come from")]
    fn next_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_unique_and_in_order() {
        let ids: Vec<Uuid> = (0..10_000).map(|_| TimeOrderedIds.next_id()).collect();
        assert!(ids.is_sorted_by(|one, next| one < next));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn threads_get_different_identifiers() {
        let draw = || (0..2_000).map(|_| TimeOrderedIds.next_id()).collect::<Vec<_>>();
        let ids: std::collections::BTreeSet<Uuid> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(draw)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(ids.len(), 8_000);
    }
}
