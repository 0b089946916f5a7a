//! One holder at a time.

use std::time::Duration;

use domain::Timestamp;
use store::{Store, leases};
use testkit::TestDatabase;
use tokio::task::JoinSet;

use crate::fixtures::NOW;

const TERM: Duration = Duration::from_secs(10);

async fn acquire(store: &Store, holder: &str, now: Timestamp) -> bool {
    let unit = store.begin(now).await.unwrap();
    let held = leases::acquire(&unit, "relay", holder, TERM).await.unwrap();
    unit.commit().await.unwrap();
    held
}

#[testkit::both_databases]
async fn of_many_who_reach_for_a_lease_one_has_it(database: TestDatabase) {
    let store = database.store();
    for round in 0..5_u32 {
        let now = NOW.plus(TERM * round);
        let mut racing = JoinSet::new();
        for racer in 0..4 {
            let store = store.clone();
            racing.spawn(async move { acquire(&store, &format!("racer {racer} of {round}"), now).await });
        }
        let holders = racing.join_all().await.into_iter().filter(|held| *held).count();
        assert_eq!(holders, 1, "round {round}");
    }
}

#[testkit::both_databases]
async fn a_lease_is_renewed_by_its_holder_and_taken_over_when_it_has_expired(database: TestDatabase) {
    let store = database.store();
    assert!(acquire(&store, "a", NOW).await);
    let later = NOW.plus(TERM / 2);
    assert!(!acquire(&store, "b", later).await);
    assert!(acquire(&store, "a", later).await);
    assert!(!acquire(&store, "b", NOW.plus(TERM)).await, "renewed");
    assert!(acquire(&store, "b", later.plus(TERM)).await, "expired");
    assert!(!acquire(&store, "a", later.plus(TERM)).await);
}

#[testkit::both_databases]
async fn a_released_lease_is_free_and_only_its_holder_releases_it(database: TestDatabase) {
    let store = database.store();
    assert!(acquire(&store, "a", NOW).await);
    let unit = store.begin(NOW).await.unwrap();
    leases::release(&unit, "relay", "b").await.unwrap();
    unit.commit().await.unwrap();
    assert!(!acquire(&store, "b", NOW).await);
    let unit = store.begin(NOW).await.unwrap();
    leases::release(&unit, "relay", "a").await.unwrap();
    unit.commit().await.unwrap();
    assert!(acquire(&store, "b", NOW).await);
}
