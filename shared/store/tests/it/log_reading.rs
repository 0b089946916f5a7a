//! Reading the log: by place, by audience, and what is left after a sweep.

use std::time::Duration;

use domain::events::{Audience, LoggedEvent, NewEvent};
use domain::ids::SessionId;
use store::{Store, outbox};
use testkit::TestDatabase;
use uuid::Uuid;

use crate::fixtures::{NOW, event, person};

/// Writes one event a second for a person.
async fn write(store: &Store, frames: &[&str]) {
    for (second, frame) in (0_u64..).zip(frames) {
        let mut unit = store.begin(NOW.plus(Duration::from_secs(second))).await.unwrap();
        unit.record(event(person(1), *frame));
        unit.commit().await.unwrap();
    }
}

fn frames(events: &[LoggedEvent]) -> Vec<(i64, &str)> {
    events.iter().map(|event| (event.position, event.frame.as_str())).collect()
}

#[testkit::both_databases]
async fn events_are_read_in_order_after_a_position(database: TestDatabase) {
    let store = database.store();
    write(&store, &["a", "b", "c", "d"]).await;
    let partition = Audience::User(person(1)).partition();
    let read = async |after, limit| outbox::read(store.reader(), partition, after, limit).await.unwrap();
    assert_eq!(frames(&read(0, 2).await), [(1, "a"), (2, "b")]);
    assert_eq!(frames(&read(2, 10).await), [(3, "c"), (4, "d")]);
    assert_eq!(read(4, 10).await, []);
    let first = &read(0, 1).await[0];
    assert_eq!(
        (first.kind.as_str(), first.audience.known(), first.recorded_at),
        ("test", Some(Audience::User(person(1))), NOW)
    );
}

#[testkit::both_databases]
async fn events_of_some_audiences_are_read_between_two_positions(database: TestDatabase) {
    let store = database.store();
    let me = person(1);
    let session = SessionId(Uuid::from_u128(7));
    let mut unit = store.begin(NOW).await.unwrap();
    let audiences = [
        Audience::User(me),
        Audience::FeedOf(me),
        Audience::Session(me, session),
        Audience::User(me),
        Audience::User(me),
    ];
    for (number, audience) in audiences.into_iter().enumerate() {
        unit.record(NewEvent { audience, kind: "test", frame: number.to_string() });
    }
    unit.commit().await.unwrap();
    let partition = Audience::User(me).partition();
    let mine = [Audience::User(me), Audience::Session(me, session)];
    let read = async |range, audiences: &[Audience], limit| {
        outbox::read_for(store.reader(), partition, range, audiences, limit).await.unwrap()
    };
    assert_eq!(frames(&read((0, 5), &mine, 10).await), [(1, "0"), (3, "2"), (4, "3"), (5, "4")]);
    assert_eq!(frames(&read((1, 4), &mine, 10).await), [(3, "2"), (4, "3")]);
    assert_eq!(frames(&read((0, 5), &mine, 2).await), [(1, "0"), (3, "2")]);
    assert_eq!(read((0, 5), &[Audience::User(person(2))], 10).await, []);
    assert_eq!(read((0, 5), &[], 10).await, []);
}

#[testkit::both_databases]
async fn a_row_for_an_unknown_audience_holds_up_no_other(database: TestDatabase) {
    let store = database.store();
    write(&store, &["a", "b", "c"]).await;
    let room = "room:01890a5d-ac96-774b-bcce-b302099a8057";
    database.execute(&format!("UPDATE outbox SET audience = '{room}' WHERE pos = 2")).await;
    let me = Audience::User(person(1));
    let read = outbox::read(store.reader(), me.partition(), 0, 10).await.unwrap();
    let audiences: Vec<String> = read.iter().map(|event| event.audience.to_string()).collect();
    assert_eq!(frames(&read), [(1, "a"), (2, "b"), (3, "c")]);
    assert_eq!(audiences, [me.to_string(), room.to_owned(), me.to_string()]);
    let mine = outbox::read_for(store.reader(), me.partition(), (0, 3), &[me], 10).await.unwrap();
    assert_eq!(frames(&mine), [(1, "a"), (3, "c")]);
}

#[testkit::both_databases]
async fn a_sweep_forgets_the_oldest_and_moves_no_head(database: TestDatabase) {
    let store = database.store();
    let partition = Audience::User(person(1)).partition();
    assert_eq!(outbox::oldest(store.reader(), partition).await.unwrap(), None);
    write(&store, &["a", "b", "c"]).await;
    assert_eq!(outbox::oldest(store.reader(), partition).await.unwrap(), Some(1));
    let unit = store.begin(NOW).await.unwrap();
    assert_eq!(outbox::prune(&unit, NOW.plus(Duration::from_secs(2))).await.unwrap(), 2);
    unit.commit().await.unwrap();
    assert_eq!(outbox::oldest(store.reader(), partition).await.unwrap(), Some(3));
    assert_eq!(outbox::heads(store.reader()).await.unwrap()[partition.index()], 3);
    write(&store, &["d"]).await;
    let left = outbox::read(store.reader(), partition, 0, 10).await.unwrap();
    assert_eq!(frames(&left), [(3, "c"), (4, "d")]);
}
