//! Likes and edits of comments (rules PO1, PO5).

use domain::ProblemCode;
use domain::comments::{CommentChange, CommentContent};
use domain::events::Audience;
use domain::ids::{CommentId, PostId};
use domain::posts::LikeState;
use domain::text::Text;
use operations::notifications::{self, Wanted};
use operations::{comments, posts};
use serde_json::{Value, json};
use testkit::{TestApp, TestDatabase};
use uuid::Uuid;

use crate::fixtures::{
    assert_numbered_without_holes, at_once, code, comment, events_for, events_logged, first, frames_for,
    people, post,
};

fn change(content: &str) -> CommentChange {
    CommentChange { content: Some(CommentContent::parse("/content", content).unwrap()) }
}

async fn likes_count(app: &TestApp, post: PostId) -> i64 {
    let page = comments::list_comments(&app.app, None, post, &first(1)).await.unwrap();
    page.items[0].comment.likes_count
}

#[testkit::both_databases]
async fn likes_of_a_comment_are_one_notification_of_its_author(database: TestDatabase) {
    let app = TestApp::new(database);
    let everybody = people::<5>(&app).await;
    let id = post(&app, &everybody[0]).await;
    let liked = comment(&app, &everybody[1], id, None).await;
    for person in &everybody {
        assert!(comments::like_comment(&app.app, person, liked).await.unwrap().liked);
    }
    let list = notifications::list_notifications(&app.app, &everybody[1], Wanted::All, &first(9)).await;
    let entries = list.unwrap().items;
    assert_eq!((entries.len(), entries[0].actor_count), (1, 4), "one's own like is not among them");
    assert_eq!(entries[0].group_key, format!("comment_liked:{liked}"));
    let state = comments::unlike_comment(&app.app, &everybody[4], liked).await.unwrap();
    assert_eq!(state, LikeState { liked: false, likes_count: 4 });
    let list = notifications::list_notifications(&app.app, &everybody[1], Wanted::All, &first(9)).await;
    assert_eq!(list.unwrap().items[0].actor_count, 3);
    assert_numbered_without_holes(&app, &everybody[1]).await;
    // The author of the post heard of the comment only.
    assert_eq!(frames_for(&app, &everybody[0]).await.len(), 1);
    let viewed = comments::list_comments(&app.app, Some(&everybody[2]), id, &first(1)).await.unwrap();
    assert!(viewed.items[0].viewer.is_some_and(|viewer| viewer.liked && !viewer.is_author));
}

#[testkit::both_databases]
async fn comments_that_are_not_live_are_not_liked_or_edited(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let (id, other) = (post(&app, &mina).await, post(&app, &mina).await);
    let deleted = comment(&app, &jun, id, None).await;
    comment(&app, &mina, id, Some(deleted)).await;
    comments::like_comment(&app.app, &mina, deleted).await.unwrap();
    comments::delete_comment(&app.app, &jun, deleted).await.unwrap();
    let of_deleted_post = comment(&app, &jun, other, None).await;
    posts::delete_post(&app.app, &mina, other, None).await.unwrap();
    let logged = events_logged(&app).await;
    for refused in [deleted, of_deleted_post, CommentId(Uuid::from_u128(1))] {
        let not_found = ProblemCode::NotFound;
        assert_eq!(code(comments::like_comment(&app.app, &mina, refused).await), not_found);
        assert_eq!(code(comments::unlike_comment(&app.app, &mina, refused).await), not_found);
        let edit = comments::update_comment(&app.app, &jun, refused, change("x"), None).await;
        assert_eq!(code(edit), not_found);
    }
    assert_eq!(events_logged(&app).await, logged);
}

#[testkit::both_databases]
async fn an_edit_of_a_comment_is_announced_to_the_watchers_of_the_post(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    let root = comment(&app, &mina, id, None).await;
    let reply = comment(&app, &jun, id, Some(root)).await;
    let edited = comments::update_comment(&app.app, &jun, reply, change("better"), Some(1)).await.unwrap();
    assert_eq!((edited.comment.content.as_str(), edited.comment.version), ("better", 2));
    assert_eq!(edited.comment.edited_at, Some(app.now()));
    let unchanged = comments::update_comment(&app.app, &jun, reply, change("better"), Some(2)).await.unwrap();
    assert_eq!(unchanged, edited);
    let events = events_for(&app, Audience::Post { author: mina.user_id, post: id }).await;
    let last = events.last().unwrap();
    let frame: Value = serde_json::from_str(&last.frame).unwrap();
    assert_eq!(last.kind, "comment.updated");
    assert_eq!(frame["d"], json!({"post_id": id, "comment_id": reply, "parent_id": root, "version": 2}));
    assert_eq!(events.len(), 3, "two comments and one edit");
    let stale = comments::update_comment(&app.app, &jun, reply, change("x"), Some(1)).await;
    assert_eq!(code(stale), ProblemCode::VersionMismatch);
    let foreign = comments::update_comment(&app.app, &mina, reply, change("x"), None).await;
    assert_eq!(code(foreign), ProblemCode::NotAuthor);
}

/// Rule AP9.
#[testkit::both_databases]
async fn of_several_edits_of_one_version_one_takes_effect(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    let id = post(&app, &mina).await;
    let edited = comment(&app, &mina, id, None).await;
    let edits =
        at_once(8, |number| {
            let (app, mina) = (app.app.clone(), mina.clone());
            async move {
                comments::update_comment(&app, &mina, edited, change(&format!("{number}")), Some(1)).await
            }
        })
        .await;
    let (made, refused): (Vec<_>, Vec<_>) = edits.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    assert!(refused.into_iter().all(|edit| code(edit) == ProblemCode::VersionMismatch));
}

/// 50 people at once, 100 calls each for the post and for the comment.
#[testkit::both_databases]
async fn a_hundred_concurrent_likes_and_unlikes_by_fifty_people_are_counted_exactly(database: TestDatabase) {
    let app = TestApp::new(database);
    let everybody = people::<50>(&app).await;
    let id = post(&app, &everybody[0]).await;
    let liked = comment(&app, &everybody[1], id, None).await;
    at_once(50, |number| {
        let (app, who) = (app.app.clone(), everybody[number].clone());
        async move {
            for turn in 0..2 {
                if (number + turn) % 2 == 0 {
                    posts::like_post(&app, &who, id).await.unwrap();
                    comments::like_comment(&app, &who, liked).await.unwrap();
                } else {
                    posts::unlike_post(&app, &who, id).await.unwrap();
                    comments::unlike_comment(&app, &who, liked).await.unwrap();
                }
            }
        }
    })
    .await;
    let post_rows = app.database.number("SELECT COUNT(*) FROM post_likes").await;
    let comment_rows = app.database.number("SELECT COUNT(*) FROM comment_likes").await;
    assert_eq!(posts::get_post(&app.app, None, id).await.unwrap().post.likes_count, post_rows);
    assert_eq!(likes_count(&app, id).await, comment_rows);
    assert_eq!((post_rows, comment_rows), (25, 25), "the last call of every second person was a like");
    let actors = "SELECT COUNT(*) FROM notification_actors WHERE retracted_at IS NULL";
    let counted = app.database.number("SELECT CAST(SUM(actor_count) AS BIGINT) FROM notifications").await;
    assert_eq!(app.database.number(actors).await, counted);
    for person in &everybody[..2] {
        assert_numbered_without_holes(&app, person).await;
    }
}
