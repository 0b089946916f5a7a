//! Positions in the log: without holes, in the order of the commits, whoever gives up on the way.

use std::collections::{BTreeMap, BTreeSet};

use domain::events::{Audience, LoggedEvent, Partition};
use store::{Store, outbox};
use testkit::TestDatabase;
use tokio::task::JoinSet;

use crate::fixtures::{NOW, event, mixed, person};

const WRITERS: u64 = 32;
const ROUNDS: u64 = 12;

/// What one writer committed: the frames of every partition in the order it wrote them.
type Written = BTreeMap<Partition, Vec<String>>;

/// Writes units of one to four events for people all over the log; every third unit or so is given up.
async fn write(store: Store, writer: u64) -> Written {
    let mut written = Written::new();
    for round in 0..ROUNDS {
        let seed = mixed(writer * ROUNDS + round);
        let mut unit = store.begin(NOW).await.unwrap();
        let mut recorded = Vec::new();
        for number in 0..=seed % 4 {
            let event = event(person(mixed(seed + number) % 40), format!("{writer} {round} {number}"));
            recorded.push((event.audience.partition(), event.frame.clone()));
            unit.record(event);
        }
        match (seed >> 8) % 6 {
            0 => unit.rollback().await.unwrap(),
            1 => drop(unit),
            _ => {
                unit.commit().await.unwrap();
                for (partition, frame) in recorded {
                    written.entry(partition).or_default().push(frame);
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
    mut end: tokio::sync::watch::Receiver<Option<outbox::Heads>>,
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
async fn positions_have_no_holes_however_many_write_and_give_up(database: TestDatabase) {
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
        let logged: BTreeSet<_> = events.iter().map(|event| event.frame.clone()).collect();
        let of_all = written.iter().filter_map(|written| written.get(&partition));
        let committed: BTreeSet<_> = of_all.clone().flatten().cloned().collect();
        assert_eq!(logged, committed, "what was given up is not in the log");
        assert_eq!(logged.len(), events.len(), "nothing is there twice");
        for in_order in of_all {
            let mut log = events.iter().map(|event| &event.frame);
            assert!(in_order.iter().all(|frame| log.any(|logged| logged == frame)), "{in_order:?}");
        }
    }
}

#[testkit::both_databases]
async fn events_of_one_unit_stand_together_in_their_order(database: TestDatabase) {
    let store = database.store();
    let mut unit = store.begin(NOW).await.unwrap();
    for frame in ["first", "second", "third"] {
        unit.record(event(person(1), frame));
    }
    unit.commit().await.unwrap();
    let events =
        outbox::read(store.reader(), event(person(1), "").audience.partition(), 0, 10).await.unwrap();
    let logged: Vec<_> = events.iter().map(|event| (event.position, event.frame.as_str())).collect();
    assert_eq!(logged, [(1, "first"), (2, "second"), (3, "third")]);
}

#[testkit::both_databases]
async fn a_unit_without_events_moves_no_head_and_wakes_those_who_look_for_work_alone(database: TestDatabase) {
    let store = database.store();
    let (mut commits, appends) = (store.commits(), store.appends());
    store.begin(NOW).await.unwrap().commit().await.unwrap();
    assert_eq!(outbox::heads(store.reader()).await.unwrap(), outbox::Heads::default());
    assert!(commits.has_changed().unwrap() && !appends.has_changed().unwrap());
    commits.mark_unchanged();
    store.begin(NOW).await.unwrap().rollback().await.unwrap();
    assert!(!commits.has_changed().unwrap(), "what was given up wakes nobody");
    let mut unit = store.begin(NOW).await.unwrap();
    unit.record(event(person(1), "news"));
    unit.commit().await.unwrap();
    assert!(commits.has_changed().unwrap() && appends.has_changed().unwrap());
}
