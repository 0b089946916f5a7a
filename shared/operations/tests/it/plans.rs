//! The statements that operations run, and the rows that their plans read on PostgreSQL.

use std::sync::Arc;

use operations::App;
use store::{Store, StoreOptions};
use testkit::TestApp;

/// Statements that take part in a transaction, with the statements of the outbox as one: appending is one statement.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<std::sync::Mutex<Vec<String>>>);

impl Recorder {
    /// Returns the statements since the last call.
    pub(crate) fn take(&self) -> Vec<String> {
        let mut taken: Vec<String> = std::mem::take(&mut *self.0.lock().unwrap());
        taken.dedup_by(|later, earlier| is_append(later) && is_append(earlier));
        taken
    }
}

fn is_append(sql: &str) -> bool {
    sql.contains("outbox") || sql.contains("stream_heads")
}

/// Returns the operations on a separate store, and the recorder of its statements.
pub(crate) async fn recorded(app: &TestApp, connections: u32) -> (App, Recorder) {
    let recorder = Recorder::default();
    let seen = recorder.clone();
    let on_statement: store::OnStatement = Arc::new(move |sql| seen.0.lock().unwrap().push(sql.to_owned()));
    let options = StoreOptions { connections, on_statement: Some(on_statement), ..StoreOptions::default() };
    let store = Store::connect(app.database.url(), options).await.unwrap();
    (App { store, ..app.app.clone() }, recorder)
}

/// Returns the number of rows that the scans of a plan read, discarded rows included.
fn rows_read(plan: &[String]) -> f64 {
    let number = |line: &str, key: &str| {
        let (_, rest) = line.split_once(key)?;
        rest.split([' ', ')']).find(|word| !word.is_empty())?.parse::<f64>().ok()
    };
    let (mut read, mut loops) = (0.0, 0.0);
    for line in plan {
        if line.contains("actual rows=") {
            loops = number(line, "loops=").unwrap();
        }
        if line.contains("Scan") {
            read += number(line, "actual rows=").unwrap_or_default() * loops;
        }
        if line.contains("Rows Removed by") {
            read += number(line, ": ").unwrap() * loops;
        }
    }
    assert!(read > 0.0, "{plan:#?}");
    read
}

/// Explains a statement that the store ran, with values for its parameters. Returns the number of rows it reads.
pub(crate) async fn explain(app: &TestApp, sql: &str, values: &[String]) -> f64 {
    let mut sql = sql.to_owned();
    for (place, value) in (1..).zip(values) {
        sql = sql.replace(&format!("${place}"), &format!("'{value}'"));
    }
    let plan = app.database.texts(&format!("EXPLAIN (ANALYZE, TIMING OFF) {sql}")).await;
    rows_read(&plan)
}
