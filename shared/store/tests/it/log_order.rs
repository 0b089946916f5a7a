//! Positions in the outbox have no gaps and follow the order of the commits, even if other units are rolled back.

use std::collections::{BTreeMap, BTreeSet};

use domain::events::{Audience, LoggedEvent, Partition};
use store::{Store, outbox};
use testkit::TestDatabase;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::fixtures::{NOW, event, label, mixed, person};

const WRITERS: u64 = 32;
const ROUNDS: u64 = 12;

/// The labels that one writer committed, by partition, in the order in which it wrote them.
type Written = BTreeMap<Partition, Vec<String>>;

/// Commits units of one to eight events for people in all partitions; about every third unit is rolled back.
async fn write(store: Store, writer: u64) -> Written {
    let mut written = Written::new();
    for round in 0..ROUNDS {
        let seed = mixed(writer * ROUNDS + round);
        let mut unit = store.begin(NOW).await.unwrap();
        let mut recorded = Vec::new();
        for number in 0..=seed % 8 {
            let label = format!("{writer} {round} {number}");
            let event = event(person(mixed(seed + number) % 40), label.clone());
            recorded.push((event.audience().partition(), label));
            unit.record(event);
        }
        match (seed >> 8) % 6 {
            0 => unit.rollback().await.unwrap(),
            1 => drop(unit),
            _ => {
                unit.commit().await.unwrap();
                for (partition, label) in recorded {
                    written.entry(partition).or_default().push(label);
                }
            }
        }
    }
    written
}

/// Follows a partition as a relay does, until it has read everything up to `end`.
async fn tail(
    store: Store,
    partition: Partition,
    mut end: tokio::sync::watch::Receiver<Option<outbox::PartitionPositions>>,
) {
    let mut position = 0;
    loop {
        let ended = *end.borrow_and_update();
        let events = outbox::read(store.reader(), partition, position, 7).await.unwrap();
        for event in &events {
            assert_eq!(event.position, position + 1, "an event appeared behind the reader");
            position = event.position;
        }
        if let (true, Some(heads)) = (events.is_empty(), ended) {
            assert_eq!(heads.get(partition.index()), Some(&position));
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn all_events(store: &Store) -> BTreeMap<Partition, Vec<LoggedEvent>> {
    let mut all = BTreeMap::new();
    for partition in Partition::all() {
        all.insert(partition, outbox::read(store.reader(), partition, 0, 100_000).await.unwrap());
    }
    all
}

#[testkit::both_databases]
async fn positions_have_no_gaps_with_concurrent_commits_and_rollbacks(database: TestDatabase) {
    let store = database.store();
    let (ended, end) = tokio::sync::watch::channel(None);
    let mut tails = JoinSet::new();
    for partition in Partition::all().step_by(5) {
        tails.spawn(tail(store.clone(), partition, end.clone()));
    }
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write(store.clone(), writer));
    }
    let written = writers.join_all().await;
    let heads = outbox::heads(store.reader()).await.unwrap();
    ended.send(Some(heads)).unwrap();
    tails.join_all().await;

    for (partition, events) in all_events(&store).await {
        let positions: Vec<_> = events.iter().map(|event| event.position).collect();
        assert_eq!(positions, (1..=heads[partition.index()]).collect::<Vec<_>>());
        assert!(
            events.iter().all(|event| event.audience.known().map(Audience::partition) == Some(partition))
        );
        let logged: BTreeSet<_> = events.iter().map(|event| label(&event.frame)).collect();
        let of_all = written.iter().filter_map(|written| written.get(&partition));
        let committed: BTreeSet<_> = of_all.clone().flatten().cloned().collect();
        assert_eq!(logged, committed, "units that were rolled back left no events");
        assert_eq!(logged.len(), events.len(), "nothing is there twice");
        for in_order in of_all {
            let mut stored = events.iter().map(|event| label(&event.frame));
            assert!(in_order.iter().all(|label| stored.any(|stored| stored == *label)), "{in_order:?}");
        }
    }
}

#[testkit::both_databases]
async fn events_of_one_unit_get_adjacent_positions_in_their_order(database: TestDatabase) {
    let store = database.store();
    let mut unit = store.begin(NOW).await.unwrap();
    for label in ["first", "second", "third"] {
        unit.record(event(person(1), label));
    }
    unit.commit().await.unwrap();
    let partition = event(person(1), "").audience().partition();
    let events = outbox::read(store.reader(), partition, 0, 10).await.unwrap();
    let stored: Vec<_> = events.iter().map(|event| (event.position, label(&event.frame))).collect();
    assert_eq!(stored, [(1, "first".into()), (2, "second".into()), (3, "third".into())]);
}

#[testkit::both_databases]
async fn every_event_has_a_mark_and_a_head_has_the_mark_of_its_last_event(database: TestDatabase) {
    let store = database.store();
    let mut unit = store.begin(NOW).await.unwrap();
    for number in 0..200 {
        unit.record(event(person(number % 20), "marked"));
    }
    unit.commit().await.unwrap();
    let positions = outbox::heads(store.reader()).await.unwrap();
    let heads = outbox::comparison(store.reader(), Uuid::nil(), &positions).await.unwrap().heads;
    let mut marks = BTreeSet::new();
    for (partition, events) in all_events(&store).await {
        assert_eq!(heads.marks[partition.index()], events.last().map(|event| event.mark));
        marks.extend(events.into_iter().map(|event| event.mark));
    }
    assert!(marks.len() == 200 && !marks.contains(&0), "{marks:?}");
}

#[testkit::both_databases]
async fn a_commit_appends_to_all_partitions_in_as_few_statements_as_the_database_allows(
    database: TestDatabase,
) {
    let store = database.store();
    let statements_of = async |events: u64| {
        let before = database.statements();
        let mut unit = store.begin(NOW).await.unwrap();
        for number in 0..events {
            unit.record(event(person(number), "many"));
        }
        unit.commit().await.unwrap();
        database.statements() - before
    };
    let without_events = statements_of(0).await;
    let is_sqlite = database.url().starts_with("sqlite:");
    for events in [1, 2, 300] {
        assert_eq!(statements_of(events).await - without_events, if is_sqlite { 2 } else { 1 });
    }
}

#[testkit::both_databases]
async fn commits_that_touch_many_partitions_in_any_order_never_deadlock(database: TestDatabase) {
    let store = database.store();
    let mut writers = JoinSet::new();
    for writer in 0..16_u64 {
        let store = store.clone();
        writers.spawn(async move {
            for round in 0..10 {
                let mut unit = store.begin(NOW).await.unwrap();
                for number in 0..24 {
                    unit.record(event(person(mixed(writer * 1000 + round * 100 + number)), "crossing"));
                }
                unit.commit().await.unwrap();
            }
        });
    }
    writers.join_all().await;
    assert_eq!(outbox::heads(store.reader()).await.unwrap().iter().sum::<i64>(), 16 * 10 * 24);
}

#[testkit::both_databases]
async fn a_unit_without_events_moves_no_head_and_wakes_only_the_job_workers(database: TestDatabase) {
    let store = database.store();
    let (mut commits, appends) = (store.commits(), store.appends());
    store.begin(NOW).await.unwrap().commit().await.unwrap();
    assert_eq!(outbox::heads(store.reader()).await.unwrap(), outbox::PartitionPositions::default());
    assert!(commits.has_changed().unwrap() && !appends.has_changed().unwrap());
    commits.mark_unchanged();
    store.begin(NOW).await.unwrap().rollback().await.unwrap();
    assert!(!commits.has_changed().unwrap(), "a rollback wakes no waiter");
    let mut unit = store.begin(NOW).await.unwrap();
    unit.record(event(person(1), "news"));
    unit.commit().await.unwrap();
    assert!(commits.has_changed().unwrap() && appends.has_changed().unwrap());
}
