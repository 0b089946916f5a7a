//! Writers of SQLite, which allows one at a time.

use store::outbox;
use testkit::TestDatabase;
use tokio::task::JoinSet;

use crate::fixtures::{NOW, event, person};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_writers_hold_no_connections_on_sqlite() {
    let database = TestDatabase::sqlite().await;
    let store = database.store();
    let unit = store.begin(NOW).await.unwrap();
    let mut waiting = JoinSet::new();
    for number in 0..40 {
        let store = store.clone();
        waiting.spawn(async move {
            let mut unit = store.begin(NOW).await.unwrap();
            unit.record(event(person(1), format!("{number}")));
            unit.commit().await.unwrap();
        });
    }
    for _ in 0..20 {
        assert_eq!(outbox::heads(store.reader()).await.unwrap(), outbox::PartitionPositions::default());
        tokio::task::yield_now().await;
    }
    unit.rollback().await.unwrap();
    waiting.join_all().await;
    assert_eq!(outbox::heads(store.reader()).await.unwrap().iter().sum::<i64>(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_stops_waiting_passes_its_turn_on_sqlite() {
    let database = TestDatabase::sqlite().await;
    let store = database.store();
    let unit = store.begin(NOW).await.unwrap();
    let gone = tokio::spawn({
        let store = store.clone();
        async move { store.begin(NOW).await.map(drop) }
    });
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    drop(unit);
    store.begin(NOW).await.unwrap().commit().await.unwrap();
}
