use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use operations::idempotency::Scope;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

type Turns = Arc<Mutex<HashMap<Scope, Arc<AsyncMutex<()>>>>>;

/// The idempotency keys whose requests this process is working on. At most one entry for each request in flight.
#[derive(Default)]
pub(crate) struct KeysInFlight(Turns);

/// The turn of one request. Dropping it lets the next request with the same key continue.
pub(crate) struct Turn {
    turns: Turns,
    scope: Scope,
    guard: Option<OwnedMutexGuard<()>>,
}

impl KeysInFlight {
    /// Waits until no other request with the same key is being worked on. Returns `None` after `wait`.
    pub(crate) async fn enter(&self, scope: &Scope, wait: Duration) -> Option<Turn> {
        let queue = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(scope.clone()).or_default())
        };
        // Made first: dropping it also deletes the entry if the wait is given up or interrupted.
        let mut turn = Turn { turns: Arc::clone(&self.0), scope: scope.clone(), guard: None };
        turn.guard = Some(tokio::time::timeout(wait, queue.lock_owned()).await.ok()?);
        Some(turn)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        self.guard = None;
        // The map's own reference is the only one left: nobody waits.
        if turns.get(&self.scope).is_some_and(|queue| Arc::strong_count(queue) == 1) {
            turns.remove(&self.scope);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::UserId;
    use uuid::Uuid;

    use super::*;

    fn scope(key: &str) -> Scope {
        Scope { user_id: UserId(Uuid::from_u128(1)), operation: "createPost", key: key.into() }
    }

    /// Rule AP3.
    #[tokio::test(start_paused = true)]
    async fn requests_with_one_key_take_turns_and_leave_nothing_behind() {
        let keys = KeysInFlight::default();
        let second = Duration::from_secs(1);
        let first = keys.enter(&scope("a"), second).await.unwrap();
        assert!(keys.enter(&scope("a"), second).await.is_none());
        let other = keys.enter(&scope("b"), second).await.unwrap();
        drop(first);
        let next = keys.enter(&scope("a"), second).await.unwrap();
        drop((other, next));
        assert!(keys.0.lock().unwrap().is_empty());
    }
}
