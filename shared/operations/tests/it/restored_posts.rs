//! Restoring deleted posts (rules PO1, PO3).

use std::time::Duration;

use domain::ProblemCode;
use domain::events::Audience;
use domain::ids::PostId;
use domain::posts::PostList;
use operations::{comments, posts, users};
use testkit::{TestApp, TestDatabase};
use uuid::Uuid;

use crate::fixtures::{at_once, code, comment, first, kinds_for, people, post};

const DAY: Duration = Duration::from_hours(24);

#[testkit::both_databases]
async fn a_restored_post_is_as_it_was_before_its_deletion(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    let root = comment(&app, &jun, id, None).await;
    comment(&app, &mina, id, Some(root)).await;
    posts::like_post(&app.app, &jun, id).await.unwrap();
    let before = posts::get_post(&app.app, Some(&mina), id).await.unwrap();
    posts::delete_post(&app.app, &mina, id, None).await.unwrap();
    assert_eq!(users::get_me(&app.app, &mina).await.unwrap().counts.posts, 0);
    app.clock.advance(30 * DAY);
    assert_eq!(posts::restore_post(&app.app, &mina, id).await.unwrap(), before);
    assert_eq!(posts::get_post(&app.app, Some(&mina), id).await.unwrap(), before);
    let listed = comments::list_comments(&app.app, None, id, &first(10)).await.unwrap().items;
    assert_eq!((listed[0].comment.id, listed[0].comment.replies_count), (root, 1));
    let likers = posts::list_post_likes(&app.app, id, &first(10)).await.unwrap().items;
    assert_eq!(likers[0].id, jun.user_id);
    assert_eq!(users::get_me(&app.app, &mina).await.unwrap().counts.posts, 1);
    let latest = posts::list_posts(&app.app, None, PostList::Latest, &first(10)).await.unwrap();
    assert_eq!(latest.items.len(), 1);
    let kinds = kinds_for(&app, Audience::Post { author: mina.user_id, post: id }).await;
    assert_eq!(kinds[kinds.len() - 2..], ["post.deleted", "post.restored"]);
}

#[testkit::both_databases]
async fn only_the_author_restores_a_post_and_only_within_30_days(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    assert_eq!(code(posts::restore_post(&app.app, &jun, id).await), ProblemCode::NotAuthor);
    posts::delete_post(&app.app, &mina, id, None).await.unwrap();
    assert_eq!(code(posts::restore_post(&app.app, &jun, id).await), ProblemCode::NotFound);
    app.clock.advance(30 * DAY + Duration::from_millis(1));
    let late = posts::restore_post(&app.app, &mina, id).await;
    assert_eq!(code(late), ProblemCode::RestoreWindowPassed);
    assert_eq!(code(posts::get_post(&app.app, Some(&mina), id).await), ProblemCode::NotFound);
    let unknown = PostId(Uuid::from_u128(1));
    assert_eq!(code(posts::restore_post(&app.app, &mina, unknown).await), ProblemCode::NotFound);
}

#[testkit::both_databases]
async fn concurrent_restorations_count_the_post_once(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    let id = post(&app, &mina).await;
    posts::delete_post(&app.app, &mina, id, None).await.unwrap();
    at_once(8, |_| {
        let (app, mina) = (app.app.clone(), mina.clone());
        async move { posts::restore_post(&app, &mina, id).await.unwrap() }
    })
    .await;
    assert_eq!(users::get_me(&app.app, &mina).await.unwrap().counts.posts, 1);
    let kinds = kinds_for(&app, Audience::Post { author: mina.user_id, post: id }).await;
    assert_eq!(kinds, ["post.deleted", "post.restored"]);
}
