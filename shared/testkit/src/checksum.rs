use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::TestDatabase;

/// The number of rows and a hash of all rows, for every table of a database.
///
/// Equal checksums mean that nothing was inserted, changed or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum(pub BTreeMap<String, TableChecksum>);

/// The number of rows of a table and a hash of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableChecksum {
    /// Number of rows of the table.
    pub rows: i64,
    /// A hash of every column of every row, independent of their order.
    pub hash: u64,
}

/// One `SELECT` per table that returns the table's name, the number of its rows, and the sorted texts of the rows.
const POSTGRES_SELECTS: &str = "
    SELECT format('SELECT %L AS place, COUNT(*) AS number, COALESCE(string_agg(t::text, E''\\n''
           ORDER BY t::text COLLATE \"C\"), '''') AS content FROM %I AS t', table_name, table_name) AS statement
    FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'";
const SQLITE_SELECTS: &str = "
    SELECT format('SELECT %Q AS place, COUNT(*) AS number, COALESCE(group_concat(line, char(10)
           ORDER BY line), '''') AS content FROM (SELECT %s AS line FROM \"%w\")', tables.name,
           group_concat(format('quote(\"%w\")', columns.name), ' || '','' || '), tables.name) AS statement
    FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
    WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite%' GROUP BY tables.name";

impl TestDatabase {
    /// Returns a checksum of all tables, which are found in the schema. Runs two statements.
    pub async fn checksum(&self) -> Checksum {
        let store = self.store();
        let backend = store.reader().get_database_backend();
        let selects = if backend == DbBackend::Postgres { POSTGRES_SELECTS } else { SQLITE_SELECTS };
        let query = |sql: String| store.reader().query_all_raw(Statement::from_string(backend, sql));
        let selects = query(selects.to_owned()).await.unwrap();
        let selects: Vec<String> = selects.iter().map(|row| row.try_get("", "statement").unwrap()).collect();
        let mut tables = BTreeMap::new();
        for row in query(selects.join(" UNION ALL ")).await.unwrap() {
            let content: String = row.try_get("", "content").unwrap();
            let mut hasher = DefaultHasher::new();
            content.hash(&mut hasher);
            let checksum = TableChecksum { rows: row.try_get("", "number").unwrap(), hash: hasher.finish() };
            tables.insert(row.try_get("", "place").unwrap(), checksum);
        }
        Checksum(tables)
    }
}
