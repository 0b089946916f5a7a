//! Writes meant for one row: they fail if the row is missing, and the error names its table.

use domain::auth::CodePurpose;
use domain::ids::{CommentId, NotificationId, PostId, SessionId};
use domain::notifications::Occasion;
use domain::posts::{Post, PostContent, PostTitle};
use domain::text::Text;
use domain::users::EmailAddress;
use store::users::Counter;
use store::{StoreError, comments, email_codes, notifications, posts, sessions, users};
use testkit::TestDatabase;
use uuid::Uuid;

use crate::fixtures::{NOW, insert_person, person};

fn assert_missing<T>(answer: Result<T, StoreError>, expected: &str) {
    match answer {
        Err(StoreError::Corrupt { table, .. }) => assert_eq!(table, expected),
        Err(fault) => panic!("{expected}: {fault}"),
        Ok(_) => panic!("{expected}: no error"),
    }
}

#[testkit::both_databases]
async fn a_write_to_a_missing_row_fails_and_names_its_table(database: TestDatabase) {
    let store = database.store();
    let unit = store.begin(NOW).await.unwrap();
    let missing = Uuid::from_u128(7);
    let post = Post {
        id: PostId(missing),
        author_id: person(1),
        title: PostTitle::from_stored("title".into()),
        content: PostContent::from_stored("content".into()),
        likes_count: 0,
        comments_count: 0,
        version: 1,
        created_at: NOW,
        edited_at: None,
    };
    assert_missing(posts::update(&unit, &post).await, "posts");
    assert_missing(posts::delete(&unit, post.id).await, "posts");
    assert_missing(comments::delete(&unit, CommentId(missing)).await, "comments");
    assert_missing(comments::adjust_replies_count(&unit, CommentId(missing), 1).await, "comments");
    assert_missing(sessions::rotate(&unit, SessionId(missing), 1).await, "sessions");
    assert_missing(users::rehash_password(&unit, person(1), "hash").await, "user_passwords");
    assert_missing(users::adjust_counter(&unit, person(1), Counter::Posts, 1).await, "users");
    let email = EmailAddress::from_stored("nobody@example.com".into());
    assert_missing(email_codes::count_attempt(&unit, &email, CodePurpose::SignUp).await, "email_codes");
    assert_missing(notifications::give_back(&unit, person(1)).await, "notification_heads");
    assert_eq!(posts::adjust_comments_count(&unit, post.id, 1).await.unwrap(), None);
}

#[testkit::both_databases]
async fn writes_that_run_together_fail_as_one_if_a_row_is_missing(database: TestDatabase) {
    let store = database.store();
    let unit = store.begin(NOW).await.unwrap();
    let (recipient, actor) = (insert_person(&unit, 1).await, insert_person(&unit, 2).await);
    let occasion = Occasion::PostLiked(PostId(Uuid::from_u128(7)));
    // The recipient's head is missing.
    let id = NotificationId(Uuid::from_u128(8));
    let created = notifications::create(&unit, id, recipient, occasion, actor, NOW).await;
    assert_missing(created, "notification_heads");
    drop(unit);
    assert_eq!(database.number("SELECT COUNT(*) FROM notifications").await, 0);
}
