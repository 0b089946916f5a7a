use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Largest number of entries of one generation.
const GENERATION: usize = 8_192;

/// What was found in tokens whose signature is valid, by the SHA-256 hash of the token. Verifying a signature costs more
/// processor time than any other step of a request, and a client sends the same token many times.
///
/// Bounded: new entries go to the young generation; when it is full, it replaces the old one, whose entries are dropped
/// unless they were used meanwhile.
pub(crate) struct VerifiedTokens<K, V>(Mutex<Generations<K, V>>);

struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V: Clone> VerifiedTokens<K, V> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Generations { young: HashMap::new(), old: HashMap::new() }))
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let mut generations = self.lock();
        if let Some(value) = generations.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = generations.old.remove_entry(key)?;
        generations.insert(key, value.clone());
        Some(value)
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        self.lock().insert(key, value);
    }

    fn lock(&self) -> MutexGuard<'_, Generations<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, V> Generations<K, V> {
    fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= GENERATION {
            // Keeps the memory of both maps.
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_entries_is_bounded_and_used_ones_stay() {
        let verified = VerifiedTokens::new();
        for number in 0..10 * GENERATION {
            verified.insert(number, number + 1);
            assert_eq!(verified.get(&0), Some(1), "used after every insertion of {number}");
        }
        assert_eq!(verified.get(&1), None);
        assert_eq!(verified.get(&(10 * GENERATION - 1)), Some(10 * GENERATION));
        let generations = verified.lock();
        assert!(generations.young.len() <= GENERATION && generations.old.len() <= GENERATION);
    }
}
