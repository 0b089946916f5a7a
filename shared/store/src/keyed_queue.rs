//! Queues in front of rows that many callers write at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// Units that may hold connections for one row at the same time: one that works and one that waits at the row itself.
const RUNNING: usize = 2;
/// Units that may wait for one row without holding a connection.
const WAITING: usize = 64;

/// Limits how many units of work for the same row hold connections. The other units wait in the process, in order, so
/// that a hot row cannot exhaust the pool. Units for different rows never wait for each other.
#[derive(Clone, Default)]
pub(crate) struct KeyedQueue {
    lanes: Arc<Mutex<HashMap<Uuid, Lane>>>,
}

/// The units of one row. Exists as long as there are any.
struct Lane {
    running: Arc<Semaphore>,
    members: usize,
}

/// Permission to take a connection for a row. Dropping it admits the next unit.
pub(crate) struct Pass {
    // Fields are dropped in this order: the permit is released before the place.
    _permit: OwnedSemaphorePermit,
    _place: Place,
}

/// Membership of a lane, waiting or running.
struct Place {
    queue: KeyedQueue,
    key: Uuid,
}

/// The queue of a row is full, or the wait took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crowded;

impl KeyedQueue {
    /// Waits for a pass to the row `key`, no longer than `deadline`. Fails at once if the queue is full.
    pub(crate) async fn enter(&self, key: Uuid, deadline: Duration) -> Result<Pass, Crowded> {
        let (running, place) = self.join(key)?;
        match tokio::time::timeout(deadline, running.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Pass { _permit: permit, _place: place }),
            Ok(Err(_never_closed)) => Err(Crowded),
            Err(_passed) => Err(Crowded),
        }
    }

    fn join(&self, key: Uuid) -> Result<(Arc<Semaphore>, Place), Crowded> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes
            .entry(key)
            .or_insert_with(|| Lane { running: Arc::new(Semaphore::new(RUNNING)), members: 0 });
        if lane.members >= RUNNING + WAITING {
            return Err(Crowded);
        }
        lane.members += 1;
        Ok((Arc::clone(&lane.running), Place { queue: self.clone(), key }))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lanes = self.queue.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get_mut(&self.key) {
            lane.members -= 1;
            if lane.members == 0 {
                lanes.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);
    const DEADLINE: Duration = Duration::from_secs(3);

    #[tokio::test(start_paused = true)]
    async fn a_waiting_unit_fails_at_the_deadline_and_other_rows_are_unaffected() {
        let queue = KeyedQueue::default();
        let first = queue.enter(ROW, DEADLINE).await.unwrap();
        let _second = queue.enter(ROW, DEADLINE).await.unwrap();
        let before = tokio::time::Instant::now();
        assert_eq!(queue.enter(ROW, DEADLINE).await.err(), Some(Crowded));
        assert_eq!(before.elapsed(), DEADLINE);
        queue.enter(OTHER, Duration::ZERO).await.unwrap();
        drop(first);
        queue.enter(ROW, Duration::ZERO).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_refuses_at_once_and_an_empty_one_is_removed() {
        let queue = KeyedQueue::default();
        let mut members = tokio::task::JoinSet::new();
        for _ in 0..RUNNING + WAITING {
            let queue = queue.clone();
            members.spawn(async move { queue.enter(ROW, DEADLINE).await.map(std::mem::forget).is_ok() });
        }
        while queue.lanes.lock().unwrap().get(&ROW).is_none_or(|lane| lane.members < RUNNING + WAITING) {
            tokio::task::yield_now().await;
        }
        assert_eq!(queue.enter(ROW, DEADLINE).await.err(), Some(Crowded), "without waiting");
        queue.enter(OTHER, DEADLINE).await.unwrap();
        let entered = members.join_all().await;
        assert_eq!(entered.iter().filter(|entered| **entered).count(), RUNNING);
        assert!(!queue.lanes.lock().unwrap().contains_key(&OTHER));
    }
}
