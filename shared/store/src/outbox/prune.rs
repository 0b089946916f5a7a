use domain::Timestamp;
use domain::events::Partition;
use sea_orm::ConnectionTrait;

use crate::{StoreError, UnitOfWork, backend};

/// Partitions whose oldest event is old enough. Looks at one row of each.
const PRUNABLE: &str = "
    SELECT head.part FROM stream_heads AS head
    JOIN outbox AS oldest ON oldest.part = head.part
        AND oldest.pos = (SELECT MIN(event.pos) FROM outbox AS event WHERE event.part = head.part)
    WHERE oldest.recorded_at < $1
    ORDER BY head.part";

/// Deletes up to the first of the `$3` oldest events that is too young, or all of them. Deletes by position, not by time:
/// the processes that wrote the rows have different clocks, and deleting by time could leave gaps between positions.
const PRUNE: &str = "
    DELETE FROM outbox WHERE part = $1 AND pos < COALESCE(
        (SELECT MIN(oldest.pos) FROM (
            SELECT pos, recorded_at FROM outbox WHERE part = $1 ORDER BY pos LIMIT $3) AS oldest
         WHERE oldest.recorded_at >= $2),
        (SELECT MIN(pos) + $3 FROM outbox WHERE part = $1))";

/// Returns the partitions whose oldest event was recorded before an instant.
pub async fn prunable(
    connection: &impl ConnectionTrait,
    before: Timestamp,
) -> Result<Vec<Partition>, StoreError> {
    let rows = connection.query_all_raw(backend::statement(connection, PRUNABLE, [before.0.into()])).await?;
    let mut partitions = Vec::with_capacity(rows.len());
    for row in rows {
        partitions.push(super::read::partition_of(row.try_get_by_index(0)?)?);
    }
    Ok(partitions)
}

/// Deletes at most `limit` of the oldest events of a partition, up to the first one that was not recorded before an
/// instant. Returns their number; less than `limit` means that nothing is left to prune.
pub async fn prune(
    unit: &UnitOfWork,
    partition: Partition,
    before: Timestamp,
    limit: u16,
) -> Result<u64, StoreError> {
    let values = [i64::from(partition.number()).into(), before.0.into(), i64::from(limit).into()];
    let connection = unit.connection().await?;
    let pruned = connection.execute_raw(backend::statement(connection, PRUNE, values)).await?;
    Ok(pruned.rows_affected())
}
