//! The schema: migrations applied, reverted and applied again.

use domain::ids::{NotificationId, PostId};
use domain::notifications::{Occasion, UnreadCounts};
use migrations::{Change, change};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use store::{notifications, outbox};
use testkit::TestDatabase;
use uuid::Uuid;

use crate::fixtures::{NOW, insert_person};

/// Everything the schema consists of, as the catalogues of PostgreSQL 15 and SQLite 3 describe it.
const POSTGRES_SCHEMA: &str = "
    SELECT 'column ' || table_name || ' '
           || ROW_NUMBER() OVER (PARTITION BY table_name ORDER BY ordinal_position) || ' ' || column_name || ' ' || data_type || ' '
           || is_nullable || ' ' || COALESCE(column_default, '') AS line
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'option ' || relname || ' ' || array_to_string(reloptions, ' ')
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND reloptions IS NOT NULL
    UNION ALL SELECT 'head ' || part || ' ' || pos || ' ' || mark FROM stream_heads
    ORDER BY line";
const SQLITE_SCHEMA: &str = "
    SELECT type || ' ' || name || ' ' || COALESCE(sql, '') AS line FROM sqlite_master
    UNION ALL SELECT 'head ' || part || ' ' || pos || ' ' || mark FROM stream_heads
    ORDER BY line";

const POSTGRES_TABLES: &str =
    "SELECT table_name AS line FROM information_schema.tables WHERE table_schema = 'public'";
const SQLITE_TABLES: &str =
    "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'";

const POSTGRES_COLUMNS: &str = "
    SELECT table_name || ' ' || column_name AS line FROM information_schema.columns
    WHERE table_schema = 'public' ORDER BY line";
const SQLITE_COLUMNS: &str = "
    SELECT tables.name || ' ' || columns.name AS line
    FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
    WHERE tables.type = 'table' ORDER BY line";

async fn lines(database: &TestDatabase, postgres: &str, sqlite: &str) -> Vec<String> {
    let store = database.store();
    let backend = store.reader().get_database_backend();
    let sql = if backend == DbBackend::Postgres { postgres } else { sqlite };
    let rows = store.reader().query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
    rows.into_iter().map(|row| row.try_get("", "line").unwrap()).collect()
}

async fn schema(database: &TestDatabase) -> Vec<String> {
    lines(database, POSTGRES_SCHEMA, SQLITE_SCHEMA).await
}

async fn tables(database: &TestDatabase) -> Vec<String> {
    lines(database, POSTGRES_TABLES, SQLITE_TABLES).await
}

async fn columns(database: &TestDatabase) -> Vec<String> {
    lines(database, POSTGRES_COLUMNS, SQLITE_COLUMNS).await
}

async fn applied(database: &TestDatabase) -> usize {
    let all = migrations::status(database.url()).await.unwrap();
    all.iter().filter(|(_, status)| *status == migrations::MigrationStatus::Applied).count()
}

async fn take_all_back(database: &TestDatabase) {
    let steps = applied(database).await;
    for left in (0..steps).rev() {
        change(database.url(), Change::Down).await.unwrap();
        assert_eq!(applied(database).await, left);
    }
}

#[testkit::both_databases]
async fn reverting_and_applying_every_migration_restores_the_same_schema(database: TestDatabase) {
    let before = schema(&database).await;
    assert!(before.len() > 50, "{before:?}");
    take_all_back(&database).await;
    assert_eq!(tables(&database).await, ["seaql_migrations"], "nothing but the list of steps is left");
    change(database.url(), Change::Up).await.unwrap();
    assert_eq!(schema(&database).await, before);
}

#[testkit::both_databases]
async fn one_migration_is_reverted_and_applied_without_the_others(database: TestDatabase) {
    let before = schema(&database).await;
    while applied(&database).await > 0 {
        let (steps, columns_before) = (applied(&database).await, columns(&database).await);
        change(database.url(), Change::Down).await.unwrap();
        assert_ne!(columns(&database).await, columns_before);
        change(database.url(), Change::Up).await.unwrap();
        assert_eq!(schema(&database).await, before);
        while applied(&database).await >= steps {
            change(database.url(), Change::Down).await.unwrap();
        }
    }
}

#[testkit::both_databases]
async fn migrating_up_twice_changes_nothing(database: TestDatabase) {
    let before = schema(&database).await;
    change(database.url(), Change::Up).await.unwrap();
    assert_eq!(schema(&database).await, before);
}

#[testkit::both_databases]
async fn a_failed_migration_is_rolled_back_and_can_be_retried(database: TestDatabase) {
    let before = schema(&database).await;
    while tables(&database).await.contains(&"jobs".to_owned()) {
        change(database.url(), Change::Down).await.unwrap();
    }
    // The migration creates `jobs` and then fails at this table.
    database.execute("CREATE TABLE captured_mails (id INTEGER)").await;
    change(database.url(), Change::Up).await.unwrap_err();
    assert!(!tables(&database).await.contains(&"jobs".to_owned()));
    database.execute("DROP TABLE captured_mails").await;
    change(database.url(), Change::Up).await.unwrap();
    assert_eq!(schema(&database).await, before);
}

#[testkit::both_databases]
async fn counters_of_existing_notifications_are_filled_in(database: TestDatabase) {
    let store = database.store();
    let unit = store.begin(NOW).await.unwrap();
    let (recipient, actor) = (insert_person(&unit, 1).await, insert_person(&unit, 2).await);
    for number in 0..6 {
        notifications::advance(&unit, recipient).await.unwrap();
        let occasion = Occasion::PostLiked(PostId(Uuid::from_u128(number)));
        let id = NotificationId(Uuid::from_u128(number));
        notifications::create(&unit, id, recipient, occasion, actor, NOW);
    }
    unit.commit().await.unwrap();
    let is_in = "WHERE target_id IN (SELECT target_id FROM notifications ORDER BY target_id LIMIT";
    database.execute(&format!("UPDATE notifications SET seen_at = 1 {is_in} 3)")).await;
    database.execute(&format!("UPDATE notifications SET read_at = 1 {is_in} 2)")).await;
    database.execute(&format!("UPDATE notifications SET actor_count = 0 {is_in} 1 OFFSET 5)")).await;
    let has_counters = async || {
        let all = migrations::status(database.url()).await.unwrap();
        let step = all.iter().find(|(name, _)| name.contains("count_notifications")).unwrap();
        step.1 == migrations::MigrationStatus::Applied
    };
    while has_counters().await {
        change(database.url(), Change::Down).await.unwrap();
    }
    change(database.url(), Change::Up).await.unwrap();
    let unread = notifications::unread(store.reader(), recipient).await.unwrap();
    assert_eq!(unread, UnreadCounts { unseen: 2, unread: 3 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_migrate_at_once_wait_for_each_other_on_postgres() {
    let database = TestDatabase::postgres().await;
    let before = schema(&database).await;
    take_all_back(&database).await;
    let mut migrating = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let url = database.url().to_owned();
        migrating.spawn(async move { change(&url, Change::Up).await });
    }
    for outcome in migrating.join_all().await {
        outcome.unwrap();
    }
    assert_eq!(schema(&database).await, before);
}

#[testkit::both_databases]
async fn events_from_before_the_marks_get_an_unknown_mark_and_epochs_keep_their_order(
    database: TestDatabase,
) {
    while columns(&database).await.contains(&"outbox mark".to_owned()) {
        change(database.url(), Change::Down).await.unwrap();
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM stream_heads").await, 16);
    database.execute("INSERT INTO outbox VALUES (3, 1, 'planet:1', 'test', '{}', 0)").await;
    database.execute("UPDATE stream_heads SET pos = 1 WHERE part = 3").await;
    let (first, second) = (uuid::Uuid::from_u128(9), uuid::Uuid::from_u128(1));
    let is_sqlite = database.url().starts_with("sqlite:");
    for (epoch, started_at) in [(second, 20), (first, 10)] {
        let epoch = if is_sqlite { format!("x'{}'", epoch.simple()) } else { format!("'{epoch}'") };
        database.execute(&format!("INSERT INTO log_epochs VALUES ({epoch}, {started_at})")).await;
    }
    change(database.url(), Change::Up).await.unwrap();
    let store = database.store();
    assert_eq!(outbox::epoch(store.reader()).await.unwrap(), Some(second));
    assert_eq!(outbox::earlier_epochs(store.reader(), 8).await.unwrap(), [first]);
    let positions = outbox::heads(store.reader()).await.unwrap();
    let found = outbox::comparison(store.reader(), second, &positions).await.unwrap();
    assert_eq!((found.heads.positions[3], found.heads.marks[3], found.marks_at_reader[3]), (1, None, None));
    assert_eq!(database.number("SELECT COUNT(*) FROM stream_heads").await, 32);
}
