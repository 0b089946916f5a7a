//! The epoch of the outbox: a new one begins when the database has lost its newest commits.

use domain::Timestamp;
use domain::events::Partition;
use store::outbox::{self, Comparison};
use store::{Store, StoreError};
use uuid::Uuid;

use crate::{Cursor, Positions};

/// Result of the comparison of a reader with the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, for a moment")]
pub enum LogState {
    /// The reader's cursor belongs to the history that the outbox continues.
    Continues {
        /// Position of the last event of every partition.
        heads: Positions,
    },
    /// The outbox has another history than the reader. The reader's positions are invalid.
    Restarted {
        /// The current epoch.
        epoch: Uuid,
        /// Last event of every partition, read together with the epoch: a reader that continues from here misses no
        /// event of the new epoch.
        heads: Cursor,
    },
}

/// Returns the current epoch and the last event of every partition. Begins the epoch `new_epoch` if none has begun.
pub async fn open_log(store: &Store, now: Timestamp, new_epoch: Uuid) -> Result<(Uuid, Cursor), StoreError> {
    let found = outbox::comparison(store.reader(), new_epoch, &Positions::default().0).await?;
    if let Some(epoch) = found.epoch {
        return Ok((epoch, found.heads.into()));
    }
    let unit = store.begin(now).await?;
    let (epoch, heads) = outbox::begin_epoch(&unit, new_epoch).await?;
    unit.commit().await?;
    Ok((epoch, heads.into()))
}

/// Compares a reader with the outbox, in one statement. The reader is at `cursor` in the history `epoch`.
///
/// If the outbox is behind the cursor, or holds an event with another mark at the cursor, the database has lost its
/// newest commits: the epoch `new_epoch` begins, unless another reader has begun one in the meantime. A pruned event and
/// an unknown mark count as equal.
pub async fn compare(
    store: &Store,
    now: Timestamp,
    new_epoch: Uuid,
    epoch: Uuid,
    cursor: &Cursor,
) -> Result<LogState, StoreError> {
    let found = outbox::comparison(store.reader(), epoch, &cursor.positions.0).await?;
    let is_current = found.epoch == Some(epoch);
    if is_current && continues(&found, cursor) {
        return Ok(LogState::Continues { heads: found.heads.positions.into() });
    }
    if let Some(current) = found.epoch.filter(|_| !is_current && found.knows_reader) {
        return Ok(LogState::Restarted { epoch: current, heads: found.heads.into() });
    }
    // Either events are missing, or the database lost the beginning of the reader's epoch.
    let lost = (!is_current).then_some(epoch);
    let unit = store.begin(now).await?;
    let (epoch, heads) = outbox::begin_next_epoch(&unit, found.epoch, lost, new_epoch).await?;
    unit.commit().await?;
    tracing::error!(%epoch, "the database lost its newest commits; a new epoch of the outbox begins");
    Ok(LogState::Restarted { epoch, heads: heads.into() })
}

/// Returns whether the outbox contains the last event of the reader in every partition. Unknown marks count as equal.
fn continues(found: &Comparison, cursor: &Cursor) -> bool {
    let heads = Cursor::from(found.heads);
    Partition::all().zip(found.marks_at_reader).all(|(partition, mark_at_reader)| {
        let (head, position) = (heads.positions.get(partition), cursor.positions.get(partition));
        let mark = if head == position { heads.mark(partition).or(mark_at_reader) } else { mark_at_reader };
        let is_same_event = match (mark, cursor.mark(partition)) {
            (Some(mark), Some(known)) => mark == known,
            _ => true,
        };
        head >= position && is_same_event
    })
}
