//! Likes (rule PO5): at most one per person, counted exactly under concurrency.

use domain::ProblemCode;
use domain::events::Audience;
use domain::ids::PostId;
use domain::page::PageRequest;
use domain::posts::LikeState;
use operations::posts;
use testkit::{TestApp, TestDatabase};
use uuid::Uuid;

use crate::fixtures::{
    assert_numbered_without_holes, at_once, code, first, frames_for, kinds_for, people, post,
};

async fn counted(app: &TestApp, id: PostId) -> i64 {
    posts::get_post(&app.app, None, id).await.unwrap().post.likes_count
}

async fn rows(app: &TestApp) -> i64 {
    app.database.number("SELECT COUNT(*) FROM post_likes").await
}

#[testkit::both_databases]
async fn liking_and_unliking_twice_take_effect_once(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    for _ in 0..2 {
        let state = posts::like_post(&app.app, &jun, id).await.unwrap();
        assert_eq!(state, LikeState { liked: true, likes_count: 1 });
    }
    assert!(posts::get_post(&app.app, Some(&jun), id).await.unwrap().viewer.unwrap().liked);
    for _ in 0..2 {
        let state = posts::unlike_post(&app.app, &jun, id).await.unwrap();
        assert_eq!(state, LikeState { liked: false, likes_count: 0 });
    }
    assert!(!posts::get_post(&app.app, Some(&jun), id).await.unwrap().viewer.unwrap().liked);
    let kinds = kinds_for(&app, Audience::Post { author: mina.user_id, post: id }).await;
    assert_eq!(kinds, ["post.liked", "post.unliked"]);
    let unknown = PostId(Uuid::from_u128(1));
    assert_eq!(code(posts::like_post(&app.app, &jun, unknown).await), ProblemCode::NotFound);
}

/// Rule AP9.
#[testkit::both_databases]
async fn a_like_does_not_change_the_version_of_the_post(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    posts::like_post(&app.app, &jun, id).await.unwrap();
    let post = posts::get_post(&app.app, None, id).await.unwrap().post;
    assert_eq!((post.version, post.edited_at), (1, None));
}

#[testkit::both_databases]
async fn a_like_of_ones_own_post_counts_without_a_notification(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    let id = post(&app, &mina).await;
    assert_eq!(posts::like_post(&app.app, &mina, id).await.unwrap().likes_count, 1);
    assert_eq!(posts::unlike_post(&app.app, &mina, id).await.unwrap().likes_count, 0);
    assert!(frames_for(&app, &mina).await.is_empty());
}

#[testkit::both_databases]
async fn twenty_concurrent_likes_of_one_person_are_one_like_and_one_notification(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    let likes = at_once(20, |_| {
        let (app, jun) = (app.app.clone(), jun.clone());
        async move { posts::like_post(&app, &jun, id).await.unwrap() }
    })
    .await;
    assert!(likes.iter().all(|state| *state == LikeState { liked: true, likes_count: 1 }));
    assert_eq!((rows(&app).await, counted(&app, id).await), (1, 1));
    let told = frames_for(&app, &mina).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["d"]["notification"]["actor_count"], 1);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM notifications").await, 1);
}

#[testkit::both_databases]
async fn the_counter_equals_rows_after_a_hundred_concurrent_likes_and_unlikes(database: TestDatabase) {
    let app = TestApp::new(database);
    let everybody = people::<20>(&app).await;
    let author = everybody[0].clone();
    let id = post(&app, &author).await;
    at_once(20, |number| {
        let (app, who) = (app.app.clone(), everybody[number].clone());
        async move {
            for turn in 0..5 {
                if (number + turn) % 2 == 0 {
                    posts::like_post(&app, &who, id).await.unwrap();
                } else {
                    posts::unlike_post(&app, &who, id).await.unwrap();
                }
            }
        }
    })
    .await;
    // The last call of every second person was a like.
    assert_eq!((rows(&app).await, counted(&app, id).await), (10, 10));
    assert_numbered_without_holes(&app, &author).await;
    let actors = "SELECT COUNT(*) FROM notification_actors WHERE retracted_at IS NULL";
    let in_entries = app.database.number("SELECT CAST(SUM(actor_count) AS BIGINT) FROM notifications").await;
    assert_eq!(in_entries, app.database.number(actors).await);
    assert_eq!(in_entries, 9, "everybody who likes it but the author");
}

#[testkit::both_databases]
async fn concurrent_likes_and_unlikes_of_the_same_people_are_counted_exactly(database: TestDatabase) {
    let app = TestApp::new(database);
    let everybody = people::<5>(&app).await;
    let id = post(&app, &everybody[0]).await;
    let states = at_once(40, |number| {
        let (app, who) = (app.app.clone(), everybody[number % 5].clone());
        async move {
            match number / 5 % 2 {
                0 => posts::like_post(&app, &who, id).await.unwrap(),
                _ => posts::unlike_post(&app, &who, id).await.unwrap(),
            }
        }
    })
    .await;
    assert!(states.iter().all(|state| (0..=5).contains(&state.likes_count)));
    assert_eq!(counted(&app, id).await, rows(&app).await);
    assert_numbered_without_holes(&app, &everybody[0]).await;
}

#[testkit::both_databases]
async fn people_who_like_a_post_are_listed_latest_first(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun, sora] = people(&app).await;
    let id = post(&app, &mina).await;
    for who in [&mina, &jun, &sora, &jun] {
        posts::like_post(&app.app, who, id).await.unwrap();
    }
    let page = posts::list_post_likes(&app.app, id, &first(2)).await.unwrap();
    assert_eq!(page.items.iter().map(|who| who.id).collect::<Vec<_>>(), [sora.user_id, jun.user_id]);
    let rest = PageRequest { cursor: page.next, ..first(2) };
    let page = posts::list_post_likes(&app.app, id, &rest).await.unwrap();
    assert_eq!(page.items.iter().map(|who| who.id).collect::<Vec<_>>(), [mina.user_id]);
    assert!(page.next.is_none());
}
