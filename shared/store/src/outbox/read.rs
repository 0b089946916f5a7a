use std::fmt::Write as _;
use std::sync::LazyLock;

use domain::events::{Audience, LoggedEvent, Partition};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::{MarkedPositions, PartitionPositions};
use crate::entities::{outbox, stream_heads};
use crate::{StoreError, backend};

/// A table of the positions of a reader: `reader (part, pos)`, with the parameters `$1` to `$32`.
pub(super) static READER: LazyLock<String> = LazyLock::new(|| {
    let mut sql = String::from("WITH reader (part, pos) AS (VALUES ");
    for partition in Partition::all() {
        let separator = if partition.number() == 0 { "" } else { ", " };
        let (part, parameter) = (partition.number(), partition.index() + 1);
        // Writing to a string cannot fail.
        write!(sql, "{separator}({part}, ${parameter})").ok();
    }
    sql.push(')');
    sql
});

/// Joins `outbox` once for each partition that has new events. The planner must not choose another way, even if it
/// believes that the table is empty: each subquery is a lookup in the primary key. An inner join would leave out
/// partitions whose events were all pruned.
static READ_NEW_POSTGRES: LazyLock<String> = LazyLock::new(|| {
    read_new_sql(
        "LEFT JOIN LATERAL (SELECT * FROM outbox 
             WHERE part = reader.part AND pos > reader.pos AND pos <= reader.pos + $33
             ORDER BY pos LIMIT $33) AS event ON TRUE",
    )
});

/// SQLite has no `LATERAL`. It always joins row by row, through the primary key.
static READ_NEW_SQLITE: LazyLock<String> = LazyLock::new(|| {
    read_new_sql(
        "LEFT JOIN outbox AS event
             ON event.part = reader.part AND event.pos > reader.pos AND event.pos <= reader.pos + $33",
    )
});

fn read_new_sql(join: &str) -> String {
    format!(
        "{} SELECT head.part AS partition, event.part, event.pos, event.mark, event.audience, event.kind, event.frame,
                event.recorded_at, (SELECT previous.mark FROM outbox AS previous
                    WHERE previous.part = reader.part AND previous.pos = reader.pos) AS previous_mark
         FROM reader JOIN stream_heads AS head ON head.part = reader.part AND head.pos > reader.pos
         {join}
         ORDER BY head.part, event.pos",
        *READER
    )
}

/// Returns the position of the last event of every partition.
pub async fn heads(connection: &impl ConnectionTrait) -> Result<PartitionPositions, StoreError> {
    let mut positions = PartitionPositions::default();
    for row in stream_heads::Entity::find().all(connection).await? {
        *slot(&mut positions, row.part)? = row.pos;
    }
    Ok(positions)
}

/// Returns the entry of a partition that a row names.
pub(super) fn slot<T>(entries: &mut [T], part: i64) -> Result<&mut T, StoreError> {
    let index = partition_of(part)?.index();
    entries.get_mut(index).ok_or_else(|| StoreError::corrupt("stream_heads", format!("part {part}")))
}

/// Result of [`read_new`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewEvents {
    /// The next events, in order within each partition.
    Following(Vec<LoggedEvent>),
    /// The outbox holds another event at the reader's position in this partition: the database has lost commits.
    Diverged(Partition),
}

/// Returns the next events of every partition after the reader's position, at most `limit` of each. Compares the marks at
/// the reader's positions: a reader that went on after another event than its own could not notice the difference later.
/// A pruned event and an unknown mark count as equal.
///
/// Runs one statement, and one more for each partition whose next event was already pruned.
pub async fn read_new(
    connection: &impl ConnectionTrait,
    reader: &MarkedPositions,
    limit: u16,
) -> Result<NewEvents, StoreError> {
    let values = reader.positions.iter().copied().chain([i64::from(limit)]).map(Into::into);
    let is_postgres = connection.get_database_backend() == DbBackend::Postgres;
    let sql = if is_postgres { &READ_NEW_POSTGRES } else { &READ_NEW_SQLITE };
    let rows = connection.query_all_raw(backend::statement(connection, sql, values)).await?;
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        let partition = partition_of(row.try_get("", "partition")?)?;
        let previous_mark = row.try_get::<Option<i64>>("", "previous_mark")?.and_then(known);
        let reader_mark = reader.marks.get(partition.index()).copied().flatten();
        if previous_mark.zip(reader_mark).is_some_and(|(previous, reader)| previous != reader) {
            return Ok(NewEvents::Diverged(partition));
        }
        if row.try_get::<Option<i64>>("", "pos")?.is_some() {
            events.push(logged(partition, outbox::Model::from_query_result(&row, "")?));
        } else {
            let position = reader.positions.get(partition.index()).copied().unwrap_or_default();
            events.extend(read(connection, partition, position, u64::from(limit)).await?);
        }
    }
    Ok(NewEvents::Following(events))
}

/// Returns a mark; `None` for zero, which rows of versions without marks have.
pub(super) fn known(mark: i64) -> Option<i64> {
    (mark != 0).then_some(mark)
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
    audiences: &[Audience],
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

/// Returns the position of the oldest event that is still kept in a partition, if any is kept.
pub async fn oldest(
    connection: &impl ConnectionTrait,
    partition: Partition,
) -> Result<Option<i64>, StoreError> {
    let oldest = outbox::Entity::find()
        .select_only()
        .column(outbox::Column::Pos)
        .filter(outbox::Column::Part.eq(i64::from(partition.number())))
        .order_by_asc(outbox::Column::Pos)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(oldest)
}

pub(super) fn partition_of(part: i64) -> Result<Partition, StoreError> {
    Partition::from_number(part).ok_or_else(|| StoreError::corrupt("stream_heads", format!("part {part}")))
}

/// Cannot fail: a row that this version does not understand must not delay the rows after it.
fn logged(partition: Partition, row: outbox::Model) -> LoggedEvent {
    LoggedEvent {
        partition,
        position: row.pos,
        mark: row.mark,
        audience: row.audience.into(),
        kind: row.kind,
        frame: row.frame,
        recorded_at: row.recorded_at,
    }
}
