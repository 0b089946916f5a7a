//! The life of the log has one name.

use store::outbox;
use testkit::TestDatabase;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::fixtures::NOW;

#[testkit::both_databases]
async fn processes_that_start_at_once_agree_on_one_epoch(database: TestDatabase) {
    let store = database.store();
    assert_eq!(outbox::epoch(store.reader()).await.unwrap(), None);
    let mut starting = JoinSet::new();
    for number in 1..=8 {
        let store = store.clone();
        starting.spawn(async move {
            let unit = store.begin(NOW).await.unwrap();
            outbox::begin_epoch(&unit, Uuid::from_u128(number)).await.unwrap();
            unit.commit().await.unwrap();
            outbox::epoch(store.reader()).await.unwrap()
        });
    }
    let agreed = starting.join_all().await;
    assert!(agreed[0].is_some());
    assert!(agreed.iter().all(|epoch| *epoch == agreed[0]), "{agreed:?}");
    assert_eq!(database.number("SELECT COUNT(*) FROM log_epochs").await, 1);
}
