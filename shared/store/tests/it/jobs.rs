//! Jobs: claimed by one worker at a time, claimed again after the hold, deleted when done.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::Timestamp;
use domain::ids::JobId;
use store::jobs::{self, Job};
use store::{Store, UnitOfWork};
use testkit::TestDatabase;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::fixtures::NOW;

const HOLD: Duration = Duration::from_mins(1);
const LIFETIME: Duration = Duration::from_mins(10);

async fn enqueue(store: &Store, numbers: impl Iterator<Item = u128>) {
    let unit = store.begin(NOW).await.unwrap();
    for number in numbers {
        let id = JobId(Uuid::from_u128(number));
        jobs::enqueue(&unit, id, "count", format!("{number}"), LIFETIME).await.unwrap();
    }
    unit.commit().await.unwrap();
}

async fn claim(store: &Store, now: Timestamp) -> Vec<Job> {
    let unit = store.begin(now).await.unwrap();
    let claimed = jobs::claim(&unit, 7, HOLD).await.unwrap();
    unit.commit().await.unwrap();
    claimed
}

async fn claim_until_nothing_is_free(store: Store) -> Vec<JobId> {
    let mut claimed = Vec::new();
    loop {
        let more = claim(&store, NOW).await;
        if more.is_empty() {
            return claimed;
        }
        claimed.extend(more.iter().map(|job| job.id));
    }
}

async fn change(store: &Store, change: impl AsyncFnOnce(&UnitOfWork)) {
    let unit = store.begin(NOW).await.unwrap();
    change(&unit).await;
    unit.commit().await.unwrap();
}

#[testkit::both_databases]
async fn each_job_is_claimed_by_one_of_many_workers(database: TestDatabase) {
    let store = database.store();
    enqueue(&store, 0..60).await;
    let mut claimers = JoinSet::new();
    for _ in 0..8 {
        claimers.spawn(claim_until_nothing_is_free(store.clone()));
    }
    let mut claimed: Vec<_> = claimers.join_all().await.into_iter().flatten().collect();
    // Jobs that a claimer skipped because a concurrent claimer had locked them but did not claim them.
    claimed.extend(claim_until_nothing_is_free(store.clone()).await);
    assert_eq!(claimed.len(), 60);
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 60, "nothing was claimed twice");
}

#[testkit::both_databases]
async fn a_claimed_job_is_claimed_again_after_its_hold_ends(database: TestDatabase) {
    let store = database.store();
    enqueue(&store, 0..1).await;
    let first = claim(&store, NOW).await;
    assert_eq!((first[0].kind.as_str(), first[0].payload.as_str(), first[0].attempts), ("count", "0", 1));
    assert_eq!(first[0].expires_at, NOW.plus(LIFETIME));
    assert!(claim(&store, NOW.plus(HOLD).minus(Duration::from_millis(1))).await.is_empty());
    let second = claim(&store, NOW.plus(HOLD)).await;
    assert_eq!((second[0].id, second[0].attempts), (first[0].id, 2));
}

#[testkit::both_databases]
async fn a_postponed_job_waits_with_its_reason_and_a_finished_one_is_deleted(database: TestDatabase) {
    let store = database.store();
    enqueue(&store, 0..2).await;
    let (one, other) = (JobId(Uuid::from_u128(0)), JobId(Uuid::from_u128(1)));
    assert_eq!(claim(&store, NOW).await.len(), 2);
    let until = NOW.plus(HOLD * 3);
    change(&store, async |unit| jobs::put_off(unit, one, until, "refused").await.unwrap()).await;
    change(&store, async |unit| jobs::finish(unit, other).await.unwrap()).await;
    assert!(claim(&store, until.minus(Duration::from_millis(1))).await.is_empty());
    assert_eq!(database.number("SELECT COUNT(*) FROM jobs WHERE last_fault = 'refused'").await, 1);
    assert_eq!(claim(&store, until).await.iter().map(|job| job.id).collect::<Vec<_>>(), [one]);
}

#[testkit::both_databases]
async fn a_job_of_a_rolled_back_unit_is_never_run(database: TestDatabase) {
    let store = database.store();
    let unit = store.begin(NOW).await.unwrap();
    jobs::enqueue(&unit, JobId(Uuid::from_u128(1)), "count", "1".into(), LIFETIME).await.unwrap();
    unit.rollback().await.unwrap();
    assert!(claim(&store, NOW).await.is_empty());
}

#[testkit::both_databases]
async fn the_job_that_waited_longest_is_claimed_first(database: TestDatabase) {
    let store = database.store();
    enqueue(&store, 0..10).await;
    let late = JobId(Uuid::from_u128(3));
    change(&store, async |unit| jobs::put_off(unit, late, NOW.minus(HOLD), "early bird").await.unwrap())
        .await;
    let claimed = claim(&store, NOW).await;
    assert_eq!((claimed.len(), claimed[0].id), (7, late));
}
