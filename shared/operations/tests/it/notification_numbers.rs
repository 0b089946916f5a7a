//! Numbers of notifications: a client that notices a gap has missed one and loads the list again.

use domain::events::Audience;
use operations::notifications::{self, Mark, Marked};
use operations::{posts, users};
use testkit::{TestApp, TestDatabase};

use crate::fixtures::{
    assert_numbered_without_holes, comment, events_for, frames_for, new_comment, people, post,
};

#[testkit::both_databases]
async fn units_without_a_notification_take_no_number(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    posts::like_post(&app.app, &jun, id).await.unwrap();
    // The actors are missing, as after a purge: the unlike finds no notification to withdraw.
    app.database.execute("DELETE FROM notification_actors").await;
    posts::unlike_post(&app.app, &jun, id).await.unwrap();
    // The notification is recent and was not withdrawn: this like sends no new one.
    posts::like_post(&app.app, &jun, id).await.unwrap();
    app.database.execute("DELETE FROM post_likes").await;
    posts::like_post(&app.app, &jun, id).await.unwrap();
    notifications::mark_notifications(&app.app, &mina, &Marked::Ids(Vec::new()), Mark::Read).await.unwrap();
    assert_eq!(frames_for(&app, &mina).await.len(), 2);
    users::follow(&app.app, &jun, mina.user_id).await.unwrap();
    assert_eq!(frames_for(&app, &mina).await.len(), 3);
    assert_numbered_without_holes(&app, &mina).await;
}

/// Rule NO3.
#[testkit::both_databases]
async fn units_that_are_rolled_back_take_no_number(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    comment(&app, &jun, id, None).await;
    // Fails at its last statement, after it took a number.
    app.database.execute("DELETE FROM stream_heads").await;
    operations::comments::create_comment(&app.app, &jun, id, new_comment(None)).await.unwrap_err();
    assert_eq!(app.database.number("SELECT seq FROM notification_heads").await, 1);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM comments").await, 1, "and nothing of it is there");
    assert_eq!(app.database.number("SELECT COUNT(*) FROM notifications").await, 1);
}

#[testkit::both_databases]
async fn each_recipient_has_a_separate_sequence_of_numbers(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun, sora] = people(&app).await;
    for author in [&mina, &jun] {
        let id = post(&app, author).await;
        posts::like_post(&app.app, &sora, id).await.unwrap();
        users::follow(&app.app, &sora, author.user_id).await.unwrap();
    }
    for author in [&mina, &jun] {
        let events = events_for(&app, Audience::User(author.user_id)).await;
        assert_eq!(events.len(), 2);
        assert_numbered_without_holes(&app, author).await;
        let frames = frames_for(&app, author).await;
        assert!(frames.iter().all(|frame| frame["uid"] == serde_json::json!(author.user_id)));
    }
}
