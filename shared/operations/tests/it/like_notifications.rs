//! Notifications of likes: one per post while unread (rule NO4), at most one a day per person (rule PF4).

use std::time::Duration;

use domain::events::Audience;
use domain::ids::PostId;
use domain::notifications::{NotificationView, UnreadCounts};
use operations::notifications::{self, Mark, Marked, Wanted};
use operations::{Caller, posts};
use serde_json::json;
use testkit::{TestApp, TestDatabase};

use crate::fixtures::{
    assert_numbered_without_holes, at_once, first, frames_for, kinds_for, people, post,
    until_a_lock_is_waited_for,
};

const HOUR: Duration = Duration::from_hours(1);

async fn entries(app: &TestApp, person: &Caller) -> Vec<NotificationView> {
    notifications::list_notifications(&app.app, person, Wanted::All, &first(100)).await.unwrap().items
}

async fn unread(app: &TestApp, person: &Caller) -> (i64, i64) {
    let UnreadCounts { unseen, unread } = notifications::get_unread(&app.app, person).await.unwrap();
    (unseen, unread)
}

async fn like(app: &TestApp, who: &Caller, id: PostId) {
    posts::like_post(&app.app, who, id).await.unwrap();
}

async fn unlike(app: &TestApp, who: &Caller, id: PostId) {
    posts::unlike_post(&app.app, who, id).await.unwrap();
}

async fn read_all(app: &TestApp, person: &Caller) {
    notifications::mark_notifications(&app.app, person, &Marked::UpTo(app.now()), Mark::Read).await.unwrap();
}

#[testkit::both_databases]
async fn the_frame_of_a_like_has_the_notification_as_the_list_shows_it(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    like(&app, &jun, id).await;
    let entry = entries(&app, &mina).await.remove(0);
    let at = app.now().to_string();
    let expected = json!({
        "t": "nt", "uid": mina.user_id, "n": 1, "k": "notification", "at": at,
        "d": {
            "notification": {
                "id": entry.id,
                "type": "post_liked",
                "group_key": format!("post_liked:{id}"),
                "actors": [{"id": jun.user_id, "nickname": "person 1", "state": "active", "role": "user"}],
                "actor_count": 1,
                "target": {"type": "post", "id": id, "post_id": id},
                "created_at": at,
                "updated_at": at,
            },
            "unread": {"unseen": 1, "unread": 1},
        },
    });
    assert_eq!(frames_for(&app, &mina).await, [expected]);
    assert_eq!(kinds_for(&app, Audience::User(mina.user_id)).await, ["notification"]);
    assert!(frames_for(&app, &jun).await.is_empty(), "no other person is notified");
}

#[testkit::both_databases]
async fn fifty_likes_are_one_unread_notification_with_the_latest_three_actors(database: TestDatabase) {
    let app = TestApp::new(database);
    let everybody = people::<51>(&app).await;
    let author = everybody[50].clone();
    let id = post(&app, &author).await;
    for who in everybody.iter().take(50) {
        app.clock.advance(Duration::from_millis(1));
        like(&app, who, id).await;
    }
    let entries = entries(&app, &author).await;
    assert_eq!((entries.len(), entries[0].actor_count), (1, 50));
    let latest: Vec<_> = entries[0].actors.iter().map(|actor| actor.id).collect();
    assert_eq!(latest, [everybody[49].user_id, everybody[48].user_id, everybody[47].user_id]);
    assert_eq!(entries[0].updated_at, app.now());
    assert_eq!(unread(&app, &author).await, (1, 1));
    let last = frames_for(&app, &author).await.pop().unwrap();
    assert_eq!((&last["n"], &last["d"]["notification"]["actor_count"]), (&json!(50), &json!(50)));
    assert_eq!(last["d"]["unread"], json!({"unseen": 1, "unread": 1}));
}

#[testkit::both_databases]
async fn concurrent_likes_share_one_notification(database: TestDatabase) {
    let app = TestApp::new(database);
    let everybody = people::<21>(&app).await;
    let author = everybody[20].clone();
    let id = post(&app, &author).await;
    at_once(20, |number| {
        let (app, who) = (app.app.clone(), everybody[number].clone());
        async move { posts::like_post(&app, &who, id).await.unwrap() }
    })
    .await;
    let entries = entries(&app, &author).await;
    assert_eq!((entries.len(), entries[0].actor_count, entries[0].actors.len()), (1, 20, 3));
    assert_eq!(unread(&app, &author).await, (1, 1));
    assert_eq!(frames_for(&app, &author).await.len(), 20);
    assert_numbered_without_holes(&app, &author).await;
}

#[testkit::both_databases]
async fn a_like_after_reading_creates_another_notification(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun, sora] = people(&app).await;
    let id = post(&app, &mina).await;
    like(&app, &jun, id).await;
    read_all(&app, &mina).await;
    app.clock.advance(HOUR);
    like(&app, &sora, id).await;
    let entries = entries(&app, &mina).await;
    let actors: Vec<_> = entries.iter().map(|entry| (entry.actor_count, entry.read_at.is_some())).collect();
    assert_eq!(actors, [(1, false), (1, true)]);
    assert_eq!(unread(&app, &mina).await, (1, 1));
}

#[testkit::both_databases]
async fn a_seen_notification_with_a_new_actor_becomes_unseen(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun, sora] = people(&app).await;
    let id = post(&app, &mina).await;
    like(&app, &jun, id).await;
    notifications::mark_notifications(&app.app, &mina, &Marked::UpTo(app.now()), Mark::Seen).await.unwrap();
    assert_eq!(unread(&app, &mina).await, (0, 1));
    like(&app, &sora, id).await;
    assert_eq!(unread(&app, &mina).await, (1, 1));
    assert_eq!(entries(&app, &mina).await.len(), 1);
}

#[testkit::both_databases]
async fn an_unlike_removes_the_actor_and_the_last_one_hides_the_notification(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun, sora] = people(&app).await;
    let id = post(&app, &mina).await;
    like(&app, &jun, id).await;
    like(&app, &sora, id).await;
    unlike(&app, &jun, id).await;
    let left = entries(&app, &mina).await;
    assert_eq!((left[0].actor_count, left[0].actors[0].id), (1, sora.user_id));
    unlike(&app, &sora, id).await;
    assert!(entries(&app, &mina).await.is_empty());
    assert_eq!(unread(&app, &mina).await, (0, 0));
    let last = frames_for(&app, &mina).await.pop().unwrap();
    assert_eq!((&last["t"], &last["k"]), (&json!("nt"), &json!("notification.counts")));
    assert_eq!(last["d"], json!({"unread": {"unseen": 0, "unread": 0}}));
    assert_numbered_without_holes(&app, &mina).await;
}

#[testkit::both_databases]
async fn a_repeated_like_within_a_day_sends_no_new_notification(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    for _ in 0..3 {
        like(&app, &jun, id).await;
        app.clock.advance(HOUR);
        unlike(&app, &jun, id).await;
        app.clock.advance(HOUR);
    }
    like(&app, &jun, id).await;
    let kinds = kinds_for(&app, Audience::User(mina.user_id)).await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "notification").count(), 1);
    let entries = entries(&app, &mina).await;
    assert_eq!((entries.len(), entries[0].actor_count), (1, 1), "it is in the list all the same");
    assert_eq!(unread(&app, &mina).await, (1, 1));
    assert_numbered_without_holes(&app, &mina).await;
}

#[testkit::both_databases]
async fn a_repeated_like_leaves_a_read_notification_read(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    like(&app, &jun, id).await;
    read_all(&app, &mina).await;
    unlike(&app, &jun, id).await;
    like(&app, &jun, id).await;
    assert_eq!(unread(&app, &mina).await, (0, 0));
    assert_eq!(entries(&app, &mina).await.len(), 1);
}

#[testkit::both_databases]
async fn a_repeated_like_after_a_day_sends_a_new_notification(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    like(&app, &jun, id).await;
    unlike(&app, &jun, id).await;
    app.clock.advance(24 * HOUR);
    like(&app, &jun, id).await;
    let kinds = kinds_for(&app, Audience::User(mina.user_id)).await;
    assert_eq!(kinds, ["notification", "notification.counts", "notification"]);
    assert_eq!(entries(&app, &mina).await[0].actor_count, 1);
}

#[testkit::both_databases]
async fn a_like_of_another_post_by_the_same_person_sends_a_notification(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let (one, other) = (post(&app, &mina).await, post(&app, &mina).await);
    like(&app, &jun, one).await;
    like(&app, &jun, other).await;
    assert_eq!(entries(&app, &mina).await.len(), 2);
    assert_eq!(unread(&app, &mina).await, (2, 2));
}

/// A statement of PostgreSQL reads the rows as they were when it began, also after it waited for a lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_like_that_waits_while_notifications_are_read_creates_another_notification_on_postgres() {
    let app = TestApp::new(TestDatabase::postgres().await);
    let [mina, jun, sora] = people(&app).await;
    let id = post(&app, &mina).await;
    like(&app, &jun, id).await;
    let reading = app.app.store.begin(app.now()).await.unwrap();
    store::notifications::advance(&reading, mina.user_id).await.unwrap();
    let all = store::notifications::Marked::UpTo(app.now().plus(Duration::from_hours(1)));
    store::notifications::mark(&reading, mina.user_id, &all, store::notifications::Mark::Read).await.unwrap();
    // Sent: the marks wait for nothing but the commit.
    reading.connection().await.unwrap();
    let liking = tokio::spawn({
        let (app, sora) = (app.app.clone(), sora.clone());
        async move { posts::like_post(&app, &sora, id).await }
    });
    until_a_lock_is_waited_for(&app).await;
    reading.commit().await.unwrap();
    assert!(liking.await.unwrap().unwrap().liked);
    let shown: Vec<_> = entries(&app, &mina)
        .await
        .into_iter()
        .map(|entry| (entry.actors[0].id, entry.actor_count, entry.read_at.is_some()))
        .collect();
    assert_eq!(shown, [(sora.user_id, 1, false), (jun.user_id, 1, true)]);
    assert_eq!(unread(&app, &mina).await, (1, 1));
}
