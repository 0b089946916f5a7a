//! Memory for argon2, reused from one hash to the next.
//!
//! A hash needs 19 MiB. If each thread allocated it anew, the allocator would keep the memory many times over in its
//! per-thread caches.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::Block;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::HashFault;

/// Longest time that a caller waits for its turn.
const PATIENCE: Duration = Duration::from_secs(1);

/// Number of blocks for one hash with the current parameters.
pub(super) type Blocks = Box<[Block]>;

/// Turns to compute a hash. Each turn has blocks of memory that are allocated on first use and never freed.
#[derive(Clone)]
pub(super) struct MemoryPool {
    turns: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Blocks>>>,
    block_count: usize,
}

/// A turn with its memory. Dropping it returns both to the pool.
pub(super) struct Turn {
    blocks: Blocks,
    idle: Arc<Mutex<Vec<Blocks>>>,
    // Dropped after the memory was returned, so that the next holder finds the memory in the pool.
    _permit: OwnedSemaphorePermit,
}

impl MemoryPool {
    pub(super) fn new(turns: usize, block_count: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(turns)), idle: Arc::default(), block_count }
    }

    /// Waits at most one second for a turn.
    pub(super) async fn turn(&self) -> Result<Turn, HashFault> {
        let permit = match tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_closed)) => return Err(HashFault::Broken),
            Err(_elapsed) => return Err(HashFault::Busy),
        };
        let kept = lock(&self.idle).pop();
        let blocks = kept.unwrap_or_else(|| vec![Block::new(); self.block_count].into_boxed_slice());
        Ok(Turn { blocks, idle: Arc::clone(&self.idle), _permit: permit })
    }
}

impl Turn {
    pub(super) fn blocks(&mut self) -> &mut [Block] {
        &mut self.blocks
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        lock(&self.idle).push(std::mem::take(&mut self.blocks));
    }
}

fn lock(idle: &Mutex<Vec<Blocks>>) -> std::sync::MutexGuard<'_, Vec<Blocks>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_is_allocated_once_for_each_turn_and_used_again() {
        let pool = MemoryPool::new(2, 8);
        let mut addresses = std::collections::BTreeSet::new();
        for _ in 0..10 {
            let mut turns = [pool.turn().await.unwrap(), pool.turn().await.unwrap()];
            addresses.extend(turns.each_mut().map(|turn| turn.blocks().as_ptr().addr()));
        }
        assert_eq!(addresses.len(), 2);
        assert_eq!(lock(&pool.idle).iter().map(|blocks| blocks.len()).collect::<Vec<_>>(), [8, 8]);
    }

    #[tokio::test]
    async fn memory_of_an_abandoned_turn_is_reused_even_after_a_panic() {
        let pool = MemoryPool::new(1, 8);
        let mut turn = pool.turn().await.unwrap();
        let address = turn.blocks().as_ptr().addr();
        let died = std::thread::spawn(move || {
            let _turn = turn;
            panic!("a fault of the computation");
        });
        assert!(died.join().is_err());
        assert_eq!(pool.turn().await.unwrap().blocks().as_ptr().addr(), address);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_waits_a_second_for_its_turn_is_refused_as_busy() {
        let pool = MemoryPool::new(1, 8);
        let turn = pool.turn().await.unwrap();
        assert_eq!(pool.turn().await.err(), Some(HashFault::Busy));
        drop(turn);
        assert!(pool.turn().await.is_ok());
    }
}
