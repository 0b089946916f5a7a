use std::time::Duration;

use domain::Timestamp;
use store::{Store, StoreError, outbox};
use uuid::Uuid;

/// How long events are kept: who was away longer asks the API for the present state.
pub const RETENTION: Duration = Duration::from_hours(24);

/// Returns the name of the log's present life. Where it has not begun, begins it under the name `new_epoch`.
pub async fn open_log(store: &Store, now: Timestamp, new_epoch: Uuid) -> Result<Uuid, StoreError> {
    if let Some(epoch) = outbox::epoch(store.reader()).await? {
        return Ok(epoch);
    }
    let unit = store.begin(now).await?;
    outbox::begin_epoch(&unit, new_epoch).await?;
    let epoch = outbox::epoch(unit.connection()).await?;
    unit.commit().await?;
    // Another process may have been first; then the name is its.
    Ok(epoch.unwrap_or(new_epoch))
}

/// Forgets the events recorded more than [`RETENTION`] before `now`. Returns how many.
pub async fn prune(store: &Store, now: Timestamp) -> Result<u64, StoreError> {
    let unit = store.begin(now).await?;
    let pruned = outbox::prune(&unit, now.minus(RETENTION)).await?;
    unit.commit().await?;
    Ok(pruned)
}
