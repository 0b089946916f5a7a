//! Writes that a unit of work sends together: in one statement on PostgreSQL (data-modifying `WITH`), one after another on
//! SQLite, which needs no round trips.

use std::fmt::Write as _;

use domain::Timestamp;
use domain::events::NewEvent;
use sea_orm::sea_query::{InsertStatement, PostgresQueryBuilder, SqlWriterValues, UpdateStatement};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use uuid::Uuid;

use crate::backend::has_data_modifying_with;
use crate::connection::Connection;
use crate::outbox::Append;
use crate::rows::expect_one;
use crate::{StoreError, outbox};

/// Largest number of writes in one statement.
const TOGETHER: usize = 16;

/// A write that is meant for one row.
pub(crate) struct Write {
    change: Change,
    table: &'static str,
    /// Key of the row, for the error if no row has it.
    key: Uuid,
}

enum Change {
    Insert(InsertStatement),
    Update(UpdateStatement),
}

impl Write {
    /// Inserts a row into `table`.
    pub(crate) fn insert(table: &'static str, key: Uuid, statement: InsertStatement) -> Self {
        Self { change: Change::Insert(statement), table, key }
    }

    /// Updates a row of `table`.
    pub(crate) fn update(table: &'static str, key: Uuid, statement: UpdateStatement) -> Self {
        Self { change: Change::Update(statement), table, key }
    }
}

/// Runs writes and appends events to the outbox, recorded at `now`. No write may change or need a row that another one
/// changes. Fails if a write touches no row, or more than one.
pub(crate) async fn run(
    connection: &Connection,
    writes: Vec<Write>,
    events: Vec<NewEvent>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if writes.is_empty() && events.is_empty() {
        return Ok(());
    }
    let append = Append::new(events, now);
    if has_data_modifying_with(connection) {
        let mut chunks = writes.chunks(TOGETHER).peekable();
        while let Some(chunk) = chunks.next_if(|chunk| chunk.len() == TOGETHER) {
            run_together(connection, chunk, &Append::new(Vec::new(), now)).await?;
        }
        return run_together(connection, chunks.next().unwrap_or_default(), &append).await;
    }
    for write in writes {
        let touched = match &write.change {
            Change::Insert(insert) => connection.execute(insert).await?,
            Change::Update(update) => connection.execute(update).await?,
        };
        expect_one(touched.rows_affected(), write.table, write.key)?;
    }
    outbox::append_on_sqlite(connection, &append).await
}

/// Runs `WITH write_0 AS (… RETURNING 1), … SELECT (SELECT COUNT(*) FROM write_0), …`.
async fn run_together(connection: &Connection, writes: &[Write], append: &Append) -> Result<(), StoreError> {
    if writes.is_empty() && append.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new();
    for (place, write) in writes.iter().enumerate() {
        sql.clause(&format!("write_{place}"));
        match &write.change {
            Change::Insert(insert) => insert.build_collect_into(PostgresQueryBuilder, &mut sql.text),
            Change::Update(update) => update.build_collect_into(PostgresQueryBuilder, &mut sql.text),
        }
        sql.push(" RETURNING 1)");
    }
    append.add_clauses(&mut sql)?;
    let row = connection.query_one_raw(sql.counting()).await?;
    let row = row.ok_or_else(|| StoreError::corrupt("outbox", "no counts of the writes"))?;
    let count = |place| Ok::<_, StoreError>(row.try_get_by_index::<i64>(place)?.unsigned_abs());
    for (place, write) in writes.iter().enumerate() {
        expect_one(count(place)?, write.table, write.key)?;
    }
    append.check(if append.is_empty() { 0 } else { count(writes.len())? })
}

/// The text of a statement `WITH …`, and its parameters.
pub(crate) struct Sql {
    text: SqlWriterValues,
    /// Names of the clauses whose rows are counted.
    counted: Vec<String>,
    clauses: usize,
}

impl Sql {
    fn new() -> Self {
        Self { text: SqlWriterValues::new("$", true), counted: Vec::new(), clauses: 0 }
    }

    /// Begins a clause whose rows are counted: `name AS (`. The caller closes the parenthesis.
    pub(crate) fn clause(&mut self, name: &str) {
        self.counted.push(name.to_owned());
        self.uncounted_clause(name);
    }

    /// Begins a clause whose rows are not counted.
    pub(crate) fn uncounted_clause(&mut self, name: &str) {
        self.push(if self.clauses == 0 { "WITH " } else { ", " });
        self.push(name);
        self.push(" AS (");
        self.clauses += 1;
    }

    /// Adds text.
    pub(crate) fn push(&mut self, text: &str) {
        // Writing to memory cannot fail.
        self.text.write_str(text).ok();
    }

    /// Adds a parameter.
    pub(crate) fn parameter(&mut self, value: impl Into<Value>) {
        use sea_orm::sea_query::SqlWriter as _;
        self.text.push_param(value.into(), &PostgresQueryBuilder);
    }

    /// Ends the statement: it returns one row with the counts, in the order of the clauses.
    fn counting(mut self) -> Statement {
        for (place, name) in std::mem::take(&mut self.counted).iter().enumerate() {
            self.push(if place == 0 { " SELECT (SELECT COUNT(*) FROM " } else { ", (SELECT COUNT(*) FROM " });
            self.push(name);
            self.push(")");
        }
        let (text, values) = self.text.into_parts();
        Statement { sql: text, values: Some(values), db_backend: DbBackend::Postgres }
    }
}
