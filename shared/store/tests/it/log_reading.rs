//! Reading the log: by place, by audience, and what is left after a sweep.

use std::time::Duration;

use domain::events::payload::{SessionRevoked, UserFollowers};
use domain::events::{Audience, Event, LoggedEvent};
use domain::ids::SessionId;
use store::{Store, outbox};
use testkit::both_databases;
use uuid::Uuid;

use crate::fixtures::{NOW, event, label, person};

/// Writes one event a second for a person.
async fn write(store: &Store, frames: &[&str]) {
    for (second, frame) in (0_u64..).zip(frames) {
        let mut unit = store.begin(NOW.plus(Duration::from_secs(second))).await.unwrap();
        unit.record(event(person(1), *frame));
        unit.commit().await.unwrap();
    }
}

fn frames(events: &[LoggedEvent]) -> Vec<(i64, String)> {
    events.iter().map(|event| (event.position, label(&event.frame))).collect()
}

fn expected(labels: &[(i64, &str)]) -> Vec<(i64, String)> {
    labels.iter().map(|(position, label)| (*position, (*label).to_owned())).collect()
}

fn positions(events: &[LoggedEvent]) -> Vec<i64> {
    events.iter().map(|event| event.position).collect()
}

both_databases! {
    async fn events_are_read_in_order_after_a_position(database) {
        let store = database.store();
        write(&store, &["a", "b", "c", "d"]).await;
        let partition = Audience::User(person(1)).partition();
        let read = async |after, limit| outbox::read(store.reader(), partition, after, limit).await.unwrap();
        assert_eq!(frames(&read(0, 2).await), expected(&[(1, "a"), (2, "b")]));
        assert_eq!(frames(&read(2, 10).await), expected(&[(3, "c"), (4, "d")]));
        assert_eq!(read(4, 10).await, []);
        let first = &read(0, 1).await[0];
        assert_eq!(
            (first.kind.as_str(), first.audience.known(), first.recorded_at),
            ("notification", Some(Audience::User(person(1))), NOW)
        );
    }

    async fn events_of_some_audiences_are_read_between_two_positions(database) {
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

    async fn a_row_for_an_unknown_audience_holds_up_no_other(database) {
        let store = database.store();
        write(&store, &["a", "b", "c"]).await;
        let planet = "planet:01890a5d-ac96-774b-bcce-b302099a8057";
        database.execute(&format!("UPDATE outbox SET audience = '{planet}' WHERE pos = 2")).await;
        let me = Audience::User(person(1));
        let read = outbox::read(store.reader(), me.partition(), 0, 10).await.unwrap();
        let audiences: Vec<String> = read.iter().map(|event| event.audience.to_string()).collect();
        assert_eq!(frames(&read), expected(&[(1, "a"), (2, "b"), (3, "c")]));
        assert_eq!(audiences, [me.to_string(), planet.to_owned(), me.to_string()]);
        let mine = outbox::read_for(store.reader(), me.partition(), (0, 3), &[me], 10).await.unwrap();
        assert_eq!(frames(&mine), expected(&[(1, "a"), (3, "c")]));
    }

    async fn a_sweep_forgets_the_oldest_and_moves_no_head(database) {
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
        assert_eq!(frames(&left), expected(&[(3, "c"), (4, "d")]));
    }
}
