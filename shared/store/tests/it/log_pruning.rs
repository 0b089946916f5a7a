//! Pruning of the outbox: oldest positions first, in chunks, without gaps.

use domain::Timestamp;
use domain::events::Partition;
use store::{Store, outbox};
use testkit::TestDatabase;

use crate::fixtures::NOW;

/// The partition of these tests. All others stay empty.
fn fifth() -> Partition {
    Partition::from_number(5).unwrap()
}

/// Adds events to a partition. Each number is the time of recording, in milliseconds after [`NOW`].
async fn add(database: &TestDatabase, part: u8, delays: &[i64]) {
    for (position, delay) in (1..).zip(delays) {
        let recorded_at = NOW.0 + delay;
        let row = format!(
            "INSERT INTO outbox (part, pos, mark, audience, kind, frame, recorded_at)
             VALUES ({part}, {position}, 1, 'planet:1', 'test', '{{}}', {recorded_at})"
        );
        database.execute(&row).await;
    }
    database.execute(&format!("UPDATE stream_heads SET pos = {} WHERE part = {part}", delays.len())).await;
}

async fn prune(store: &Store, before: Timestamp, limit: u16) -> u64 {
    let unit = store.begin(NOW).await.unwrap();
    let pruned = outbox::prune(&unit, fifth(), before, limit).await.unwrap();
    unit.commit().await.unwrap();
    pruned
}

async fn kept(store: &Store) -> Vec<i64> {
    let events = outbox::read(store.reader(), fifth(), 0, 100_000).await.unwrap();
    events.iter().map(|event| event.position).collect()
}

#[testkit::both_databases]
async fn events_are_pruned_in_chunks_and_heads_stay(database: TestDatabase) {
    let store = database.store();
    add(&database, 5, &[0, 1, 2, 3, 4, 5, 6, 7]).await;
    let before = Timestamp(NOW.0 + 7);
    assert_eq!(prune(&store, before, 3).await, 3);
    assert_eq!(kept(&store).await, [4, 5, 6, 7, 8]);
    assert_eq!(prune(&store, before, 3).await, 3);
    assert_eq!(prune(&store, before, 3).await, 1);
    assert_eq!(prune(&store, before, 3).await, 0);
    assert_eq!(kept(&store).await, [8], "recorded at the limit, not before it");
    assert_eq!(outbox::heads(store.reader()).await.unwrap()[fifth().index()], 8);
}

#[testkit::both_databases]
async fn pruning_stops_at_the_first_event_that_is_too_young(database: TestDatabase) {
    let store = database.store();
    // The clocks of two processes differ: 3 was committed after 2, but its recorded time is earlier.
    add(&database, 5, &[0, 100, 1, 2, 200]).await;
    assert_eq!(prune(&store, Timestamp(NOW.0 + 50), 10).await, 1);
    assert_eq!(kept(&store).await, [2, 3, 4, 5], "no gap is left");
    assert_eq!(prune(&store, Timestamp(NOW.0 + 150), 10).await, 3);
    assert_eq!(kept(&store).await, [5]);
}

#[testkit::both_databases]
async fn a_partition_without_new_events_is_pruned_to_the_last_event(database: TestDatabase) {
    let store = database.store();
    add(&database, 5, &[0, 1]).await;
    let late = Timestamp(NOW.0 + 1_000_000);
    assert_eq!(prune(&store, late, 10).await, 2);
    assert_eq!(kept(&store).await, Vec::<i64>::new());
    assert_eq!(prune(&store, late, 10).await, 0);
}

#[testkit::both_databases]
async fn partitions_with_old_events_are_found_by_their_oldest_event(database: TestDatabase) {
    let store = database.store();
    add(&database, 5, &[0, 100]).await;
    add(&database, 7, &[100, 0]).await;
    add(&database, 31, &[3]).await;
    let prunable = async |delay| {
        let partitions = outbox::prunable(store.reader(), Timestamp(NOW.0 + delay)).await.unwrap();
        partitions.into_iter().map(Partition::number).collect::<Vec<_>>()
    };
    assert_eq!(prunable(0).await, Vec::<u8>::new());
    assert_eq!(prunable(50).await, [5, 31]);
    assert_eq!(prunable(101).await, [5, 7, 31]);
}
