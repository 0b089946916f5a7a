use std::num::NonZeroI64;

use domain::Timestamp;
use domain::events::{NewEvent, Partition};
use sea_orm::{ConnectionTrait, Value};
use serde::Serialize;

use crate::writes::Sql;
use crate::{StoreError, backend};

/// Largest number of events of one partition that are parameters of their own. More are one parameter, so that the
/// number of different statements is bounded.
const LISTED: usize = 8;

/// Locks the heads in ascending order and moves them. An `UPDATE` alone locks in the order in which it meets the rows,
/// and two commits could wait for each other.
const LOCKED: &str = "
    SELECT head.part, event.place AS count, event.mark
    FROM event JOIN stream_heads AS head ON head.part = event.part
    WHERE event.is_last
    ORDER BY head.part FOR UPDATE OF head)";
const MOVED: &str = "
    UPDATE stream_heads AS head SET pos = head.pos + locked.count, mark = locked.mark
    FROM locked WHERE head.part = locked.part
    RETURNING head.part, head.pos - locked.count AS before)";
const EVENT: &str = "::json) AS event (
    part bigint, place bigint, is_last boolean, mark bigint, audience text, kind text, frame text))";
const INSERT: &str = "INSERT INTO outbox (part, pos, mark, audience, kind, frame, recorded_at) ";

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

/// The events of a commit, on their way into the outbox. The heads of their partitions stay locked until the commit, so
/// that positions have no gaps and follow the order of the commits.
pub(crate) struct Append {
    rows: Vec<Row>,
    now: Timestamp,
}

/// An event as a statement reads it.
#[derive(Serialize)]
struct Row {
    part: u8,
    /// Place among the new events of its partition: 1, 2, 3 …
    place: i64,
    /// Whether it is the last new event of its partition. If so, `place` is the number of new events of the partition.
    is_last: bool,
    mark: i64,
    audience: String,
    kind: &'static str,
    frame: String,
}

impl Append {
    pub(crate) fn new(events: Vec<NewEvent>, now: Timestamp) -> Self {
        Self { rows: rows(events), now }
    }

    fn json(&self) -> Result<String, StoreError> {
        serde_json::to_string(&self.rows).map_err(StoreError::Frame)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Fails unless all events were inserted: a partition without a head takes none.
    pub(crate) fn check(&self, inserted: u64) -> Result<(), StoreError> {
        if usize::try_from(inserted) == Ok(self.rows.len()) {
            return Ok(());
        }
        Err(StoreError::corrupt("stream_heads", "a partition has no head"))
    }

    /// Adds the clauses that append the events on PostgreSQL. The last one is counted.
    pub(crate) fn add_clauses(&self, sql: &mut Sql) -> Result<(), StoreError> {
        match self.rows.as_slice() {
            [] => {}
            [.., last] if usize::try_from(last.place) == Ok(self.rows.len()) && self.rows.len() <= LISTED => {
                self.add_to_one_partition(sql, last);
            }
            _ => self.add_to_several_partitions(sql)?,
        }
        Ok(())
    }

    /// Most commits have few events, all of one partition: nothing is to be locked in order.
    fn add_to_one_partition(&self, sql: &mut Sql, last: &Row) {
        sql.uncounted_clause("head");
        sql.push("UPDATE stream_heads SET pos = pos + ");
        sql.parameter(last.place);
        sql.push(", mark = ");
        sql.parameter(last.mark);
        sql.push(" WHERE part = ");
        sql.parameter(i64::from(last.part));
        sql.push(" RETURNING part, pos - ");
        sql.parameter(last.place);
        sql.push(" AS before)");
        sql.clause("logged");
        sql.push(INSERT);
        sql.push("SELECT part, before + place, event.mark, audience, kind, frame, ");
        sql.parameter(self.now.0);
        sql.push(" FROM head, (VALUES ");
        for row in &self.rows {
            sql.push(if row.place == 1 { "(" } else { "), (" });
            sql.parameter(row.place);
            let texts = [row.audience.as_str(), row.kind, row.frame.as_str()].map(Value::from);
            for value in [row.mark.into()].into_iter().chain(texts) {
                sql.push(", ");
                sql.parameter(value);
            }
        }
        sql.push(")) AS event (place, mark, audience, kind, frame) RETURNING 1)");
    }

    fn add_to_several_partitions(&self, sql: &mut Sql) -> Result<(), StoreError> {
        sql.uncounted_clause("event");
        sql.push("SELECT * FROM json_to_recordset(");
        sql.parameter(self.json()?);
        sql.push(EVENT);
        sql.uncounted_clause("locked");
        sql.push(LOCKED);
        sql.uncounted_clause("moved");
        sql.push(MOVED);
        sql.clause("logged");
        sql.push(INSERT);
        sql.push("SELECT event.part, before + place, mark, audience, kind, frame, ");
        sql.parameter(self.now.0);
        sql.push(" FROM moved JOIN event ON event.part = moved.part RETURNING 1)");
        Ok(())
    }
}

/// Appends events on SQLite.
pub(crate) async fn append_on_sqlite(
    connection: &impl ConnectionTrait,
    append: &Append,
) -> Result<(), StoreError> {
    if append.is_empty() {
        return Ok(());
    }
    let json = append.json()?;
    let values = [json.as_str().into(), append.now.0.into()];
    let inserted = connection.execute_raw(backend::statement(connection, INSERT_EVENTS, values)).await?;
    connection.execute_raw(backend::statement(connection, MOVE_HEADS, [json.into()])).await?;
    append.check(inserted.rows_affected())
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
