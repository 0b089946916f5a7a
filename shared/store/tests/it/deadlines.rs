//! A database that stops answering: every call ends at its deadline, and the pool recovers.

use std::net::SocketAddr;

use store::{Store, StoreError, StoreOptions, UnitOfWork, users};
use testkit::{SilentProxy, TestDatabase};
use tokio::task::JoinSet;

use crate::fixtures::{NOW, insert_person, person};

async fn store_behind(proxy: &SilentProxy, database: &TestDatabase, connections: u32) -> Store {
    let options = StoreOptions { connections, ..StoreOptions::default() };
    Store::connect(&proxy.url(database.url()), options).await.unwrap()
}

async fn proxy(database: &TestDatabase) -> SilentProxy {
    let (_, address) = database.url().rsplit_once('@').unwrap();
    let address: SocketAddr = address.split_once('/').unwrap().0.parse().unwrap();
    SilentProxy::start(address).await
}

/// Opens units at the same time.
async fn units(store: &Store, count: u32) -> Vec<UnitOfWork> {
    let mut opening = JoinSet::new();
    for _ in 0..count {
        let store = store.clone();
        opening.spawn(async move { store.begin(NOW).await.unwrap() });
    }
    opening.join_all().await
}

fn is_unavailable<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Unavailable(_)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_end_at_the_deadline_when_postgres_falls_silent_and_the_pool_recovers() {
    let database = TestDatabase::postgres().await;
    let proxy = proxy(&database).await;
    let store = store_behind(&proxy, &database, 5).await;
    let mut open = units(&store, 5).await;
    let (writing, committing) = (open.pop().unwrap(), open.pop().unwrap());
    insert_person(&committing, 1).await;
    for idle in open {
        idle.rollback().await.unwrap();
    }
    proxy.fall_silent();
    let (read, begun, written, committed) = tokio::join!(
        users::find(store.reader(), person(1)),
        store.begin(NOW),
        users::find(writing.connection().await.unwrap(), person(1)),
        committing.commit(),
    );
    assert!(is_unavailable(&read), "{read:?}");
    assert!(is_unavailable(&begun.map(drop)));
    assert!(is_unavailable(&written), "{written:?}");
    assert!(is_unavailable(&committed), "{committed:?}");
    // The connection that did not answer is closed already.
    let later = users::find(writing.connection().await.unwrap(), person(1)).await;
    assert!(is_unavailable(&later), "{later:?}");
    drop(writing);

    proxy.heal();
    // One connection was idle during the silence and is still in the pool: the next calls do not use it.
    users::find(store.reader(), person(1)).await.unwrap();
    for unit in units(&store, 5).await {
        unit.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_call_after_a_silence_succeeds_however_many_connections_were_idle_on_postgres() {
    let database = TestDatabase::postgres().await;
    let proxy = proxy(&database).await;
    let store = store_behind(&proxy, &database, 12).await;
    for idle in units(&store, 12).await {
        idle.rollback().await.unwrap();
    }
    proxy.fall_silent();
    assert!(is_unavailable(&users::find(store.reader(), person(1)).await));
    proxy.heal();
    // Eleven connections are dead. Probing each in turn would take longer than a call may.
    assert_eq!(users::find(store.reader(), person(1)).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_dropped_while_the_database_is_silent_keep_no_connections_on_postgres() {
    let database = TestDatabase::postgres().await;
    let proxy = proxy(&database).await;
    let store = store_behind(&proxy, &database, 2).await;
    let open = units(&store, 2).await;
    proxy.fall_silent();
    // Rolling back gets no answer either.
    drop(open);
    proxy.heal();
    for _ in 0..2 {
        for unit in units(&store, 2).await {
            unit.commit().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_connections_are_free_while_the_main_pool_is_exhausted_and_signals_are_shared() {
    for database in [TestDatabase::sqlite().await, TestDatabase::postgres().await] {
        let options = StoreOptions { connections: 1, ..StoreOptions::default() };
        let store = Store::connect(database.url(), options).await.unwrap();
        let own = store.with_own_connections(2).await.unwrap();
        let mut commits = own.commits();
        let unit = store.begin(NOW).await.unwrap();
        own.ping().await.unwrap();
        unit.commit().await.unwrap();
        assert!(commits.has_changed().unwrap());
        commits.mark_unchanged();
        own.begin(NOW).await.unwrap().commit().await.unwrap();
        assert!(store.commits().has_changed().is_ok() && commits.has_changed().unwrap());
    }
}
