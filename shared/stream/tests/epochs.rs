//! Readers notice that the database lost its newest commits, and report no other change as a loss.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use domain::Timestamp;
use domain::events::payload::UserFollowers;
use domain::events::{Event, Partition};
use domain::ids::UserId;
use store::{Store, outbox};
use stream::{Cursor, LogState, Positions, compare, open_log};
use testkit::TestDatabase;
use tokio::task::JoinSet;
use uuid::Uuid;

const NOW: Timestamp = Timestamp(1_767_323_045_000);

fn epoch(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// Records one event for each of these people, whose ids cover all partitions for people.
async fn record(store: &Store, people: std::ops::Range<u128>) {
    let mut unit = store.begin(NOW).await.unwrap();
    for person in people {
        let user_id = UserId(Uuid::from_u128(person));
        unit.record(Event::UserFollowers(UserFollowers { user_id, followers_count: 1 }));
    }
    unit.commit().await.unwrap();
}

/// Reads all events after a cursor, as the relay does.
async fn follow(store: &Store, cursor: &mut Cursor) {
    let read = outbox::read_new(store.reader(), &cursor.marked(), 10_000).await.unwrap();
    let outbox::NewEvents::Following(events) = read else { panic!("{read:?}") };
    for event in &events {
        cursor.advance(event);
    }
}

/// Removes the newest events of every partition, as if the database had been set back.
async fn set_back(database: &TestDatabase, events: i64) {
    let newest = format!(
        "DELETE FROM outbox WHERE pos > (
             SELECT pos - {events} FROM stream_heads WHERE stream_heads.part = outbox.part)"
    );
    database.execute(&newest).await;
    database
        .execute(
            "UPDATE stream_heads SET
                 pos = COALESCE((SELECT MAX(pos) FROM outbox WHERE outbox.part = stream_heads.part), 0),
                 mark = COALESCE((SELECT mark FROM outbox WHERE outbox.part = stream_heads.part
                                  ORDER BY pos DESC LIMIT 1), 0)",
        )
        .await;
}

async fn compared(store: &Store, reader: Uuid, cursor: &Cursor, new: Uuid) -> LogState {
    compare(store, NOW, new, reader, cursor).await.unwrap()
}

async fn assert_continues(store: &Store, cursor: &Cursor) {
    let state = compared(store, epoch(1), cursor, epoch(99)).await;
    let heads = Positions(outbox::heads(store.reader()).await.unwrap());
    assert_eq!(state, LogState::Continues { heads });
}

/// Returns the epoch and the cursor from which a reader continues. Asserts that the cursor is at the heads.
async fn assert_restarted(store: &Store, reader: Uuid, cursor: &Cursor, new: Uuid) -> (Uuid, Cursor) {
    let LogState::Restarted { epoch, heads } = compared(store, reader, cursor, new).await else {
        panic!("nothing was noticed");
    };
    let (current, current_heads) = open_log(store, NOW, Uuid::nil()).await.unwrap();
    assert_eq!((epoch, heads), (current, current_heads));
    (epoch, heads)
}

/// Opens the outbox and reads some events.
async fn begin(database: &TestDatabase) -> (Store, Cursor) {
    let store = database.store();
    let (current, mut cursor) = open_log(&store, NOW, epoch(1)).await.unwrap();
    assert_eq!((current, cursor), (epoch(1), Cursor::default()));
    record(&store, 0..200).await;
    follow(&store, &mut cursor).await;
    assert_continues(&store, &cursor).await;
    (store, cursor)
}

#[testkit::both_databases]
async fn the_outbox_is_opened_once(database: TestDatabase) {
    let store = database.store();
    let (first, second) = tokio::join!(open_log(&store, NOW, epoch(1)), open_log(&store, NOW, epoch(2)),);
    let (current, _) = first.unwrap();
    assert_eq!(second.unwrap().0, current);
    record(&store, 0..40).await;
    let (again, heads) = open_log(&store, NOW, epoch(3)).await.unwrap();
    assert_eq!(again, current);
    let mut read = Cursor::default();
    follow(&store, &mut read).await;
    assert_eq!(heads, read);
}

#[testkit::both_databases]
async fn commits_that_were_lost_and_not_replaced_are_noticed(database: TestDatabase) {
    let (store, cursor) = begin(&database).await;
    set_back(&database, 1).await;
    let (current, heads) = assert_restarted(&store, epoch(1), &cursor, epoch(2)).await;
    assert_eq!(current, epoch(2));
    assert!(cursor.positions.has_reached(&heads.positions));
    let state = compared(&store, current, &heads, epoch(3)).await;
    assert_eq!(state, LogState::Continues { heads: heads.positions });
}

#[testkit::both_databases]
async fn lost_commits_are_noticed_when_their_positions_were_given_again(database: TestDatabase) {
    let (store, cursor) = begin(&database).await;
    set_back(&database, 2).await;
    // The same people: as many events as before, at the same positions.
    record(&store, 0..200).await;
    assert!(outbox::heads(store.reader()).await.unwrap().iter().sum::<i64>() > 200);
    assert_eq!(assert_restarted(&store, epoch(1), &cursor, epoch(2)).await.0, epoch(2));
}

#[testkit::both_databases]
async fn one_lost_commit_is_noticed_at_the_head_even_without_its_row(database: TestDatabase) {
    let (store, cursor) = begin(&database).await;
    set_back(&database, 1).await;
    database.execute("UPDATE stream_heads SET pos = pos + 1, mark = 12345 WHERE pos > 0").await;
    assert_eq!(assert_restarted(&store, epoch(1), &cursor, epoch(2)).await.0, epoch(2));
}

#[testkit::both_databases]
async fn readers_that_notice_at_once_agree_on_one_epoch(database: TestDatabase) {
    let (store, cursor) = begin(&database).await;
    set_back(&database, 3).await;
    record(&store, 0..400).await;
    let mut noticing = JoinSet::new();
    for number in 2..10 {
        let store = store.clone();
        noticing.spawn(async move { compared(&store, epoch(1), &cursor, epoch(number)).await });
    }
    let agreed = noticing.join_all().await;
    assert!(matches!(agreed[0], LogState::Restarted { .. }));
    assert!(agreed.iter().all(|state| *state == agreed[0]), "{agreed:?}");
    assert_eq!(database.number("SELECT COUNT(*) FROM log_epochs").await, 2);
    assert_eq!(
        assert_restarted(&store, epoch(1), &cursor, epoch(50)).await.0,
        open_log(&store, NOW, epoch(51)).await.unwrap().0
    );
}

#[testkit::both_databases]
async fn a_database_set_back_to_before_an_epoch_begins_another_one(database: TestDatabase) {
    let (store, _) = begin(&database).await;
    let mut cursors = Vec::new();
    for _ in 0..2 {
        cursors.push(open_log(&store, NOW, Uuid::nil()).await.unwrap().1);
    }
    // The epoch 7 of these readers is no longer in the database.
    for cursor in &cursors {
        assert_eq!(assert_restarted(&store, epoch(7), cursor, epoch(8)).await.0, epoch(8));
    }
    assert_eq!(assert_restarted(&store, epoch(1), &cursors[0], epoch(9)).await.0, epoch(8));
    assert_eq!(database.number("SELECT COUNT(*) FROM log_epochs").await, 3);
}

#[testkit::both_databases]
async fn an_empty_database_in_place_of_the_old_one_is_noticed(database: TestDatabase) {
    let store = database.store();
    assert_eq!(assert_restarted(&store, epoch(1), &Cursor::default(), epoch(2)).await.0, epoch(2));
}

#[testkit::both_databases]
async fn an_idle_outbox_and_a_reader_behind_it_continue(database: TestDatabase) {
    let (store, cursor) = begin(&database).await;
    assert_continues(&store, &cursor).await;
    record(&store, 0..300).await;
    assert_continues(&store, &cursor).await;
    assert_continues(&store, &Cursor::default()).await;
    let before = database.statements();
    compared(&store, epoch(1), &cursor, epoch(99)).await;
    assert_eq!(database.statements() - before, 1);
}

#[testkit::both_databases]
async fn pruned_events_and_unknown_marks_count_as_equal(database: TestDatabase) {
    let (store, cursor) = begin(&database).await;
    record(&store, 0..300).await;
    database.execute("DELETE FROM outbox").await;
    assert_continues(&store, &cursor).await;
    let without_marks = Cursor { positions: cursor.positions, ..Cursor::default() };
    assert_continues(&store, &without_marks).await;
    // Rows of a version without marks.
    database.execute("UPDATE stream_heads SET mark = 0").await;
    let (_, heads) = open_log(&store, NOW, epoch(9)).await.unwrap();
    assert!(heads.marks.iter().all(Option::is_none));
    assert_continues(&store, &heads).await;
}

#[testkit::both_databases]
async fn commits_at_the_same_time_as_a_comparison_are_not_taken_for_lost_ones(database: TestDatabase) {
    let (store, mut cursor) = begin(&database).await;
    let mut writers = JoinSet::new();
    for writer in 0..8_u128 {
        let store = store.clone();
        writers.spawn(async move {
            for round in 0..12 {
                let first = (writer * 100 + round) * 10;
                record(&store, first..first + 8).await;
            }
        });
    }
    let mut comparisons = 0;
    while !writers.is_empty() || comparisons < 20 {
        follow(&store, &mut cursor).await;
        let (_, heads) = open_log(&store, NOW, epoch(99)).await.unwrap();
        for cursor in [&cursor, &heads] {
            let state = compared(&store, epoch(1), cursor, epoch(99)).await;
            assert!(matches!(state, LogState::Continues { .. }), "{state:?}");
        }
        comparisons += 1;
        while writers.try_join_next().is_some() {}
    }
    follow(&store, &mut cursor).await;
    assert_eq!(cursor, open_log(&store, NOW, epoch(99)).await.unwrap().1);
    assert_eq!(
        Partition::all().map(|partition| cursor.positions.get(partition)).sum::<i64>(),
        200 + 8 * 12 * 8
    );
}
