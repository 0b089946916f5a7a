use std::num::NonZeroI64;

use domain::Timestamp;
use domain::events::{NewEvent, Partition};
use sea_orm::ConnectionTrait;
use serde::Serialize;

use crate::{StoreError, backend};

/// Locks the heads in ascending order, moves them and inserts the events, in one statement. An `UPDATE` alone locks in
/// the order in which it meets the rows, and two commits could wait for each other.
const APPEND: &str = "
    WITH event AS (
        SELECT * FROM json_to_recordset($1::json) AS event (
            part bigint, place bigint, is_last boolean, mark bigint, audience text, kind text, frame text)
    ), locked AS (
        SELECT head.part, event.place AS count, event.mark
        FROM event JOIN stream_heads AS head ON head.part = event.part
        WHERE event.is_last
        ORDER BY head.part FOR UPDATE OF head
    ), moved AS (
        UPDATE stream_heads AS head SET pos = head.pos + locked.count, mark = locked.mark
        FROM locked WHERE head.part = locked.part
        RETURNING head.part, head.pos - locked.count AS before
    )
    INSERT INTO outbox (part, pos, mark, audience, kind, frame, recorded_at)
    SELECT event.part, moved.before + event.place, event.mark, event.audience, event.kind, event.frame, $2
    FROM moved JOIN event ON event.part = moved.part";

/// SQLite has one writer at a time, so that no head moves between the two statements.
const INSERT_EVENTS: &str = "
    INSERT INTO outbox (part, pos, mark, audience, kind, frame, recorded_at)
    SELECT head.part, head.pos + (event.value ->> 'place'), event.value ->> 'mark', event.value ->> 'audience',
           event.value ->> 'kind', event.value ->> 'frame', $2
    FROM json_each($1) AS event JOIN stream_heads AS head ON head.part = event.value ->> 'part'";
const MOVE_HEADS: &str = "
    UPDATE stream_heads SET pos = pos + (event.value ->> 'place'), mark = event.value ->> 'mark'
    FROM json_each($1) AS event
    WHERE stream_heads.part = event.value ->> 'part' AND event.value ->> 'is_last'";

/// An event as a statement reads it.
#[derive(Serialize)]
struct Row {
    part: u8,
    /// Place among the new events of its partition: 1, 2, 3 …
    place: i64,
    /// Whether it is the last new event of its partition. Its place is then their number.
    is_last: bool,
    mark: i64,
    audience: String,
    kind: &'static str,
    frame: String,
}

/// Appends events to the outbox: one statement on PostgreSQL, two on SQLite, whatever the number of partitions. The
/// heads of their partitions stay locked until the commit, so that positions have no gaps and follow the order of the
/// commits. Fails with [`StoreError::Corrupt`] if a partition has no head.
pub(crate) async fn append(
    connection: &impl ConnectionTrait,
    events: Vec<NewEvent>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows = rows(events);
    let json = serde_json::to_string(&rows).map_err(StoreError::Frame)?;
    let values = [json.clone().into(), now.0.into()];
    let inserted = if backend::has_data_modifying_with(connection) {
        connection.execute_raw(backend::statement(connection, APPEND, values)).await?
    } else {
        let inserted = connection.execute_raw(backend::statement(connection, INSERT_EVENTS, values)).await?;
        connection.execute_raw(backend::statement(connection, MOVE_HEADS, [json.into()])).await?;
        inserted
    };
    if usize::try_from(inserted.rows_affected()) != Ok(rows.len()) {
        return Err(StoreError::corrupt("stream_heads", "a partition has no head"));
    }
    Ok(())
}

/// Numbers the events of every partition in the order in which they were recorded.
fn rows(events: Vec<NewEvent>) -> Vec<Row> {
    let mut by_partition: Vec<(Partition, NewEvent)> =
        events.into_iter().map(|event| (event.audience.partition(), event)).collect();
    // The sort is stable: events of one partition keep their order.
    by_partition.sort_by_key(|(partition, _)| *partition);
    let mut rows: Vec<Row> = Vec::with_capacity(by_partition.len());
    for (partition, event) in by_partition {
        let part = partition.number();
        let place = match rows.last_mut() {
            Some(previous) if previous.part == part => {
                previous.is_last = false;
                previous.place + 1
            }
            _ => 1,
        };
        rows.push(Row {
            part,
            place,
            is_last: true,
            mark: new_mark(),
            audience: event.audience.to_string(),
            kind: event.kind.as_str(),
            frame: event.frame,
        });
    }
    rows
}

/// Returns a random mark. Zero is left out: it stands for "unknown" in rows of versions without marks.
fn new_mark() -> i64 {
    rand::random::<NonZeroI64>().get()
}
