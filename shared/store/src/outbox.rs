//! The log of events: written by commits, read by the relay and the gateways.

use domain::Timestamp;
use domain::events::{LoggedEvent, NewEvent, PARTITIONS, Partition};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::entities::{log_epochs, outbox, stream_heads};
use crate::{StoreError, UnitOfWork};

/// The position of the last event of every partition, by the partition's number.
#[expect(clippy::as_conversions, reason = "`usize::from` is not for constants")]
pub type Heads = [i64; PARTITIONS as usize];

/// Takes the next positions of a partition and writes its events there. The head's row is locked until the commit:
/// positions have no holes, and their order is the order of the commits.
pub(crate) async fn append(
    connection: &impl ConnectionTrait,
    partition: Partition,
    events: Vec<NewEvent>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let count =
        i64::try_from(events.len()).map_err(|_too_many| StoreError::corrupt("outbox", "too many events"))?;
    let part = i64::from(partition.number());
    let heads = stream_heads::Entity::update_many()
        .col_expr(stream_heads::Column::Pos, Expr::col(stream_heads::Column::Pos).add(count))
        .filter(stream_heads::Column::Part.eq(part))
        .exec_with_returning(connection)
        .await?;
    let head = heads.first().ok_or_else(|| StoreError::corrupt("stream_heads", format!("no part {part}")))?;
    let rows = (head.pos - count + 1..).zip(events).map(|(pos, event)| outbox::ActiveModel {
        part: Set(part),
        pos: Set(pos),
        audience: Set(event.audience.to_string()),
        kind: Set(event.kind.as_str().to_owned()),
        frame: Set(event.frame),
        recorded_at: Set(now),
    });
    outbox::Entity::insert_many(rows).exec_without_returning(connection).await?;
    Ok(())
}

/// Returns the head of every partition.
pub async fn heads(connection: &impl ConnectionTrait) -> Result<Heads, StoreError> {
    let mut heads = Heads::default();
    for row in stream_heads::Entity::find().all(connection).await? {
        let head = Partition::from_number(row.part).and_then(|partition| heads.get_mut(partition.index()));
        *head.ok_or_else(|| StoreError::corrupt("stream_heads", format!("part {}", row.part)))? = row.pos;
    }
    Ok(heads)
}

/// Returns at most `limit` events of a partition after `after`, in order.
pub async fn read(
    connection: &impl ConnectionTrait,
    partition: Partition,
    after: i64,
    limit: u64,
) -> Result<Vec<LoggedEvent>, StoreError> {
    let rows = outbox::Entity::find()
        .filter(outbox::Column::Part.eq(i64::from(partition.number())))
        .filter(outbox::Column::Pos.gt(after))
        .order_by_asc(outbox::Column::Pos)
        .limit(limit)
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| logged(partition, row)).collect())
}

/// Returns at most `limit` events after `after` up to `up_to` that are for one of the audiences, in order.
pub async fn read_for(
    connection: &impl ConnectionTrait,
    partition: Partition,
    (after, up_to): (i64, i64),
    audiences: &[domain::events::Audience],
    limit: u64,
) -> Result<Vec<LoggedEvent>, StoreError> {
    let rows = outbox::Entity::find()
        .filter(outbox::Column::Part.eq(i64::from(partition.number())))
        .filter(outbox::Column::Pos.gt(after))
        .filter(outbox::Column::Pos.lte(up_to))
        .filter(outbox::Column::Audience.is_in(audiences.iter().map(ToString::to_string)))
        .order_by_asc(outbox::Column::Pos)
        .limit(limit)
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| logged(partition, row)).collect())
}

/// Returns the position of the oldest event still kept in a partition, if it keeps any.
pub async fn oldest(
    connection: &impl ConnectionTrait,
    partition: Partition,
) -> Result<Option<i64>, StoreError> {
    let row = outbox::Entity::find()
        .filter(outbox::Column::Part.eq(i64::from(partition.number())))
        .order_by_asc(outbox::Column::Pos)
        .one(connection)
        .await?;
    Ok(row.map(|row| row.pos))
}

/// Forgets events recorded before an instant. Returns how many.
pub async fn prune(unit: &UnitOfWork, before: Timestamp) -> Result<u64, StoreError> {
    let pruned = outbox::Entity::delete_many()
        .filter(outbox::Column::RecordedAt.lt(before))
        .exec(unit.connection())
        .await?;
    Ok(pruned.rows_affected)
}

/// Returns the name of the present life of the log; positions of another life mean nothing.
pub async fn epoch(connection: &impl ConnectionTrait) -> Result<Option<Uuid>, StoreError> {
    let row = log_epochs::Entity::find().order_by_desc(log_epochs::Column::StartedAt).one(connection).await?;
    Ok(row.map(|row| row.epoch))
}

/// Begins the log's first life, unless it has begun. Two processes that start at once agree on one.
pub async fn begin_epoch(unit: &UnitOfWork, epoch: Uuid) -> Result<(), StoreError> {
    // Every append locks a head; so does this, and the second one in sees the first one's row.
    let first = stream_heads::Entity::update_many()
        .col_expr(stream_heads::Column::Pos, Expr::col(stream_heads::Column::Pos))
        .filter(stream_heads::Column::Part.eq(0_i64))
        .exec(unit.connection())
        .await?;
    if first.rows_affected == 0 {
        return Err(StoreError::corrupt("stream_heads", "no part 0"));
    }
    if self::epoch(unit.connection()).await?.is_none() {
        let row = log_epochs::ActiveModel { epoch: Set(epoch), started_at: Set(unit.now()) };
        log_epochs::Entity::insert(row).exec_without_returning(unit.connection()).await?;
    }
    Ok(())
}

/// Never fails: one row nobody here understands would hold up everything after it.
fn logged(partition: Partition, row: outbox::Model) -> LoggedEvent {
    LoggedEvent {
        partition,
        position: row.pos,
        mark: 0,
        audience: row.audience.into(),
        kind: row.kind,
        frame: row.frame,
        recorded_at: row.recorded_at,
    }
}
