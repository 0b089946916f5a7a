//! Comparing the stored counters with their rows (rules PF2, PO4, PO5, NO5).

use operations::jobs::{Drift, Repair, reconcile_counters};
use operations::{Caller, comments, posts, users};
use testkit::{TestApp, TestDatabase};

use crate::fixtures::{at_once, comment, people, post};

/// Every counter, with a statement that makes it wrong.
const BREAKS: [(&str, &str); 9] = [
    ("posts.likes_count", "UPDATE posts SET likes_count = likes_count + 1"),
    ("posts.comments_count", "UPDATE posts SET comments_count = comments_count - 1"),
    ("comments.likes_count", "UPDATE comments SET likes_count = 7"),
    ("comments.replies_count", "UPDATE comments SET replies_count = replies_count + 2"),
    ("users.posts_count", "UPDATE users SET posts_count = 9"),
    ("users.followers_count", "UPDATE users SET followers_count = followers_count + 1"),
    ("users.following_count", "UPDATE users SET following_count = following_count - 1"),
    ("notification_heads.unseen", "UPDATE notification_heads SET unseen = unseen + 1"),
    ("notification_heads.unread", "UPDATE notification_heads SET unread = unread + 1"),
];

/// Creates rows for every counter: live ones, which are counted, and deleted ones, which are not.
async fn fill(app: &TestApp) -> [Caller; 3] {
    let everybody = people::<3>(app).await;
    let [mina, jun, sora] = &everybody;
    let id = post(app, mina).await;
    let gone = post(app, mina).await;
    posts::delete_post(&app.app, mina, gone, None).await.unwrap();
    let root = comment(app, jun, id, None).await;
    comment(app, sora, id, Some(root)).await;
    let deleted = comment(app, sora, id, Some(root)).await;
    comments::delete_comment(&app.app, sora, deleted).await.unwrap();
    for person in [jun, sora] {
        posts::like_post(&app.app, person, id).await.unwrap();
        comments::like_comment(&app.app, person, root).await.unwrap();
        users::follow(&app.app, person, mina.user_id).await.unwrap();
    }
    posts::unlike_post(&app.app, jun, id).await.unwrap();
    everybody
}

async fn drifts(app: &TestApp, repair: Repair) -> Vec<Drift> {
    reconcile_counters(&app.app, repair).await.unwrap()
}

#[testkit::both_databases]
async fn counters_that_operations_keep_never_drift(database: TestDatabase) {
    let app = TestApp::new(database);
    fill(&app).await;
    let found = drifts(&app, Repair::No).await;
    let names: Vec<_> = found.iter().map(|drift| drift.counter).collect();
    assert_eq!(names, BREAKS.map(|(name, _)| name));
    assert!(found.iter().all(|drift| drift.wrong == 0 && drift.rows > 0), "{found:?}");
}

#[testkit::both_databases]
async fn a_broken_counter_is_reported_and_repaired_only_on_demand(database: TestDatabase) {
    let app = TestApp::new(database);
    fill(&app).await;
    let right = app.database.checksum().await;
    for (name, breaks) in BREAKS {
        let rows = app.database.execute(breaks).await;
        let broken = app.database.checksum().await;
        for repair in [Repair::No, Repair::Yes] {
            let found = drifts(&app, repair).await;
            for drift in found {
                let expected = if drift.counter == name { rows } else { 0 };
                assert_eq!(drift.wrong, expected, "{} after {breaks}", drift.counter);
            }
            let now = app.database.checksum().await;
            assert_eq!(now, if repair == Repair::No { broken.clone() } else { right.clone() }, "{breaks}");
        }
    }
}

#[testkit::both_databases]
async fn a_repair_at_the_same_time_as_likes_leaves_the_counter_right(database: TestDatabase) {
    let app = TestApp::new(database);
    let everybody = people::<10>(&app).await;
    let id = post(&app, &everybody[0]).await;
    app.database.execute("UPDATE posts SET likes_count = 1000").await;
    at_once(12, |number| {
        let (app, everybody) = (app.app.clone(), everybody.clone());
        async move {
            match everybody.get(number) {
                Some(person) => drop(posts::like_post(&app, person, id).await.unwrap()),
                None => drop(reconcile_counters(&app, Repair::Yes).await.unwrap()),
            }
        }
    })
    .await;
    assert_eq!(posts::get_post(&app.app, None, id).await.unwrap().post.likes_count, 10);
}
