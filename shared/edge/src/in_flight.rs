//! The cap on requests in flight.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Counts requests in flight. There is no queue: a request beyond the cap is refused at once, because waiting would
/// only move the overload to the client's deadline.
#[derive(Debug, Clone)]
pub(crate) struct InFlight(Arc<Semaphore>);

/// A place among the requests in flight. Dropping it releases the place.
pub(crate) struct Place(#[expect(dead_code, reason = "held for its destructor")] OwnedSemaphorePermit);

impl InFlight {
    pub(crate) fn new(cap: usize) -> Self {
        Self(Arc::new(Semaphore::new(cap.min(Semaphore::MAX_PERMITS))))
    }

    /// Returns a place, or `None` if the cap is reached.
    pub(crate) fn enter(&self) -> Option<Place> {
        Arc::clone(&self.0).try_acquire_owned().ok().map(Place)
    }
}
