//! Errors of the store, classified by whether a retry can help.

use domain::Timestamp;
use domain::ids::CapturedMailId;
use sea_orm::ConnectionTrait;
use store::captured_mails::{self, CapturedMail};
use store::{ConnectFault, Store, StoreError, StoreOptions, outbox, users};
use testkit::TestDatabase;
use uuid::Uuid;

use crate::fixtures::{NOW, insert_person, person};

#[testkit::both_databases]
async fn a_duplicate_row_is_a_conflict(database: TestDatabase) {
    let store = database.store();
    let unit = store.begin(NOW).await.unwrap();
    insert_person(&unit, 1).await;
    let again = users::find(unit.connection().await.unwrap(), person(1)).await.unwrap().unwrap();
    let conflict = users::insert(&unit, &again).await.unwrap_err();
    assert!(matches!(conflict, StoreError::Conflict(_)), "{conflict:?}");
}

#[testkit::both_databases]
async fn an_unknown_value_is_corrupt_and_names_its_table(database: TestDatabase) {
    let store = database.store();
    let unit = store.begin(NOW).await.unwrap();
    insert_person(&unit, 1).await;
    unit.commit().await.unwrap();
    database.execute("UPDATE users SET locale = 'tlh'").await;
    let corrupt = users::find(store.reader(), person(1)).await.unwrap_err();
    assert!(matches!(corrupt, StoreError::Corrupt { table: "users", .. }), "{corrupt:?}");
}

#[testkit::both_databases]
async fn a_missing_head_of_the_outbox_fails_the_commit(database: TestDatabase) {
    let store = database.store();
    database.execute("DELETE FROM stream_heads").await;
    let mut unit = store.begin(NOW).await.unwrap();
    insert_person(&unit, 1).await;
    unit.record(crate::fixtures::event(person(1), "lost"));
    let corrupt = unit.commit().await.unwrap_err();
    assert!(matches!(corrupt, StoreError::Corrupt { table: "stream_heads", .. }), "{corrupt:?}");
    assert_eq!(users::find(store.reader(), person(1)).await.unwrap(), None, "and nothing was committed");
    assert_eq!(outbox::heads(store.reader()).await.unwrap(), outbox::PartitionPositions::default());
}

#[testkit::both_databases]
async fn captured_mails_are_listed_latest_first(database: TestDatabase) {
    let store = database.store();
    let unit = store.begin(NOW).await.unwrap();
    for number in 1..=3_i64 {
        let id = CapturedMailId(Uuid::from_u64_pair(number.unsigned_abs(), 0));
        let [to, subject, text] = ["to", "subject", "text"].map(|what| format!("{what} {number}"));
        let mail = CapturedMail { to, subject, text, at: Timestamp(number) };
        captured_mails::insert(&unit, id, &mail).await.unwrap();
    }
    unit.commit().await.unwrap();
    let latest = captured_mails::latest(store.reader(), 2).await.unwrap();
    let shown: Vec<_> = latest.iter().map(|mail| (mail.text.as_str(), mail.at)).collect();
    assert_eq!(shown, [("text 3", Timestamp(3)), ("text 2", Timestamp(2))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_timeout_is_contention_on_postgres() {
    let database = TestDatabase::postgres().await;
    let store = database.store();
    let holder = store.begin(NOW).await.unwrap();
    outbox::begin_epoch(&holder, Uuid::from_u128(1)).await.unwrap();
    let waiting = store.begin(NOW).await.unwrap();
    waiting.connection().await.unwrap().execute_unprepared("SET LOCAL lock_timeout = '1ms'").await.unwrap();
    let contention = outbox::begin_epoch(&waiting, Uuid::from_u128(2)).await.unwrap_err();
    assert!(matches!(contention, StoreError::Contention(_)), "{contention:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_beyond_the_timeout_is_cancelled_on_postgres() {
    let database = TestDatabase::postgres().await;
    let store = database.store();
    let unit = store.begin(NOW).await.unwrap();
    unit.connection().await.unwrap().execute_unprepared("SET LOCAL statement_timeout = '1ms'").await.unwrap();
    let slow =
        unit.connection().await.unwrap().execute_unprepared("SELECT pg_sleep(3600)").await.unwrap_err();
    let unavailable = StoreError::from(slow);
    assert!(matches!(unavailable, StoreError::Unavailable(_)), "{unavailable:?}");
}

#[tokio::test]
async fn opening_an_unsupported_or_unreachable_database_fails() {
    let connect = async |url| Store::connect(url, StoreOptions::default()).await.err();
    assert!(matches!(connect("mysql://localhost/orgo").await, Some(ConnectFault::UnknownScheme)));
    assert!(matches!(connect("").await, Some(ConnectFault::UnknownScheme)));
    assert!(matches!(connect("sqlite:///no/such/folder/file").await, Some(ConnectFault::Unreachable(_))));
    // No server listens on port 1.
    assert!(matches!(connect("postgres://127.0.0.1:1/orgo").await, Some(ConnectFault::Unreachable(_))));
}
