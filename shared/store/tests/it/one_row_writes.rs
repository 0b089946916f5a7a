//! Writes meant for one row: they fail if the row is missing, and the error names its table.

use domain::ids::{CommentId, NotificationId, PostId, SessionId};
use domain::notifications::Occasion;
use domain::posts::Post;
use store::users::Counter;
use store::{StoreError, UnitOfWork, comments, notifications, posts, sessions, users};
use testkit::TestDatabase;
use uuid::Uuid;

use crate::fixtures::{NOW, insert_person, person, post};

const MISSING: Uuid = Uuid::from_u128(7);

fn assert_missing<T>(answer: Result<T, StoreError>, expected: &str) {
    match answer {
        Err(StoreError::Corrupt { table, .. }) => assert_eq!(table, expected),
        Err(fault) => panic!("{expected}: {fault}"),
        Ok(_) => panic!("{expected}: no error"),
    }
}

fn missing_post() -> Post {
    post(PostId(MISSING), person(1))
}

#[testkit::both_databases]
async fn a_write_to_a_missing_row_fails_and_names_its_table(database: TestDatabase) {
    let store = database.store();
    let unit = store.begin(NOW).await.unwrap();
    assert_missing(sessions::rotate(&unit, SessionId(MISSING), 1).await, "sessions");
    assert_missing(users::rehash_password(&unit, person(1), "hash").await, "user_passwords");
    assert_missing(users::adjust_and_get_counter(&unit, person(1), Counter::Followers, 1).await, "users");
    assert_eq!(posts::adjust_comments_count(&unit, missing_post().id, 1).await.unwrap(), None);
}

/// A write that waits for the end of the unit.
type Waiting = fn(&UnitOfWork);

/// Writes that wait for the end of the unit, each with the table that it changes.
const WAITING: [(Waiting, &str); 6] = [
    (|unit| posts::update(unit, &missing_post()), "posts"),
    (|unit| posts::delete(unit, PostId(MISSING)), "posts"),
    (|unit| comments::delete(unit, CommentId(MISSING)), "comments"),
    (|unit| comments::adjust_replies_count(unit, CommentId(MISSING), 1), "comments"),
    (|unit| users::adjust_counter(unit, person(1), Counter::Posts, 1), "users"),
    (|unit| notifications::give_back(unit, person(1)), "notification_heads"),
];

#[testkit::both_databases]
async fn a_waiting_write_to_a_missing_row_fails_the_commit(database: TestDatabase) {
    let store = database.store();
    for (write, table) in WAITING {
        let unit = store.begin(NOW).await.unwrap();
        insert_person(&unit, 9).await;
        write(&unit);
        assert_missing(unit.commit().await, table);
        assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 0, "{table}: nothing is committed");
    }
}

#[testkit::both_databases]
async fn a_waiting_write_to_a_missing_row_fails_the_next_statement(database: TestDatabase) {
    let store = database.store();
    for (write, table) in WAITING {
        let unit = store.begin(NOW).await.unwrap();
        write(&unit);
        assert_missing(unit.connection().await.map(drop), table);
    }
}

#[testkit::both_databases]
async fn a_statement_sees_the_writes_before_it(database: TestDatabase) {
    let store = database.store();
    let unit = store.begin(NOW).await.unwrap();
    insert_person(&unit, 1).await;
    posts::insert(&unit, &missing_post());
    let found = posts::find(unit.connection().await.unwrap(), PostId(MISSING)).await.unwrap();
    assert_eq!(found, Some(missing_post()));
}

#[testkit::both_databases]
async fn any_number_of_writes_may_wait(database: TestDatabase) {
    let store = database.store();
    let unit = store.begin(NOW).await.unwrap();
    insert_person(&unit, 1).await;
    for number in 1..=500 {
        posts::insert(&unit, &Post { id: PostId(Uuid::from_u128(number)), ..missing_post() });
    }
    unit.commit().await.unwrap();
    assert_eq!(database.number("SELECT COUNT(*) FROM posts").await, 500);
}

#[testkit::both_databases]
async fn writes_that_run_together_fail_as_one_if_a_row_is_missing(database: TestDatabase) {
    let store = database.store();
    let unit = store.begin(NOW).await.unwrap();
    let (recipient, actor) = (insert_person(&unit, 1).await, insert_person(&unit, 2).await);
    let occasion = Occasion::PostLiked(PostId(Uuid::from_u128(7)));
    // The recipient's head is missing.
    let id = NotificationId(Uuid::from_u128(8));
    notifications::create(&unit, id, recipient, occasion, actor, NOW);
    assert_missing(unit.commit().await, "notification_heads");
    assert_eq!(database.number("SELECT COUNT(*) FROM notifications").await, 0);
}
