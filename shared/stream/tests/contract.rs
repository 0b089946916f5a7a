//! The contract of every source of events, on both databases, and of the relay.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod fixture;

use std::sync::atomic::Ordering;
use std::time::Instant;

use domain::events::{LoggedEvent, Partition};
use fixture::{Kind, Log, UNKNOWN, by_partition};
use stream::{EventSource, Positions, SourceFault};

#[testkit::every_source]
async fn events_come_once_in_order_and_without_gaps(mut log: Log) {
    let recorded = log.record(200).await;
    let read = log.read_to_head(Positions::default()).await;
    assert_eq!(read.len(), 200);
    assert_eq!(by_partition(&read), by_partition(&recorded));
    for partition in Partition::all() {
        let positions: Vec<i64> =
            read.iter().filter(|event| event.partition == partition).map(|event| event.position).collect();
        assert_eq!(positions, (1..).take(positions.len()).collect::<Vec<i64>>());
    }
}

#[testkit::every_source]
async fn a_reader_continues_where_another_stopped(mut log: Log) {
    log.record(60).await;
    let first = log.heads().await;
    log.read_to_head(Positions::default()).await;
    let later = log.record(40).await;
    let read = log.read_to_head(first).await;
    assert_eq!(by_partition(&read), by_partition(&later));
}

#[testkit::every_source]
async fn a_waiting_reader_is_woken_by_a_commit(mut log: Log) {
    log.record(5).await;
    let mut position = log.heads().await;
    log.read_to_head(Positions::default()).await;
    let store = log.store();
    let commit = tokio::spawn(async move { fixture::record_into(&store, 1).await });
    let read = log.read_from(&mut position, 1).await;
    assert_eq!(by_partition(&read), by_partition(&commit.await.unwrap()));
}

#[testkit::every_source]
async fn an_event_for_an_unknown_audience_keeps_its_place_and_its_text(mut log: Log) {
    let before = log.record(40).await;
    log.record_for_unknown().await;
    let after = log.record(40).await;
    let read = log.read_to_head(Positions::default()).await;
    assert_eq!(read.len(), 112);
    for (partition, events) in by_partition(&read) {
        let part_of = |events: &[LoggedEvent]| by_partition(events).remove(&partition).unwrap_or_default();
        let (known, unknown): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|event| event.audience.known().is_some());
        assert_eq!(known, [part_of(&before), part_of(&after)].concat());
        assert_eq!(unknown.iter().map(|event| event.audience.to_string()).collect::<Vec<_>>(), [UNKNOWN]);
    }
}

#[testkit::every_source]
async fn a_read_without_new_events_returns_an_empty_list(mut log: Log) {
    log.record(5).await;
    log.read_to_head(Positions::default()).await;
    let heads = log.heads().await;
    assert_eq!(log.source.next(&heads).await.unwrap(), []);
}

#[testkit::both_databases]
async fn two_relays_at_once_append_nothing_twice(database: testkit::TestDatabase) {
    let mut log = Log::open(database, Kind::Redis).await;
    log.record(50).await;
    log.read_to_head(Positions::default()).await;
    // The lease of the first relay looks expired while the first relay still copies.
    log.expire_lease().await;
    let zombie = log.start_relay("zombie");
    let store = log.store();
    for _ in 0..20 {
        fixture::record_into(&store, 25).await;
    }
    let read = log.read_to_head(Positions::default()).await;
    assert_eq!(read.len(), 550);
    for (partition, head) in log.heads().await.iter() {
        let ids: Vec<String> = (1..=head).map(|position| format!("{position}-0")).collect();
        assert_eq!(log.ids(partition).await, ids);
    }
    zombie.stop().await;
}

#[testkit::both_databases]
async fn a_lease_of_a_dead_process_with_a_wrong_clock_blocks_no_other(database: testkit::TestDatabase) {
    let mut log = Log::open(database, Kind::Redis).await;
    log.record(5).await;
    log.read_to_head(Positions::default()).await;
    log.stop_relay().await;
    log.forge_lease().await;
    let successor = log.start_relay("successor");
    let recorded = log.record(30).await;
    let read = log.read_to_head(Positions::default()).await;
    assert!(recorded.iter().all(|event| read.contains(event)));
    successor.stop().await;
}

#[testkit::both_databases]
async fn entries_lost_by_redis_are_copied_again(database: testkit::TestDatabase) {
    let mut log = Log::open(database, Kind::Redis).await;
    let recorded = log.record(120).await;
    log.read_to_head(Positions::default()).await;
    log.wipe().await;
    let read = log.read_to_head(Positions::default()).await;
    assert_eq!(by_partition(&read), by_partition(&recorded));
}

#[testkit::both_databases]
async fn a_relay_fills_an_empty_redis_when_it_starts(database: testkit::TestDatabase) {
    let mut log = Log::open(database, Kind::Redis).await;
    log.record(30).await;
    log.read_to_head(Positions::default()).await;
    log.stop_relay().await;
    log.wipe().await;
    log.record(30).await;
    let successor = log.start_relay("successor");
    assert_eq!(log.read_to_head(Positions::default()).await.len(), 60);
    successor.stop().await;
}

#[testkit::both_databases]
async fn entries_not_written_by_a_relay_are_skipped(database: testkit::TestDatabase) {
    let mut log = Log::open(database, Kind::Redis).await;
    log.record(80).await;
    log.read_to_head(Positions::default()).await;
    for (partition, head) in log.heads().await.iter().filter(|(_, head)| *head > 0) {
        log.add_foreign(partition, &format!("{head}-1")).await;
    }
    let later = log.record(80).await;
    let read = log.read_to_head(Positions::default()).await;
    assert_eq!(read.len(), 160);
    let read: Vec<_> = read.into_iter().filter(|event| later.contains(event)).collect();
    assert_eq!(by_partition(&read), by_partition(&later));
    let EventSource::Redis(source) = &log.source else { panic!("it reads from redis") };
    assert!(source.malformed() >= 1);
}

#[testkit::both_databases]
async fn a_stream_ahead_of_the_outbox_begins_a_new_epoch(database: testkit::TestDatabase) {
    let mut log = Log::open(database, Kind::Redis).await;
    log.record(40).await;
    log.read_to_head(Positions::default()).await;
    for partition in Partition::all() {
        log.add_foreign(partition, "*").await;
    }
    log.next_epoch().await;
    let later = log.record(40).await;
    let read = log.read_patiently_to_head(Positions::default()).await;
    assert_eq!(read.len(), 80);
    assert!(later.iter().all(|event| read.contains(event)));
}

#[testkit::both_databases]
async fn a_running_relay_goes_on_under_a_new_epoch_when_commits_were_lost(database: testkit::TestDatabase) {
    let mut log = Log::open(database, Kind::Redis).await;
    log.record(120).await;
    log.read_to_head(Positions::default()).await;
    log.lose_newest().await;
    // The same positions are given again, and further ones.
    log.record(120).await;
    log.next_epoch().await;
    let expected = log.stored().await;
    let read = log.read_patiently_to_head(Positions::default()).await;
    assert_eq!(by_partition(&read), by_partition(&expected));
    assert_eq!(log.streams(fixture::EPOCH).await, 0, "the streams of the old epoch are deleted");
}

#[testkit::both_databases]
async fn a_relay_that_starts_notices_commits_that_were_lost_while_none_ran(database: testkit::TestDatabase) {
    let mut log = Log::open(database, Kind::Redis).await;
    log.record(120).await;
    log.read_to_head(Positions::default()).await;
    log.stop_relay().await;
    log.lose_newest().await;
    log.record(120).await;
    let successor = log.start_relay("successor");
    log.next_epoch().await;
    let expected = log.stored().await;
    let read = log.read_patiently_to_head(Positions::default()).await;
    assert_eq!(by_partition(&read), by_partition(&expected));
    assert_eq!(log.streams(fixture::EPOCH).await, 0);
    successor.stop().await;
}

#[testkit::both_databases]
async fn a_source_of_the_outbox_does_not_go_on_after_an_event_that_was_replaced(
    database: testkit::TestDatabase,
) {
    let mut log = Log::open(database, Kind::Outbox).await;
    log.record(120).await;
    let before = log.heads().await;
    log.read_to_head(Positions::default()).await;
    log.lose_newest().await;
    log.record(240).await;
    let diverged = log.source.next(&before).await.unwrap_err();
    assert!(matches!(diverged, SourceFault::Diverged(_)), "{diverged:?}");
}

#[testkit::both_databases]
async fn the_heads_of_redis_are_the_last_copied_positions(database: testkit::TestDatabase) {
    let mut log = Log::open(database, Kind::Redis).await;
    let EventSource::Redis(source) = &mut log.source else { panic!("it reads from redis") };
    assert_eq!(source.tops().await.unwrap(), Positions::default());
    log.record(60).await;
    log.read_to_head(Positions::default()).await;
    let heads = log.heads().await;
    let EventSource::Redis(source) = &mut log.source else { panic!("it reads from redis") };
    let tops = source.tops().await.unwrap();
    assert_eq!(tops, heads);
    assert!(tops.has_reached(&heads));
}

#[testkit::both_databases]
async fn a_relay_reads_the_outbox_at_most_250_times_a_second_however_many_commits(
    database: testkit::TestDatabase,
) {
    let mut log = Log::open(database, Kind::Redis).await;
    log.stop_relay().await;
    let (store, rounds) = log.counting_store().await;
    let began = Instant::now();
    let relay = log.start_relay_on(store.clone(), "counted");
    let commits = (0..4).map(|_| fixture::commit_one_by_one(store.clone(), 75));
    commits.collect::<tokio::task::JoinSet<_>>().join_all().await;
    assert_eq!(log.read_to_head(Positions::default()).await.len(), 300);
    relay.stop().await;
    let (rounds, longest) = (rounds.load(Ordering::SeqCst), began.elapsed());
    // True on a machine of any speed: rounds begin four milliseconds apart.
    assert!(u128::from(rounds) <= longest.as_millis() / 4 + 1, "{rounds} rounds in {longest:?}");
    assert!(rounds > 0);
}
