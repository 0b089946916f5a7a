use std::sync::LazyLock;

use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::read::{READER, known, slot};
use super::{MarkedPositions, PartitionPositions};
use crate::entities::{log_epochs, stream_heads};
use crate::{StoreError, UnitOfWork, backend};

/// One statement reads one snapshot: a commit between two statements would look like a difference.
static COMPARISON: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} SELECT head.part, head.pos, head.mark,
                (SELECT event.mark FROM outbox AS event
                    WHERE event.part = reader.part AND event.pos = reader.pos) AS mark_at_reader,
                (SELECT epoch FROM log_epochs ORDER BY number DESC LIMIT 1) AS epoch,
                (SELECT COUNT(*) FROM log_epochs WHERE epoch = $33) AS known
         FROM stream_heads AS head JOIN reader ON reader.part = head.part",
        *READER
    )
});

/// State of the outbox, read for the comparison with the state of a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The current epoch; `None` before the first one begins.
    pub epoch: Option<Uuid>,
    /// Whether the outbox knows the reader's epoch, as the current or an earlier one.
    pub knows_reader: bool,
    /// Position and mark of the last event of every partition.
    pub heads: MarkedPositions,
    /// Mark of the event at the reader's position, of every partition. `None` where the event was pruned, does not exist
    /// yet, or has no mark.
    pub marks_at_reader: [Option<i64>; super::PARTITION_COUNT],
}

/// Reads what a reader with this epoch and these positions compares itself with. One statement.
pub async fn comparison(
    connection: &impl ConnectionTrait,
    epoch: Uuid,
    positions: &PartitionPositions,
) -> Result<Comparison, StoreError> {
    let values = positions.iter().map(|position| (*position).into()).chain([epoch.into()]);
    let rows = connection.query_all_raw(backend::statement(connection, &COMPARISON, values)).await?;
    let mut comparison = Comparison {
        epoch: None,
        knows_reader: false,
        heads: MarkedPositions::default(),
        marks_at_reader: Default::default(),
    };
    for row in rows {
        let part: i64 = row.try_get("", "part")?;
        *slot(&mut comparison.heads.positions, part)? = row.try_get("", "pos")?;
        *slot(&mut comparison.heads.marks, part)? = known(row.try_get("", "mark")?);
        *slot(&mut comparison.marks_at_reader, part)? =
            row.try_get::<Option<i64>>("", "mark_at_reader")?.and_then(known);
        comparison.epoch = row.try_get("", "epoch")?;
        comparison.knows_reader = row.try_get::<i64>("", "known")? > 0;
    }
    Ok(comparison)
}

/// Returns the current epoch, if the first one has begun. Positions of another epoch cannot be compared.
pub async fn epoch(connection: &impl ConnectionTrait) -> Result<Option<Uuid>, StoreError> {
    let row = log_epochs::Entity::find().order_by_desc(log_epochs::Column::Number).one(connection).await?;
    Ok(row.map(|row| row.epoch))
}

/// Returns at most `limit` of the latest epochs before the current one.
pub async fn earlier_epochs(connection: &impl ConnectionTrait, limit: u64) -> Result<Vec<Uuid>, StoreError> {
    let rows = log_epochs::Entity::find()
        .order_by_desc(log_epochs::Column::Number)
        .offset(1)
        .limit(limit)
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| row.epoch).collect())
}

/// Begins the first epoch, unless one has begun. Returns the current epoch and the heads. Of several processes that
/// start at once, one begins it.
pub async fn begin_epoch(unit: &UnitOfWork, epoch: Uuid) -> Result<(Uuid, MarkedPositions), StoreError> {
    let heads = lock_heads(unit).await?;
    if let Some(current) = self::epoch(unit.connection().await?).await? {
        return Ok((current, heads));
    }
    insert(unit, epoch).await?;
    Ok((epoch, heads))
}

/// Begins the epoch `new` if `current` is still the current one. Returns the current epoch and the heads: no event
/// is committed between the two, because the heads stay locked until the commit. Of several readers that want to replace
/// the same epoch at once, the first one does.
///
/// `lost` is the epoch of a reader that the outbox does not know: it is recorded as an earlier one, so that other
/// readers of it do not begin one more epoch each.
pub async fn begin_next_epoch(
    unit: &UnitOfWork,
    current: Option<Uuid>,
    lost: Option<Uuid>,
    new: Uuid,
) -> Result<(Uuid, MarkedPositions), StoreError> {
    let heads = lock_heads(unit).await?;
    let latest = epoch(unit.connection().await?).await?;
    if let Some(latest) = latest.filter(|_| latest != current) {
        return Ok((latest, heads));
    }
    if let Some(lost) = lost {
        insert(unit, lost).await?;
    }
    insert(unit, new).await?;
    Ok((new, heads))
}

/// Locks every head in ascending order, like a commit with events. Returns them.
async fn lock_heads(unit: &UnitOfWork) -> Result<MarkedPositions, StoreError> {
    let rows = stream_heads::Entity::find()
        .order_by_asc(stream_heads::Column::Part)
        .lock_exclusive()
        .all(unit.connection().await?)
        .await?;
    if rows.is_empty() {
        return Err(StoreError::corrupt("stream_heads", "no partition has a head"));
    }
    let mut heads = MarkedPositions::default();
    for row in rows {
        *slot(&mut heads.positions, row.part)? = row.pos;
        *slot(&mut heads.marks, row.part)? = known(row.mark);
    }
    Ok(heads)
}

/// Adds an epoch after the latest one.
async fn insert(unit: &UnitOfWork, epoch: Uuid) -> Result<(), StoreError> {
    let latest = log_epochs::Entity::find()
        .order_by_desc(log_epochs::Column::Number)
        .one(unit.connection().await?)
        .await?;
    let number = latest.map_or(1, |latest| latest.number.saturating_add(1));
    let row = log_epochs::ActiveModel { epoch: Set(epoch), number: Set(number), started_at: Set(unit.now()) };
    log_epochs::Entity::insert(row).exec_without_returning(unit.connection().await?).await?;
    Ok(())
}
