//! A lease has one holder at a time, on the clock of the database.

use std::time::Duration;

use domain::Timestamp;
use store::{Store, leases};
use testkit::TestDatabase;
use tokio::task::JoinSet;

use crate::fixtures::NOW;

/// Long, so that no lease of these tests expires by itself.
const PERIOD: Duration = Duration::from_hours(1);

async fn acquire_at(store: &Store, holder: &str, process_clock: Timestamp) -> bool {
    let unit = store.begin(process_clock).await.unwrap();
    let is_held = leases::acquire(&unit, "relay", holder, PERIOD).await.unwrap();
    unit.commit().await.unwrap();
    is_held
}

async fn acquire(store: &Store, holder: &str) -> bool {
    acquire_at(store, holder, NOW).await
}

async fn release(store: &Store, holder: &str) {
    let unit = store.begin(NOW).await.unwrap();
    leases::release(&unit, "relay", holder).await.unwrap();
    unit.commit().await.unwrap();
}

/// Returns the current time of the database's clock.
async fn database_clock(database: &TestDatabase) -> i64 {
    let sql = if database.url().starts_with("sqlite:") {
        "SELECT unixepoch() * 1000"
    } else {
        "SELECT EXTRACT(EPOCH FROM now())::bigint * 1000"
    };
    database.number(sql).await
}

/// Changes the lease as if its holder had taken it at another time.
async fn move_expiry(database: &TestDatabase, by: i64) {
    assert_eq!(database.execute(&format!("UPDATE relay_leases SET expires_at = expires_at + {by}")).await, 1);
}

async fn remaining(database: &TestDatabase) -> i64 {
    database.number("SELECT expires_at FROM relay_leases").await - database_clock(database).await
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap()
}

#[testkit::both_databases]
async fn one_of_many_concurrent_applicants_gets_the_lease(database: TestDatabase) {
    let store = database.store();
    for round in 0..5_u32 {
        let mut racing = JoinSet::new();
        for racer in 0..4 {
            let store = store.clone();
            racing.spawn(async move { acquire(&store, &format!("racer {racer} of {round}")).await });
        }
        let holders = racing.join_all().await.into_iter().filter(|is_held| *is_held).count();
        assert_eq!(holders, 1, "round {round}");
        move_expiry(&database, -milliseconds(PERIOD)).await;
    }
}

#[testkit::both_databases]
async fn a_lease_is_renewed_by_its_holder_and_taken_over_when_it_has_expired(database: TestDatabase) {
    let store = database.store();
    assert!(acquire(&store, "a").await);
    assert!(!acquire(&store, "b").await);
    move_expiry(&database, -milliseconds(PERIOD / 2)).await;
    assert!(remaining(&database).await <= milliseconds(PERIOD / 2) + 1000);
    assert!(!acquire(&store, "b").await);
    assert!(acquire(&store, "a").await);
    assert!(remaining(&database).await > milliseconds(PERIOD / 2) + 1000, "renewed");
    move_expiry(&database, -milliseconds(PERIOD)).await;
    assert!(acquire(&store, "b").await, "expired");
    assert!(!acquire(&store, "a").await);
}

#[testkit::both_databases]
async fn the_clock_of_a_process_does_not_matter(database: TestDatabase) {
    let store = database.store();
    let ahead = NOW.plus(Duration::from_hours(24 * 365 * 100));
    assert!(acquire_at(&store, "ahead", ahead).await);
    let remaining = remaining(&database).await;
    assert!((0..=milliseconds(PERIOD) + 1000).contains(&remaining), "{remaining}");
    assert!(!acquire_at(&store, "late", ahead.plus(PERIOD * 2)).await, "a clock ahead takes nothing over");
    move_expiry(&database, -milliseconds(PERIOD)).await;
    assert!(acquire_at(&store, "behind", Timestamp(0)).await, "a clock behind does not wait longer");
}

#[testkit::both_databases]
async fn a_lease_that_expires_later_than_its_period_allows_counts_as_expired(database: TestDatabase) {
    let store = database.store();
    assert!(acquire(&store, "dead").await);
    move_expiry(&database, milliseconds(Duration::from_mins(10))).await;
    assert!(acquire(&store, "a").await);
    assert!(!acquire(&store, "dead").await);
    assert!(remaining(&database).await <= milliseconds(PERIOD) + 1000);
}

#[testkit::both_databases]
async fn a_released_lease_is_free_and_only_its_holder_releases_it(database: TestDatabase) {
    let store = database.store();
    assert!(acquire(&store, "a").await);
    release(&store, "b").await;
    assert!(!acquire(&store, "b").await);
    release(&store, "a").await;
    assert!(acquire(&store, "b").await);
}
