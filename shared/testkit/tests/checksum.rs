//! What a checksum of a database sees.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use testkit::{TestApp, TestDatabase};

#[testkit::both_databases]
async fn a_checksum_covers_every_table(database: TestDatabase) {
    let checksum = database.checksum().await;
    for table in ["users", "sessions", "posts", "notifications", "outbox", "stream_heads", "jobs"] {
        assert!(checksum.0.contains_key(table), "{table} is missing in {checksum:?}");
    }
    assert_eq!(checksum.0["users"].rows, 0);
}

#[testkit::both_databases]
async fn a_checksum_sees_a_changed_cell_and_names_its_table(database: TestDatabase) {
    let app = TestApp::new(database);
    let unit = app.app.store.begin(app.now()).await.unwrap();
    for nickname in ["mina", "jun"] {
        app.insert_caller(&unit, nickname).await;
    }
    unit.commit().await.unwrap();
    let before = app.database.checksum().await;
    assert_eq!(app.database.checksum().await, before);
    app.database.execute("UPDATE users SET nickname = 'minas' WHERE nickname = 'mina'").await;
    let after = app.database.checksum().await;
    let changed: Vec<_> = before.0.iter().filter(|(table, old)| after.0[*table] != **old).collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert_eq!((changed[0].0.as_str(), changed[0].1.rows), ("users", 2));
    app.database.execute("UPDATE users SET nickname = 'mina' WHERE nickname = 'minas'").await;
    assert_eq!(app.database.checksum().await, before, "the order of the rows does not matter");
}

#[testkit::both_databases]
async fn a_checksum_tells_null_from_an_empty_text_and_one_column_from_another(database: TestDatabase) {
    database.execute("CREATE TABLE pairs (first TEXT, second TEXT)").await;
    let mut seen = Vec::new();
    for values in ["NULL, ''", "'', NULL", "'', ''", "'a,b', 'c'", "'a', 'b,c'", "'''', ''"] {
        database.execute("DELETE FROM pairs").await;
        database.execute(&format!("INSERT INTO pairs VALUES ({values})")).await;
        let checksum = database.checksum().await.0["pairs"];
        assert!(!seen.contains(&checksum), "{values} looks like another row");
        seen.push(checksum);
    }
}
