//! Sources of cryptographically secure random bytes.

use rand::Rng;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use uuid::Uuid;

/// A source of unpredictable bytes. Tests use a predictable one.
pub trait RandomSource: Send + Sync + 'static {
    /// Fills all of `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The random number generator of the operating system.
///
/// Panics if the system has none: no secure operation is possible without it.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl RandomSource for OsRandom {
    fn fill(&self, bytes: &mut [u8]) {
        UnwrapErr(SysRng).fill_bytes(bytes);
    }
}

/// Returns `N` random bytes.
pub(crate) fn bytes<const N: usize>(random: &dyn RandomSource) -> [u8; N] {
    let mut bytes = [0; N];
    random.fill(&mut bytes);
    bytes
}

/// Returns an identifier that cannot be guessed: a `UUIDv4` with 122 random bits (RFC 9562, section 5.4).
pub fn unguessable_id(random: &dyn RandomSource) -> Uuid {
    uuid::Builder::from_random_bytes(bytes(random)).into_uuid()
}

/// Repeats a list of bytes endlessly.
#[cfg(test)]
pub(crate) struct Repeating {
    bytes: Vec<u8>,
    next: std::sync::atomic::AtomicUsize,
}

#[cfg(test)]
impl Repeating {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), next: std::sync::atomic::AtomicUsize::new(0) }
    }
}

#[cfg(test)]
impl RandomSource for Repeating {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let next = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            *byte = self.bytes[next % self.bytes.len()];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unguessable_id_has_122_drawn_bits() {
        let id = |byte: u8| unguessable_id(&Repeating::new(&[byte])).to_string();
        assert_eq!(id(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(id(0xFF), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_ne!(unguessable_id(&OsRandom), unguessable_id(&OsRandom));
    }

    #[test]
    fn the_system_random_source_does_not_repeat() {
        let drawn: std::collections::BTreeSet<[u8; 16]> = (0..100).map(|_| bytes(&OsRandom)).collect();
        assert_eq!(drawn.len(), 100);
    }
}
