//! Callers are dropped at any moment: a client that disconnects drops the future of its request.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use domain::events::Partition;
use domain::ids::JobId;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use store::{Store, StoreError, StoreOptions, UnitOfWork, jobs, outbox};
use testkit::TestDatabase;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::fixtures::{NOW, event, label, mixed, person};

const CALLERS: u64 = 200;
/// The size of the store's pool.
const CONNECTIONS: i64 = 16;

/// Polls a future at most `polls` times and drops it, in most cases in the middle of a statement.
async fn drop_after(polls: u64, future: impl Future) {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        left = left.saturating_sub(1);
        match future.as_mut().poll(context) {
            Poll::Pending if left > 0 => Poll::Pending,
            _ => Poll::Ready(()),
        }
    })
    .await;
}

/// Runs one unit with a job and an event of the same name. Every fifth unit is rolled back.
async fn request(store: &Store, number: u64) -> Result<(), StoreError> {
    let mut unit = store.begin(NOW).await?;
    let id = JobId(Uuid::from_u64_pair(1, number));
    jobs::enqueue(&unit, id, "request", format!("{number}"), Duration::from_mins(1)).await?;
    outbox::heads(unit.connection().await?).await?;
    unit.record(event(person(number), format!("{number}")));
    if number.is_multiple_of(5) { unit.rollback().await } else { unit.commit().await }
}

/// Returns the number that a statement selects on this unit's connection.
async fn number(unit: &UnitOfWork, sql: &str) -> i64 {
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    unit.connection()
        .await
        .unwrap()
        .query_one_raw(statement)
        .await
        .unwrap()
        .unwrap()
        .try_get_by_index(0)
        .unwrap()
}

/// Counts the connections of a store that are still in a transaction that a dropped caller left open. Occupies every
/// connection of the pool at once with a statement that waits for an advisory lock, so that each connection was
/// returned by its caller before it is inspected.
async fn transactions_left_open(database: &TestDatabase) -> i64 {
    let gatekeeper = Store::connect(database.url(), StoreOptions::default()).await.unwrap();
    let gate = gatekeeper.begin(NOW).await.unwrap();
    gate.connection().await.unwrap().execute_unprepared("SELECT pg_advisory_xact_lock(1)").await.unwrap();
    let before = number(&gate, "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint").await;
    let mut waiting = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let store = database.store();
        waiting.spawn(async move {
            store.reader().execute_unprepared("SELECT pg_advisory_xact_lock_shared(1)").await.unwrap();
        });
    }
    let at_the_gate = "SELECT COUNT(*) FROM pg_locks JOIN pg_database ON oid = database
                       WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted";
    while number(&gate, at_the_gate).await < CONNECTIONS {
        tokio::task::yield_now().await;
    }
    let open = format!(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
         AND (EXTRACT(EPOCH FROM xact_start) * 1000000)::bigint < {before}"
    );
    let open = number(&gate, &open).await;
    gate.rollback().await.unwrap();
    waiting.join_all().await;
    open
}

async fn run_dropped_requests(store: &Store) {
    for first in (0..CALLERS).step_by(10) {
        let mut callers = JoinSet::new();
        for number in first..first + 10 {
            let store = store.clone();
            callers.spawn(async move { drop_after(1 + mixed(number) % 24, request(&store, number)).await });
        }
        callers.join_all().await;
    }
}

/// Asserts that every job has its event, every event its job, and that positions have no gaps.
async fn assert_all_or_nothing(database: &TestDatabase) {
    let store = database.store();
    let mut logged = Vec::new();
    for partition in Partition::all() {
        let events = outbox::read(store.reader(), partition, 0, 10_000).await.unwrap();
        assert!(events.iter().zip(1..).all(|(event, place)| event.position == place));
        logged.extend(events.into_iter().map(|event| label(&event.frame)));
    }
    let unit = store.begin(NOW).await.unwrap();
    let claimed = jobs::claim(&unit, 10_000, Duration::from_mins(1)).await.unwrap();
    unit.commit().await.unwrap();
    let mut jobs: Vec<_> = claimed.into_iter().map(|job| job.payload).collect();
    logged.sort();
    jobs.sort();
    assert_eq!(logged, jobs);
}

/// Rule NO3.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_caller_leaves_no_transaction_open_on_postgres() {
    let database = TestDatabase::postgres().await;
    let store = database.store();
    run_dropped_requests(&store).await;
    assert_eq!(transactions_left_open(&database).await, 0);
    assert_all_or_nothing(&database).await;
}

/// sqlx marks a connection as being in a transaction only after `BEGIN` was answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_dropped_during_begin_leaves_no_transaction_open_on_postgres() {
    let database = TestDatabase::postgres().await;
    let store = database.store();
    assert_eq!(transactions_left_open(&database).await, 0, "and from here on every connection is there");
    for polls in 1..=3 {
        for _ in 0..CONNECTIONS {
            drop_after(polls, store.begin(NOW)).await;
        }
        assert_eq!(transactions_left_open(&database).await, 0, "dropped after {polls} polls");
    }
}

#[testkit::both_databases]
async fn units_after_dropped_callers_succeed_and_each_is_atomic(database: TestDatabase) {
    let store = database.store();
    run_dropped_requests(&store).await;
    for number in CALLERS..CALLERS + 40 {
        request(&store, number).await.unwrap();
    }
    assert_all_or_nothing(&database).await;
}

#[testkit::both_databases]
async fn a_commit_finishes_even_if_its_caller_is_dropped(database: TestDatabase) {
    let store = database.store();
    let mut unit = store.begin(NOW).await.unwrap();
    unit.record(event(person(1), "kept"));
    let mut commits = store.commits();
    drop_after(1, unit.commit()).await;
    commits.changed().await.unwrap();
    let partition = event(person(1), "").audience().partition();
    let logged = outbox::read(store.reader(), partition, 0, 10).await.unwrap();
    assert_eq!(logged.iter().map(|event| label(&event.frame)).collect::<Vec<_>>(), ["kept"]);
}
