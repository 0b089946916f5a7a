//! temporary
use crate::Positions;
use domain::Timestamp;
use domain::events::Partition;
use store::{Store, StoreError, outbox};
use uuid::Uuid;
/// x
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    /// x
    pub positions: Positions,
    /// x
    pub marks: [Option<i64>; 32],
}
impl Cursor {
    /// x
    pub fn set(&mut self, partition: Partition, position: i64, mark: Option<i64>) {
        self.positions.set(partition, position);
        if let Some(slot) = self.marks.get_mut(partition.index()) {
            *slot = mark;
        }
    }
    /// x
    pub fn mark(&self, partition: Partition) -> Option<i64> {
        self.marks.get(partition.index()).copied().flatten()
    }
}
/// x
pub enum LogState {
    /// x
    Continues {
        /// x
        heads: Positions,
    },
    /// x
    Restarted {
        /// x
        epoch: Uuid,
        /// x
        cursor: Cursor,
    },
}
/// x
pub async fn compare(
    store: &Store,
    _now: Timestamp,
    _new_epoch: Uuid,
    _epoch: Uuid,
    _cursor: &Cursor,
) -> Result<LogState, StoreError> {
    Ok(LogState::Continues { heads: outbox::heads(store.reader()).await?.into() })
}
/// x
pub async fn open_log(store: &Store, now: Timestamp, new_epoch: Uuid) -> Result<(Uuid, Cursor), StoreError> {
    let heads: Positions = outbox::heads(store.reader()).await?.into();
    let mut cursor = Cursor::default();
    cursor.positions = heads;
    if let Some(epoch) = outbox::epoch(store.reader()).await? {
        return Ok((epoch, cursor));
    }
    let unit = store.begin(now).await?;
    outbox::begin_epoch(&unit, new_epoch).await?;
    let epoch = outbox::epoch(unit.connection()).await?;
    unit.commit().await?;
    Ok((epoch.unwrap_or(new_epoch), cursor))
}
