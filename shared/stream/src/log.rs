use domain::Timestamp;
use store::{Store, StoreError, outbox};
use uuid::Uuid;

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
