//! Views of posts (rule PO6).

use std::time::Duration;

use operations::posts::count_views;
use testkit::TestDatabase;

use crate::test_api::TestApi;

const HOUR: Duration = Duration::from_hours(1);

/// Counts the collected views and returns the number of views of a post.
async fn views(api: &TestApi, post: &str) -> i64 {
    count_views(&api.parts.app, api.service.views()).await.unwrap();
    api.parts.database.number(&format!("SELECT views_count FROM posts WHERE {}", is_post(api, post))).await
}

fn is_post(api: &TestApi, post: &str) -> String {
    let hex = post.replace('-', "");
    if api.parts.database.url().starts_with("sqlite") {
        format!("hex(id) = upper('{hex}')")
    } else {
        format!("id = '{post}'")
    }
}

async fn read_from(api: &TestApi, path: &str, address: &str, user_agent: &str) {
    let call = api.get(path).header("x-real-ip", address).header("user-agent", user_agent);
    call.send().await.expect(200);
}

#[testkit::both_databases]
async fn a_person_counts_once_and_the_author_never(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let post = api.post_by(&mina, "글").await;
    let path = format!("/api/v1/posts/{post}");
    for _ in 0..3 {
        api.get(&path).by(&mina).send().await.expect(200);
        api.get(&path).by(&jun).send().await.expect(200);
    }
    assert_eq!(views(&api, &post).await, 1);
    let sora = api.person("소라").await;
    api.get(&path).by(&sora).send().await.expect(200);
    assert_eq!(views(&api, &post).await, 2);
    let seen = api.get(&path).by(&sora).send().await.expect(200);
    assert_eq!(seen["counts"]["views"], 2);
    assert_eq!(views(&api, &post).await, 2);
}

#[testkit::both_databases]
async fn an_anonymous_address_and_user_agent_count_once_a_day(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = api.person("미나").await;
    let post = api.post_by(&mina, "글").await;
    let path = format!("/api/v1/posts/{post}");
    for _ in 0..2 {
        read_from(&api, &path, "192.0.2.1", "Firefox").await;
        read_from(&api, &path, "192.0.2.2", "Firefox").await;
        read_from(&api, &path, "192.0.2.2", "Safari").await;
    }
    assert_eq!(views(&api, &post).await, 3);
    read_from(&api, &path, "192.0.2.1", "Firefox").await;
    assert_eq!(views(&api, &post).await, 3);
    api.parts.clock.advance(24 * HOUR);
    read_from(&api, &path, "192.0.2.1", "Firefox").await;
    assert_eq!(views(&api, &post).await, 4);
    operations::jobs::sweep_expired(&api.parts.app).await.unwrap();
    let kept = api.parts.database.number("SELECT COUNT(*) FROM post_views").await;
    assert!((1..=4).contains(&kept), "{kept}");
}

#[testkit::both_databases]
async fn crawlers_prefetches_head_and_failures_are_no_views_and_reading_writes_nothing(
    database: TestDatabase,
) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let post = api.post_by(&mina, "글").await;
    let path = format!("/api/v1/posts/{post}");
    let before = api.checksum().await;
    read_from(&api, &path, "192.0.2.1", "Mozilla/5.0 (compatible; Googlebot/2.1)").await;
    for (name, value) in
        [("sec-purpose", "prefetch"), ("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch")]
    {
        api.get(&path).by(&jun).header(name, value).send().await.expect(200);
    }
    assert_eq!(api.call("HEAD", &path).by(&jun).send().await.status, 200);
    api.get("/api/v1/posts").by(&jun).send().await.expect(200);
    assert_eq!(count_views(&api.parts.app, api.service.views()).await.unwrap(), 0);
    api.get(&path).by(&jun).send().await.expect(200);
    assert_eq!(api.checksum().await, before, "reading writes no row");
    assert_eq!(views(&api, &post).await, 1);
}

/// Two processes, and everybody reads through both.
#[testkit::both_databases]
async fn a_thousand_viewers_are_counted_exactly_by_two_processes(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = api.person("미나").await;
    let post = api.post_by(&mina, "글").await;
    let path = format!("/api/v1/posts/{post}");
    let other = api.another_process().await;
    for number in 0..1_000 {
        let address = format!("198.51.{}.{}", number / 250, number % 250);
        read_from(&api, &path, &address, "Firefox").await;
        if number % 2 == 0 {
            read_from(&other, &path, &address, "Firefox").await;
        }
    }
    let (one, two) = tokio::join!(
        count_views(&api.parts.app, api.service.views()),
        count_views(&api.parts.app, other.service.views())
    );
    assert_eq!(one.unwrap() + two.unwrap(), 1_000);
    assert_eq!(views(&api, &post).await, 1_000);
}
