//! Epochs of the outbox: processes agree on the current one.

use domain::Timestamp;
use store::{Store, outbox};
use testkit::TestDatabase;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::fixtures::{NOW, event, person};

fn epoch(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

async fn begin_first(store: &Store, new: Uuid) -> Uuid {
    let unit = store.begin(NOW).await.unwrap();
    let (epoch, _heads) = outbox::begin_epoch(&unit, new).await.unwrap();
    unit.commit().await.unwrap();
    epoch
}

async fn begin_next(store: &Store, at: Timestamp, current: Uuid, lost: Option<Uuid>, new: Uuid) -> Uuid {
    let unit = store.begin(at).await.unwrap();
    let (epoch, _heads) = outbox::begin_next_epoch(&unit, Some(current), lost, new).await.unwrap();
    unit.commit().await.unwrap();
    epoch
}

#[testkit::both_databases]
async fn processes_that_start_at_once_agree_on_one_epoch(database: TestDatabase) {
    let store = database.store();
    assert_eq!(outbox::epoch(store.reader()).await.unwrap(), None);
    let mut starting = JoinSet::new();
    for number in 1..=8 {
        let store = store.clone();
        starting.spawn(async move { begin_first(&store, epoch(number)).await });
    }
    let agreed = starting.join_all().await;
    assert!(agreed.iter().all(|epoch| *epoch == agreed[0]), "{agreed:?}");
    assert_eq!(outbox::epoch(store.reader()).await.unwrap(), Some(agreed[0]));
    assert_eq!(database.number("SELECT COUNT(*) FROM log_epochs").await, 1);
}

#[testkit::both_databases]
async fn processes_that_replace_an_epoch_at_once_agree_on_one(database: TestDatabase) {
    let store = database.store();
    begin_first(&store, epoch(1)).await;
    let mut noticing = JoinSet::new();
    for number in 2..=9 {
        let store = store.clone();
        noticing.spawn(async move { begin_next(&store, NOW, epoch(1), None, epoch(number)).await });
    }
    let agreed = noticing.join_all().await;
    assert!(agreed[0] != epoch(1) && agreed.iter().all(|epoch| *epoch == agreed[0]), "{agreed:?}");
    assert_eq!(database.number("SELECT COUNT(*) FROM log_epochs").await, 2);
}

#[testkit::both_databases]
async fn the_latest_epoch_is_the_one_that_began_last_whatever_the_clocks_say(database: TestDatabase) {
    let store = database.store();
    begin_first(&store, epoch(1)).await;
    assert_eq!(begin_next(&store, Timestamp(0), epoch(1), None, epoch(2)).await, epoch(2));
    assert_eq!(outbox::epoch(store.reader()).await.unwrap(), Some(epoch(2)));
    assert_eq!(outbox::earlier_epochs(store.reader(), 8).await.unwrap(), [epoch(1)]);
}

#[testkit::both_databases]
async fn a_lost_epoch_is_recorded_as_an_earlier_one(database: TestDatabase) {
    let store = database.store();
    begin_first(&store, epoch(1)).await;
    let known = async |epoch| {
        let positions = outbox::PartitionPositions::default();
        outbox::comparison(store.reader(), epoch, &positions).await.unwrap().knows_reader
    };
    assert!(!known(epoch(7)).await);
    assert_eq!(begin_next(&store, NOW, epoch(1), Some(epoch(7)), epoch(8)).await, epoch(8));
    assert!(known(epoch(7)).await && known(epoch(1)).await);
    assert_eq!(outbox::earlier_epochs(store.reader(), 8).await.unwrap(), [epoch(7), epoch(1)]);
}

#[testkit::both_databases]
async fn no_event_is_committed_between_a_new_epoch_and_its_heads(database: TestDatabase) {
    let store = database.store();
    begin_first(&store, epoch(1)).await;
    let unit = store.begin(NOW).await.unwrap();
    let (_, heads) = outbox::begin_next_epoch(&unit, Some(epoch(1)), None, epoch(2)).await.unwrap();
    let committing = tokio::spawn({
        let store = store.clone();
        async move {
            let mut unit = store.begin(NOW).await?;
            unit.record(event(person(1), "later"));
            unit.commit().await
        }
    });
    for _ in 0..20 {
        assert_eq!(outbox::heads(store.reader()).await.unwrap(), heads.positions);
    }
    unit.commit().await.unwrap();
    committing.await.unwrap().unwrap();
    assert_eq!(outbox::heads(store.reader()).await.unwrap().iter().sum::<i64>(), 1);
}
