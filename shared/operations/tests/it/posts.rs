//! Creating, reading, editing and deleting posts (rule PO1).

use std::time::Duration;

use domain::ProblemCode;
use domain::events::Audience;
use domain::ids::PostId;
use domain::posts::{PostChange, PostList, PostTitle};
use domain::text::Text;
use operations::{Caller, comments, posts, users};
use serde_json::{Value, json};
use testkit::{TestApp, TestDatabase};
use uuid::Uuid;

use crate::fixtures::{
    at_once, code, comment, events_for, events_logged, first, kinds_for, new_comment, new_post, people, post,
    problem,
};

fn retitled(title: &str) -> PostChange {
    PostChange { title: Some(PostTitle::parse("/title", title).unwrap()), content: None }
}

async fn listed(app: &TestApp, author: Option<&Caller>) -> Vec<PostId> {
    let list = author.map_or(PostList::Latest, |author| PostList::OfAuthor(author.user_id));
    let page = posts::list_posts(&app.app, None, list, &first(100)).await.unwrap();
    page.items.into_iter().map(|view| view.post.id).collect()
}

async fn posts_count(app: &TestApp, person: &Caller) -> i64 {
    users::get_me(&app.app, person).await.unwrap().counts.posts
}

#[testkit::both_databases]
async fn a_post_is_read_as_it_was_written(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let written = posts::create_post(&app.app, &mina, new_post("hello")).await.unwrap();
    assert_eq!((written.post.title.as_str(), written.post.version), ("hello", 1));
    assert_eq!((written.post.likes_count, written.post.comments_count, written.post.edited_at), (0, 0, None));
    assert!(written.viewer.is_some_and(|viewer| viewer.is_author && !viewer.liked));
    let read = posts::get_post(&app.app, Some(&mina), written.post.id).await.unwrap();
    assert_eq!(read, written);
    let anonymous = posts::get_post(&app.app, None, written.post.id).await.unwrap();
    assert_eq!((anonymous.post, anonymous.viewer), (written.post.clone(), None));
    let other = posts::get_post(&app.app, Some(&jun), written.post.id).await.unwrap();
    assert!(other.viewer.is_some_and(|viewer| !viewer.is_author && !viewer.following_author));
    assert_eq!(posts_count(&app, &mina).await, 1);
    let unknown = PostId(Uuid::from_u128(1));
    assert_eq!(code(posts::get_post(&app.app, None, unknown).await), ProblemCode::NotFound);
}

#[testkit::both_databases]
async fn a_new_post_is_announced_to_the_watchers_of_its_author(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    let id = post(&app, &mina).await;
    let announced = events_for(&app, Audience::Feed(mina.user_id)).await;
    assert_eq!(announced.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["post.created"]);
    let frame: Value = serde_json::from_str(&announced[0].frame).unwrap();
    let at = app.now().to_string();
    let payload = json!({"post_id": id, "author_id": mina.user_id});
    assert_eq!(frame, json!({"t": "ev", "k": "post.created", "at": at, "d": payload}));
}

#[testkit::both_databases]
async fn posts_of_all_authors_or_of_one_are_listed_latest_first(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let (one, two, three) = (post(&app, &mina).await, post(&app, &jun).await, post(&app, &mina).await);
    assert_eq!(listed(&app, None).await, [three, two, one]);
    assert_eq!(listed(&app, Some(&mina)).await, [three, one]);
    assert_eq!(listed(&app, Some(&jun)).await, [two]);
}

#[testkit::both_databases]
async fn an_edit_raises_the_version_unless_it_changes_nothing(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    let id = post(&app, &mina).await;
    app.clock.advance(Duration::from_secs(5));
    let edited = posts::update_post(&app.app, &mina, id, retitled("better"), Some(1)).await.unwrap();
    assert_eq!((edited.post.title.as_str(), edited.post.version), ("better", 2));
    assert_eq!((edited.post.edited_at, edited.post.content.as_str()), (Some(app.now()), "…"));
    app.clock.advance(Duration::from_secs(5));
    let again = posts::update_post(&app.app, &mina, id, retitled("better"), None).await.unwrap();
    assert_eq!(again, edited);
    assert_eq!(posts::get_post(&app.app, Some(&mina), id).await.unwrap(), edited);
    let watchers = Audience::Post { author: mina.user_id, post: id };
    assert_eq!(kinds_for(&app, watchers).await, ["post.updated"]);
}

/// Rule AP9.
#[testkit::both_databases]
async fn an_edit_of_an_old_version_is_refused_and_changes_nothing(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    let id = post(&app, &mina).await;
    posts::update_post(&app.app, &mina, id, retitled("second"), Some(1)).await.unwrap();
    let refused = problem(posts::update_post(&app.app, &mina, id, retitled("third"), Some(1)).await);
    assert_eq!(refused.code, ProblemCode::VersionMismatch);
    assert_eq!(refused.params["current_version"], "2");
    assert_eq!(code(posts::delete_post(&app.app, &mina, id, Some(1)).await), ProblemCode::VersionMismatch);
    let kept = posts::get_post(&app.app, None, id).await.unwrap();
    assert_eq!((kept.post.title.as_str(), kept.post.version), ("second", 2));
    posts::delete_post(&app.app, &mina, id, Some(2)).await.unwrap();
}

/// Rule AP9.
#[testkit::both_databases]
async fn one_of_many_concurrent_edits_of_one_version_takes_effect(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    let id = post(&app, &mina).await;
    let edits = at_once(8, |number| {
        let (app, mina) = (app.app.clone(), mina.clone());
        async move {
            let change = retitled(&format!("edit {number}"));
            posts::update_post(&app, &mina, id, change, Some(1)).await
        }
    })
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = edits.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    assert!(refused.into_iter().all(|edit| code(edit) == ProblemCode::VersionMismatch));
    let kept = posts::get_post(&app.app, Some(&mina), id).await.unwrap();
    assert_eq!(Some(kept), made.into_iter().find_map(Result::ok));
}

#[testkit::both_databases]
async fn only_the_author_edits_and_deletes(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    let logged = events_logged(&app).await;
    assert_eq!(
        code(posts::update_post(&app.app, &jun, id, retitled("mine"), None).await),
        ProblemCode::NotAuthor
    );
    assert_eq!(code(posts::delete_post(&app.app, &jun, id, None).await), ProblemCode::NotAuthor);
    assert_eq!(posts::get_post(&app.app, None, id).await.unwrap().post.version, 1);
    assert_eq!(events_logged(&app).await, logged, "what is refused is not announced");
}

#[testkit::both_databases]
async fn a_deleted_post_disappears_everywhere_in_the_same_commit(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let (kept, id) = (post(&app, &mina).await, post(&app, &mina).await);
    let comment = comment(&app, &jun, id, None).await;
    posts::delete_post(&app.app, &mina, id, None).await.unwrap();

    assert_eq!(listed(&app, None).await, [kept]);
    assert_eq!(listed(&app, Some(&mina)).await, [kept]);
    assert_eq!(posts_count(&app, &mina).await, 1);
    let app_ = &app.app;
    for answer in [
        code(posts::get_post(app_, Some(&mina), id).await),
        code(posts::update_post(app_, &mina, id, retitled("back"), None).await),
        code(posts::delete_post(app_, &mina, id, None).await),
        code(posts::like_post(app_, &jun, id).await),
        code(posts::unlike_post(app_, &jun, id).await),
        code(posts::list_post_likes(app_, id, &first(10)).await),
        code(comments::list_comments(app_, None, id, &first(10)).await),
        code(comments::create_comment(app_, &jun, id, new_comment(None)).await),
        code(comments::list_replies(app_, None, comment, &first(10)).await),
        code(comments::delete_comment(app_, &jun, comment).await),
    ] {
        assert_eq!(answer, ProblemCode::NotFound);
    }
    assert_eq!(posts_count(&app, &mina).await, 1, "and it is not counted down twice");
    let kinds = kinds_for(&app, Audience::Post { author: mina.user_id, post: id }).await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "post.deleted").count(), 1);
}

#[testkit::both_databases]
async fn one_of_many_concurrent_deletions_takes_effect(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    let id = post(&app, &mina).await;
    let deletions = at_once(6, |_| {
        let (app, mina) = (app.app.clone(), mina.clone());
        async move { posts::delete_post(&app, &mina, id, None).await }
    })
    .await;
    assert_eq!(deletions.iter().filter(|deletion| deletion.is_ok()).count(), 1);
    assert_eq!(posts_count(&app, &mina).await, 0);
}
