//! Holds the commit of a unit of work back, so that the caller of an operation can add rows that depend on its result.

use std::sync::{Arc, Mutex, PoisonError};

use crate::UnitOfWork;

/// The unit that waits for its commit, of one call of [`hold_commit`].
#[derive(Clone, Default)]
struct Slot(Arc<Mutex<Option<UnitOfWork>>>);

tokio::task_local! {
    static SLOT: Slot;
}

/// Runs `work` and returns its output together with the unit of work that it asked to commit. The unit is not committed
/// yet: dropping it rolls it back. `work` must not wait for the commit, nor begin another unit after it: on SQLite there is
/// one writer. Of several units, all but the first are committed at once.
pub async fn hold_commit<F: Future>(work: F) -> (F::Output, Option<UnitOfWork>) {
    let slot = Slot::default();
    let output = SLOT.scope(slot.clone(), work).await;
    let unit = slot.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    (output, unit)
}

/// Returns the unit if it is to be committed now. Otherwise keeps it for the caller of [`hold_commit`].
pub(crate) fn hand_over(unit: UnitOfWork) -> Option<UnitOfWork> {
    let Ok(slot) = SLOT.try_with(Clone::clone) else { return Some(unit) };
    let mut held = slot.0.lock().unwrap_or_else(PoisonError::into_inner);
    if held.is_some() {
        return Some(unit);
    }
    *held = Some(unit);
    None
}
