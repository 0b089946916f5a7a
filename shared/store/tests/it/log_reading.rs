//! Reading the outbox: by position, by audience, and of all partitions at once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::Timestamp;
use domain::events::payload::{SessionRevoked, UserFollowers};
use domain::events::{Audience, Event, LoggedEvent, Partition};
use domain::ids::SessionId;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use store::{OnStatement, Store, StoreOptions, UnitOfWork, outbox};
use testkit::TestDatabase;
use uuid::Uuid;

use crate::fixtures::{NOW, event, label, mixed, person};

/// Writes one event a second for a person.
async fn write(store: &Store, labels: &[&str]) {
    for (second, label) in (0_u64..).zip(labels) {
        let mut unit = store.begin(NOW.plus(Duration::from_secs(second))).await.unwrap();
        unit.record(event(person(1), *label));
        unit.commit().await.unwrap();
    }
}

/// Reads after positions whose marks are unknown.
async fn read_new(store: &Store, after: outbox::PartitionPositions, limit: u16) -> Vec<LoggedEvent> {
    let reader = outbox::MarkedPositions { positions: after, ..outbox::MarkedPositions::default() };
    match outbox::read_new(store.reader(), &reader, limit).await.unwrap() {
        outbox::NewEvents::Following(events) => events,
        outbox::NewEvents::Diverged(partition) => panic!("diverged in {partition:?}"),
    }
}

fn labels(events: &[LoggedEvent]) -> Vec<(i64, String)> {
    events.iter().map(|event| (event.position, label(&event.frame))).collect()
}

fn expected(labels: &[(i64, &str)]) -> Vec<(i64, String)> {
    labels.iter().map(|(position, label)| (*position, (*label).to_owned())).collect()
}

fn positions(events: &[LoggedEvent]) -> Vec<i64> {
    events.iter().map(|event| event.position).collect()
}

#[testkit::both_databases]
async fn events_are_read_in_order_after_a_position(database: TestDatabase) {
    let store = database.store();
    write(&store, &["a", "b", "c", "d"]).await;
    let partition = Audience::User(person(1)).partition();
    let read = async |after, limit| outbox::read(store.reader(), partition, after, limit).await.unwrap();
    assert_eq!(labels(&read(0, 2).await), expected(&[(1, "a"), (2, "b")]));
    assert_eq!(labels(&read(2, 10).await), expected(&[(3, "c"), (4, "d")]));
    assert_eq!(read(4, 10).await, []);
    let first = &read(0, 1).await[0];
    assert_eq!(
        (first.kind.as_str(), first.audience.known(), first.recorded_at),
        ("notification", Some(Audience::User(person(1))), NOW)
    );
}

#[testkit::both_databases]
async fn events_of_some_audiences_are_read_between_two_positions(database: TestDatabase) {
    let store = database.store();
    let me = person(1);
    let session_id = SessionId(Uuid::from_u128(7));
    let mut unit = store.begin(NOW).await.unwrap();
    unit.record(event(me, "1"));
    unit.record(Event::UserFollowers(UserFollowers { user_id: me, followers_count: 1 }));
    unit.record(Event::SessionRevoked(SessionRevoked { user_id: me, session_id }));
    unit.record(event(me, "4"));
    unit.record(event(me, "5"));
    unit.commit().await.unwrap();
    let partition = Audience::User(me).partition();
    let mine = [Audience::User(me), Audience::Session(me, session_id)];
    let read = async |range, audiences: &[Audience], limit| {
        positions(&outbox::read_for(store.reader(), partition, range, audiences, limit).await.unwrap())
    };
    assert_eq!(read((0, 5), &mine, 10).await, [1, 3, 4, 5]);
    assert_eq!(read((1, 4), &mine, 10).await, [3, 4]);
    assert_eq!(read((0, 5), &mine, 2).await, [1, 3]);
    assert_eq!(read((0, 5), &[Audience::User(person(2))], 10).await, Vec::<i64>::new());
    assert_eq!(read((0, 5), &[], 10).await, Vec::<i64>::new());
}

#[testkit::both_databases]
async fn a_row_for_an_unknown_audience_does_not_delay_others(database: TestDatabase) {
    let store = database.store();
    write(&store, &["a", "b", "c"]).await;
    let planet = "planet:01890a5d-ac96-774b-bcce-b302099a8057";
    database.execute(&format!("UPDATE outbox SET audience = '{planet}' WHERE pos = 2")).await;
    let me = Audience::User(person(1));
    let read = outbox::read(store.reader(), me.partition(), 0, 10).await.unwrap();
    let audiences: Vec<String> = read.iter().map(|event| event.audience.to_string()).collect();
    assert_eq!(labels(&read), expected(&[(1, "a"), (2, "b"), (3, "c")]));
    assert_eq!(audiences, [me.to_string(), planet.to_owned(), me.to_string()]);
    let mine = outbox::read_for(store.reader(), me.partition(), (0, 3), &[me], 10).await.unwrap();
    assert_eq!(labels(&mine), expected(&[(1, "a"), (3, "c")]));
}

#[testkit::both_databases]
async fn new_events_of_all_partitions_are_read_in_one_statement(database: TestDatabase) {
    let store = database.store();
    let mut unit = store.begin(NOW).await.unwrap();
    for number in 0..300 {
        unit.record(event(person(mixed(number)), format!("{number}")));
    }
    unit.commit().await.unwrap();
    let heads = outbox::heads(store.reader()).await.unwrap();
    let mut after = outbox::PartitionPositions::default();
    let mut rounds = 0;
    while after != heads {
        let before = database.statements();
        let events = read_new(&store, after, 7).await;
        assert_eq!(database.statements() - before, 1);
        for event in &events {
            let position = &mut after[event.partition.index()];
            assert_eq!(event.position, *position + 1, "in order and without gaps");
            *position = event.position;
        }
        rounds += 1;
        let most = heads.map(|head| head.min(7 * rounds));
        assert_eq!(after, most, "seven of each partition at most");
    }
    assert_eq!(read_new(&store, heads, 7).await, []);
}

#[testkit::both_databases]
async fn a_reader_behind_the_pruned_events_gets_the_oldest_ones_kept(database: TestDatabase) {
    let store = database.store();
    write(&store, &["a", "b", "c", "d", "e", "f"]).await;
    let partition = Audience::User(person(1)).partition();
    database.execute("DELETE FROM outbox WHERE pos <= 4").await;
    let read = async |after: i64| {
        let mut positions = outbox::PartitionPositions::default();
        positions[partition.index()] = after;
        read_new(&store, positions, 2).await
    };
    assert_eq!(labels(&read(0).await), expected(&[(5, "e"), (6, "f")]));
    assert_eq!(labels(&read(3).await), expected(&[(5, "e")]));
    database.execute("DELETE FROM outbox").await;
    assert_eq!(read(0).await, []);
}

#[testkit::both_databases]
async fn a_reader_whose_last_event_was_replaced_gets_no_events(database: TestDatabase) {
    let store = database.store();
    write(&store, &["a", "b", "c"]).await;
    let partition = Audience::User(person(1)).partition();
    let stored = outbox::read(store.reader(), partition, 0, 10).await.unwrap();
    let mut reader = outbox::MarkedPositions::default();
    reader.positions[partition.index()] = 2;
    let next = [stored[2].clone()];
    for (mark, expected) in [
        (Some(stored[1].mark), outbox::NewEvents::Following(next.to_vec())),
        (None, outbox::NewEvents::Following(next.to_vec())),
        (Some(stored[1].mark.wrapping_add(1)), outbox::NewEvents::Diverged(partition)),
    ] {
        reader.marks[partition.index()] = mark;
        assert_eq!(outbox::read_new(store.reader(), &reader, 10).await.unwrap(), expected);
    }
}

#[testkit::both_databases]
async fn the_oldest_event_of_a_partition_is_found(database: TestDatabase) {
    let store = database.store();
    let partition = Audience::User(person(1)).partition();
    assert_eq!(outbox::oldest(store.reader(), partition).await.unwrap(), None);
    write(&store, &["a", "b"]).await;
    database.execute("DELETE FROM outbox WHERE pos = 1").await;
    assert_eq!(outbox::oldest(store.reader(), partition).await.unwrap(), Some(2));
    let other = Partition::all().find(|other| *other != partition).unwrap();
    assert_eq!(outbox::oldest(store.reader(), other).await.unwrap(), None);
}

/// Rows of the outbox that the present transaction has read: by sequential scans, and by an index.
async fn rows_read(unit: &UnitOfWork) -> (i64, i64) {
    let sql = "SELECT seq_tup_read, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'outbox'";
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let row = unit.connection().await.unwrap().query_one_raw(statement).await.unwrap().unwrap();
    (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_comparing_and_pruning_read_a_few_rows_of_a_long_history_on_postgres() {
    let database = TestDatabase::postgres().await;
    let store = database.store();
    let rows = "INSERT INTO outbox (part, pos, mark, audience, kind, frame, recorded_at)
                SELECT part, pos, 1, 'planet:1', 'test', '{}', 0
                FROM generate_series(0, 31) AS part, generate_series(1, 3000) AS pos";
    database.execute(rows).await;
    database.execute("UPDATE stream_heads SET pos = 3000, mark = 1").await;
    database.execute("ANALYZE").await;
    let unit = store.begin(NOW).await.unwrap();
    let behind_by_one = outbox::PartitionPositions::from([2999; 32]);
    let reader = outbox::MarkedPositions { positions: behind_by_one, marks: [Some(1); 32] };
    // PostgreSQL may choose another plan after the fifth execution of a prepared statement.
    let mut before = rows_read(&unit).await;
    for _ in 0..8 {
        let read = outbox::read_new(unit.connection().await.unwrap(), &reader, 256).await.unwrap();
        assert!(matches!(read, outbox::NewEvents::Following(events) if events.len() == 32));
        outbox::comparison(unit.connection().await.unwrap(), Uuid::nil(), &behind_by_one).await.unwrap();
        assert_eq!(outbox::prunable(unit.connection().await.unwrap(), NOW).await.unwrap().len(), 32);
        assert_eq!(
            outbox::prune(&unit, Partition::from_number(3).unwrap(), Timestamp(0), 10).await.unwrap(),
            0
        );
        let after = rows_read(&unit).await;
        assert_eq!(after.0, before.0, "no sequential scan");
        assert!(after.1 - before.1 < 300, "{} rows", after.1 - before.1);
        before = after;
    }
}

/// The plan of a prepared statement is kept while the table grows. Statistics of an empty table must not lead to one that
/// reads the whole table.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_events_are_found_by_the_primary_key_whatever_the_statistics_say_on_postgres() {
    let database = TestDatabase::postgres().await;
    database.execute("ANALYZE").await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let recorded = Arc::clone(&seen);
    let on_statement: OnStatement = Arc::new(move |sql| recorded.lock().unwrap().push(sql.to_owned()));
    let options = StoreOptions { on_statement: Some(on_statement), ..StoreOptions::default() };
    let store = Store::connect(database.url(), options).await.unwrap();
    read_new(&store, outbox::PartitionPositions::default(), 2).await;
    let mut sql = seen.lock().unwrap().pop().unwrap();
    for parameter in (1..=33).rev() {
        sql = sql.replace(&format!("${parameter}"), "2::bigint");
    }
    let explain = Statement::from_string(DbBackend::Postgres, format!("EXPLAIN {sql}"));
    let rows = store.reader().query_all_raw(explain).await.unwrap();
    let plan: Vec<String> = rows.into_iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    assert!(plan.iter().any(|line| line.contains("Index Scan using outbox_pkey on outbox")), "{plan:#?}");
    assert!(!plan.iter().any(|line| line.contains("Seq Scan on outbox")), "{plan:#?}");
}
