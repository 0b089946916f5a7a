//! Notifications of comments and replies (rules NO1, NO2).

use domain::ids::PostId;
use operations::notifications::{self, Wanted};
use operations::{Caller, comments};
use serde_json::json;
use testkit::{TestApp, TestDatabase};

use crate::fixtures::{assert_numbered_without_holes, comment, first, frames_for, people, post};

/// Returns the kinds of a person's notifications, the latest first.
async fn told(app: &TestApp, person: &Caller) -> Vec<&'static str> {
    let page = notifications::list_notifications(&app.app, person, Wanted::All, &first(100)).await.unwrap();
    page.items.iter().map(|entry| entry.kind.as_str()).collect()
}

async fn thread(app: &TestApp) -> ([Caller; 4], PostId) {
    let people = people(app).await;
    let id = post(app, &people[0]).await;
    (people, id)
}

#[testkit::both_databases]
async fn a_comment_notifies_the_author_of_the_post(database: TestDatabase) {
    let app = TestApp::new(database);
    let ([mina, jun, ..], id) = thread(&app).await;
    let written = comment(&app, &jun, id, None).await;
    assert_eq!(told(&app, &mina).await, ["post_commented"]);
    assert!(told(&app, &jun).await.is_empty());
    let frame = frames_for(&app, &mina).await.remove(0);
    let entry = &frame["d"]["notification"];
    assert_eq!((&frame["t"], &frame["k"], &frame["n"]), (&json!("nt"), &json!("notification"), &json!(1)));
    assert_eq!(entry["target"], json!({"type": "comment", "id": written, "post_id": id}));
    assert_eq!(entry["actors"][0]["id"], json!(jun.user_id));
}

#[testkit::both_databases]
async fn a_reply_notifies_the_author_answered_and_not_the_author_of_the_post(database: TestDatabase) {
    let app = TestApp::new(database);
    let ([mina, jun, sora, tae], id) = thread(&app).await;
    let root = comment(&app, &jun, id, None).await;
    let reply = comment(&app, &sora, id, Some(root)).await;
    assert_eq!(told(&app, &jun).await, ["comment_replied"]);
    comment(&app, &tae, id, Some(reply)).await;
    assert_eq!(told(&app, &sora).await, ["comment_replied"]);
    assert_eq!(told(&app, &jun).await, ["comment_replied"], "the root's author is not answered by that");
    assert_eq!(told(&app, &mina).await, ["post_commented"], "notified of the comment only");
    for person in [&mina, &jun, &sora, &tae] {
        assert_numbered_without_holes(&app, person).await;
    }
}

#[testkit::both_databases]
async fn the_author_of_the_post_is_notified_of_replies_to_their_own_comment(database: TestDatabase) {
    let app = TestApp::new(database);
    let ([mina, jun, ..], id) = thread(&app).await;
    let root = comment(&app, &mina, id, None).await;
    comment(&app, &jun, id, Some(root)).await;
    assert_eq!(told(&app, &mina).await, ["comment_replied"]);
}

#[testkit::both_databases]
async fn an_action_never_notifies_its_own_actor(database: TestDatabase) {
    let app = TestApp::new(database);
    let ([mina, jun, ..], id) = thread(&app).await;
    let root = comment(&app, &mina, id, None).await;
    comment(&app, &mina, id, Some(root)).await;
    let own = comment(&app, &jun, id, None).await;
    comment(&app, &jun, id, Some(own)).await;
    assert_eq!(told(&app, &mina).await, ["post_commented"]);
    assert!(told(&app, &jun).await.is_empty());
    assert!(frames_for(&app, &jun).await.is_empty());
}

#[testkit::both_databases]
async fn each_comment_creates_a_separate_notification(database: TestDatabase) {
    let app = TestApp::new(database);
    let ([mina, jun, sora, _], id) = thread(&app).await;
    for who in [&jun, &jun, &sora] {
        comment(&app, who, id, None).await;
    }
    assert_eq!(told(&app, &mina).await, ["post_commented"; 3]);
}

#[testkit::both_databases]
async fn deleting_a_comment_hides_its_notification(database: TestDatabase) {
    let app = TestApp::new(database);
    let ([mina, jun, sora, tae], id) = thread(&app).await;
    let root = comment(&app, &jun, id, None).await;
    let reply = comment(&app, &sora, id, Some(root)).await;
    let answer = comment(&app, &tae, id, Some(reply)).await;
    comments::delete_comment(&app.app, &tae, answer).await.unwrap();
    assert!(told(&app, &sora).await.is_empty());
    comments::delete_comment(&app.app, &sora, reply).await.unwrap();
    assert!(told(&app, &jun).await.is_empty());
    comments::delete_comment(&app.app, &jun, root).await.unwrap();
    assert!(told(&app, &mina).await.is_empty());
    for person in [&mina, &jun, &sora] {
        let last = frames_for(&app, person).await.pop().unwrap();
        assert_eq!(last["k"], "notification.counts");
        assert_eq!(last["d"]["unread"], json!({"unseen": 0, "unread": 0}));
        assert_numbered_without_holes(&app, person).await;
    }
}
