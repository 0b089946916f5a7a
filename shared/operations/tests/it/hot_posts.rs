//! Posts that many people like concurrently.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use operations::notifications::{self, Wanted};
use operations::{Caller, comments, posts};
use testkit::TestApp;
use tokio::task::JoinSet;

use crate::fixtures::{first, lock_waits, new_comment, new_post, people, post, until_a_lock_is_waited_for};
use crate::plans::{explain, recorded};

const LIKES: usize = 40;

async fn a_locked_post_leaves_connections_to_others(connections: u32) {
    let app = TestApp::new(testkit::TestDatabase::postgres().await);
    let everybody = people::<41>(&app).await;
    let author = &everybody[40];
    let (hot, other) = (post(&app, author).await, post(&app, author).await);
    let (parts, _) = recorded(&app, connections).await;
    let holder = app.app.store.begin(app.now()).await.unwrap();
    store::posts::lock(&holder, hot).await.unwrap().unwrap();
    let begun = Arc::new(AtomicUsize::new(0));
    let mut likes = JoinSet::new();
    for who in everybody.iter().take(LIKES) {
        let (parts, begun, who) = (parts.clone(), Arc::clone(&begun), who.clone());
        likes.spawn(async move {
            begun.fetch_add(1, Ordering::SeqCst);
            posts::like_post(&parts, &who, hot).await
        });
    }
    while begun.load(Ordering::SeqCst) < LIKES || lock_waits(&app).await == 0 {
        tokio::task::yield_now().await;
    }
    posts::get_post(&parts, None, other).await.unwrap();
    assert!(posts::like_post(&parts, &everybody[0], other).await.unwrap().liked);
    assert!(lock_waits(&app).await <= 2, "the others wait in the process");
    holder.rollback().await.unwrap();
    for liked in likes.join_all().await {
        liked.unwrap();
    }
    assert_eq!(posts::get_post(&parts, None, hot).await.unwrap().post.likes_count, 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_post_leaves_most_of_16_connections_to_others_on_postgres() {
    a_locked_post_leaves_connections_to_others(16).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_post_leaves_half_of_4_connections_to_others_on_postgres() {
    a_locked_post_leaves_connections_to_others(4).await;
}

/// Inserts people who like the post of one notification, with SQL: the operations would take minutes.
async fn add_likers(app: &TestApp, count: usize) {
    const CHUNK: usize = 5_000;
    for start in (0..count).step_by(CHUNK) {
        let series = format!("generate_series({start}, {}) AS number", start + CHUNK.min(count - start) - 1);
        let id = "('00000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid";
        app.database
            .execute(&format!(
                "INSERT INTO users (id, email, email_verified_at, nickname, about, locale, role, state, posts_count,
                    followers_count, following_count, version, created_at)
                 SELECT {id}, 'liker' || number || '@example.com', email_verified_at, 'liker', about, locale, role, state,
                    0, 0, 0, 1, created_at
                 FROM {series}, (SELECT * FROM users LIMIT 1) AS template"
            ))
            .await;
        app.database
            .execute(&format!(
                "INSERT INTO notification_actors (notification_id, actor_id, created_at)
                 SELECT notifications.id, {id}, notifications.updated_at FROM notifications, {series}"
            ))
            .await;
        app.database
            .execute(&format!(
                "INSERT INTO post_likes (id, post_id, user_id, created_at)
                 SELECT gen_random_uuid(), posts.id, {id}, posts.created_at FROM posts, {series}"
            ))
            .await;
    }
    app.database.execute(&format!("UPDATE posts SET likes_count = likes_count + {count}")).await;
    app.database.execute(&format!("UPDATE notifications SET actor_count = actor_count + {count}")).await;
    // A long history: the recipient has read two thousand notifications of the same post.
    app.database
        .execute(
            "INSERT INTO notifications (id, user_id, type, group_key, target_type, target_id, post_id, actor_count, seen_at,
                read_at, created_at, updated_at)
             SELECT gen_random_uuid(), user_id, type, group_key, target_type, target_id, post_id, 1, 1, 1, number, number
             FROM notifications, generate_series(1, 2000) AS number",
        )
        .await;
    app.database.execute("ANALYZE").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_like_takes_six_round_trips_however_many_liked_the_post_before_on_postgres() {
    let app = TestApp::new(testkit::TestDatabase::postgres().await);
    let mina = app.person("mina").await.caller();
    let id = post(&app, &mina).await;
    let (parts, recorder) = recorded(&app, 4).await;
    let since = app.now().minus(Duration::from_hours(24)).0.to_string();
    let mut plans = Vec::new();
    let mut trips = Vec::new();
    for (name, likers_before) in [("jun", 0), ("sora", 0), ("tae", 50_000)] {
        if likers_before > 0 {
            add_likers(&app, likers_before).await;
        }
        let person = app.person(name).await;
        let (access_token, actor) = (&person.tokens.access_token, person.caller().user_id);
        recorder.take();
        let caller: Caller =
            operations::auth::authenticate(&parts, &app.credentials, access_token).await.unwrap();
        assert!(posts::like_post(&parts, &caller, id).await.unwrap().liked);
        let ran = recorder.take();
        assert!(ran.iter().any(|sql| sql == "BEGIN") && ran.iter().any(|sql| sql == "COMMIT"));
        assert!(!ran.iter().any(|sql| sql.contains("jobs")), "a like looks for no jobs");
        let state = ran.iter().find(|sql| sql.contains("earlier.")).unwrap();
        let values = [
            mina.user_id.to_string(),
            actor.to_string(),
            format!("post_liked:{id}"),
            "post_liked".into(),
            since.clone(),
            id.to_string(),
            app.now().0.to_string(),
        ];
        plans.push(explain(&app, state, &values).await);
        trips.push(ran.len());
    }
    assert_eq!(trips, [6, 6, 6]);
    assert!(plans[2] <= 20.0, "rows read with 0, 1 and 50,000 likers before: {plans:?}");
    let page = first(1);
    let list = notifications::list_notifications(&app.app, &mina, Wanted::All, &page).await;
    let shown = list.unwrap().items;
    assert_eq!((shown.len(), shown[0].actor_count, shown[0].actors.len()), (1, 50_003, 3));
    assert_eq!(shown[0].actors[0].nickname, "tae");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comment_takes_six_round_trips_and_a_post_four_on_postgres() {
    let app = TestApp::new(testkit::TestDatabase::postgres().await);
    let mina = app.person("mina").await.caller();
    let id = post(&app, &mina).await;
    let (parts, recorder) = recorded(&app, 4).await;
    let token = app.person("jun").await.tokens.access_token;
    recorder.take();
    let caller = operations::auth::authenticate(&parts, &app.credentials, &token).await.unwrap();
    comments::create_comment(&parts, &caller, id, new_comment(None)).await.unwrap();
    let ran = recorder.take();
    assert_eq!(ran.len(), 6, "{ran:#?}");
    let caller = operations::auth::authenticate(&parts, &app.credentials, &token).await.unwrap();
    posts::create_post(&parts, &caller, new_post("title")).await.unwrap();
    let ran = recorder.take();
    assert_eq!(ran.len(), 4, "{ran:#?}");
}

/// Otherwise a like and an unlike of the same person could wait for each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unliking_locks_the_post_before_the_like_on_postgres() {
    let app = TestApp::new(testkit::TestDatabase::postgres().await);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    posts::like_post(&app.app, &jun, id).await.unwrap();
    let holder = app.app.store.begin(app.now()).await.unwrap();
    store::posts::lock(&holder, id).await.unwrap().unwrap();
    let parts = app.app.clone();
    let unliking = tokio::spawn(async move { posts::unlike_post(&parts, &jun, id).await });
    until_a_lock_is_waited_for(&app).await;
    let free = "SELECT COUNT(*) FROM (SELECT 1 FROM post_likes FOR UPDATE NOWAIT) AS free";
    assert_eq!(app.database.number(free).await, 1);
    holder.rollback().await.unwrap();
    assert_eq!(unliking.await.unwrap().unwrap().likes_count, 0);
}
