//! Comments and replies (rule PO4): two levels, exact counters, placeholders of deleted comments.

use domain::ProblemCode;
use domain::comments::{CommentState, CommentView, CommentViewer};
use domain::events::Audience;
use domain::ids::{CommentId, PostId};
use domain::page::PageRequest;
use domain::text::Text;
use operations::{comments, posts};
use serde_json::{Value, json};
use testkit::{TestApp, TestDatabase};
use uuid::Uuid;

use crate::fixtures::{
    at_once, code, comment, events_for, events_logged, first, kinds_for, new_comment, people, post,
};

async fn listed(app: &TestApp, id: PostId) -> Vec<CommentView> {
    comments::list_comments(&app.app, None, id, &first(100)).await.unwrap().items
}

async fn replies(app: &TestApp, id: CommentId) -> Vec<CommentView> {
    comments::list_replies(&app.app, None, id, &first(100)).await.unwrap().items
}

fn ids(views: &[CommentView]) -> Vec<CommentId> {
    views.iter().map(|view| view.comment.id).collect()
}

async fn counted(app: &TestApp, id: PostId) -> i64 {
    posts::get_post(&app.app, None, id).await.unwrap().post.comments_count
}

/// Asserts that the counters of posts and comments equal the rows.
async fn assert_counters_equal_rows(app: &TestApp) {
    for (table, column, parent) in
        [("posts", "comments_count", "post_id"), ("comments", "replies_count", "parent_id")]
    {
        let wrong = format!(
            "SELECT COUNT(*) FROM {table} AS counted WHERE {column} <>
             (SELECT COUNT(*) FROM comments WHERE comments.{parent} = counted.id AND comments.state = 'active')"
        );
        assert_eq!(app.database.number(&wrong).await, 0, "{table}");
    }
}

#[testkit::both_databases]
async fn comments_are_announced_counted_and_listed_oldest_first(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    let written = comments::create_comment(&app.app, &jun, id, new_comment(None)).await.unwrap();
    let own = Some(CommentViewer { liked: false, is_author: true });
    assert_eq!((written.author.id, written.viewer, &written.reply_to), (jun.user_id, own, &None));
    let second = comment(&app, &mina, id, None).await;
    let all = listed(&app, id).await;
    assert_eq!(ids(&all), [written.comment.id, second]);
    assert_eq!((&all[0].comment, all[0].viewer), (&written.comment, None));
    assert_eq!(counted(&app, id).await, 2);
    let announced = &events_for(&app, Audience::Post { author: mina.user_id, post: id }).await[0];
    let frame: Value = serde_json::from_str(&announced.frame).unwrap();
    assert_eq!(announced.kind, "comment.created");
    let payload = json!({"post_id": id, "comment_id": written.comment.id, "comments_count": 1});
    assert_eq!(frame["d"], payload);
}

#[testkit::both_databases]
async fn a_reply_to_a_reply_is_placed_under_the_root_and_names_the_person_answered(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun, sora] = people(&app).await;
    let id = post(&app, &mina).await;
    let root = comment(&app, &mina, id, None).await;
    let reply = comment(&app, &jun, id, Some(root)).await;
    let answer = comments::create_comment(&app.app, &sora, id, new_comment(Some(reply))).await.unwrap();
    assert_eq!(answer.comment.parent_id, Some(root));
    assert_eq!(answer.reply_to.as_ref().map(|person| person.id), Some(jun.user_id));
    let below = replies(&app, root).await;
    assert_eq!(ids(&below), [reply, answer.comment.id]);
    assert_eq!(below[0].reply_to, None);
    assert_eq!(ids(&listed(&app, id).await), [root], "replies are not among the comments");
    assert_eq!(listed(&app, id).await[0].comment.replies_count, 2);
    assert_eq!(counted(&app, id).await, 3);
    assert!(replies(&app, reply).await.is_empty());
    assert_counters_equal_rows(&app).await;
}

#[testkit::both_databases]
async fn a_parent_is_a_live_comment_of_the_same_post(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    let (id, other) = (post(&app, &mina).await, post(&app, &mina).await);
    let elsewhere = comment(&app, &mina, other, None).await;
    let deleted = comment(&app, &mina, id, None).await;
    comments::delete_comment(&app.app, &mina, deleted).await.unwrap();
    let logged = events_logged(&app).await;
    for parent in [elsewhere, deleted, CommentId(Uuid::from_u128(1))] {
        let refused = comments::create_comment(&app.app, &mina, id, new_comment(Some(parent))).await;
        assert_eq!(code(refused), ProblemCode::ParentMismatch);
    }
    assert_eq!((counted(&app, id).await, events_logged(&app).await), (0, logged));
    let nowhere = PostId(Uuid::from_u128(1));
    let refused = comments::create_comment(&app.app, &mina, nowhere, new_comment(None)).await;
    assert_eq!(code(refused), ProblemCode::NotFound);
}

#[testkit::both_databases]
async fn only_the_author_deletes_a_comment_and_only_once(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    let written = comment(&app, &jun, id, None).await;
    // Not even the author of the post may delete it.
    assert_eq!(code(comments::delete_comment(&app.app, &mina, written).await), ProblemCode::NotAuthor);
    comments::delete_comment(&app.app, &jun, written).await.unwrap();
    assert_eq!(code(comments::delete_comment(&app.app, &jun, written).await), ProblemCode::NotFound);
    assert_eq!(counted(&app, id).await, 0);
    let kinds = kinds_for(&app, Audience::Post { author: mina.user_id, post: id }).await;
    assert_eq!(kinds, ["comment.created", "comment.deleted"]);
}

#[testkit::both_databases]
async fn a_deleted_comment_without_replies_disappears(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    let id = post(&app, &mina).await;
    let written = comment(&app, &mina, id, None).await;
    comments::delete_comment(&app.app, &mina, written).await.unwrap();
    assert!(listed(&app, id).await.is_empty());
    let refused = comments::list_replies(&app.app, None, written, &first(10)).await;
    assert_eq!(code(refused), ProblemCode::NotFound);
}

#[testkit::both_databases]
async fn a_deleted_comment_stays_without_content_until_its_last_reply_is_deleted(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    let root = comment(&app, &mina, id, None).await;
    let (one, other) =
        (comment(&app, &jun, id, Some(root)).await, comment(&app, &mina, id, Some(root)).await);
    comments::delete_comment(&app.app, &mina, root).await.unwrap();

    let tombstone = &listed(&app, id).await[0].comment;
    assert_eq!((tombstone.id, tombstone.state, tombstone.replies_count), (root, CommentState::Deleted, 2));
    assert_eq!(tombstone.content.as_str(), "");
    assert_eq!(ids(&replies(&app, root).await), [one, other]);
    assert_eq!(counted(&app, id).await, 2);

    // A reply below a deleted comment may still be answered.
    let answer = comment(&app, &mina, id, Some(one)).await;
    assert_eq!(ids(&replies(&app, root).await), [one, other, answer]);
    for (author, reply) in [(&jun, one), (&mina, other), (&mina, answer)] {
        assert_eq!(listed(&app, id).await.len(), 1);
        comments::delete_comment(&app.app, author, reply).await.unwrap();
    }
    assert!(listed(&app, id).await.is_empty());
    assert_eq!(counted(&app, id).await, 0);
    assert_counters_equal_rows(&app).await;
}

#[testkit::both_databases]
async fn a_page_of_comments_continues_after_the_previous_one(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    let id = post(&app, &mina).await;
    let mut written = Vec::new();
    for _ in 0..5 {
        written.push(comment(&app, &mina, id, None).await);
    }
    let mut request = first(2);
    let mut seen = Vec::new();
    loop {
        let page = comments::list_comments(&app.app, Some(&mina), id, &request).await.unwrap();
        seen.extend(ids(&page.items));
        if page.next.is_none() {
            break;
        }
        request = PageRequest { cursor: page.next, ..request };
    }
    assert_eq!(seen, written);
}

#[testkit::both_databases]
async fn counters_equal_rows_after_concurrent_comments_and_deletions(database: TestDatabase) {
    let app = TestApp::new(database);
    let everybody = people::<6>(&app).await;
    let id = post(&app, &everybody[0]).await;
    let root = comment(&app, &everybody[0], id, None).await;
    at_once(18, |number| {
        let (app, who) = (app.app.clone(), everybody[number % 6].clone());
        async move {
            let parent = (number % 3 > 0).then_some(root);
            let written = comments::create_comment(&app, &who, id, new_comment(parent)).await.unwrap();
            if number % 2 == 0 {
                comments::delete_comment(&app, &who, written.comment.id).await.unwrap();
            }
        }
    })
    .await;
    assert_eq!(counted(&app, id).await, 10);
    assert_counters_equal_rows(&app).await;
}

#[testkit::both_databases]
async fn one_of_many_concurrent_deletions_of_a_comment_takes_effect(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    let id = post(&app, &mina).await;
    let root = comment(&app, &mina, id, None).await;
    let reply = comment(&app, &mina, id, Some(root)).await;
    let deletions = at_once(8, |_| {
        let (app, mina) = (app.app.clone(), mina.clone());
        async move { comments::delete_comment(&app, &mina, reply).await }
    })
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = deletions.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    assert!(refused.into_iter().all(|deletion| code(deletion) == ProblemCode::NotFound));
    assert_eq!(counted(&app, id).await, 1);
    assert_counters_equal_rows(&app).await;
}

#[testkit::both_databases]
async fn a_concurrent_reply_and_deletion_of_its_parent_leave_counters_right(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    for _ in 0..4 {
        let root = comment(&app, &mina, id, None).await;
        at_once(4, |number| {
            let (app, mina, jun) = (app.app.clone(), mina.clone(), jun.clone());
            async move {
                if number == 0 {
                    comments::delete_comment(&app, &mina, root).await.unwrap();
                } else if let Err(refused) =
                    comments::create_comment(&app, &jun, id, new_comment(Some(root))).await
                {
                    assert_eq!(refused.problem().code, ProblemCode::ParentMismatch);
                }
            }
        })
        .await;
    }
    assert_counters_equal_rows(&app).await;
}
