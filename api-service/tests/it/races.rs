//! Concurrent requests, on PostgreSQL.

use std::future::Future;
use std::sync::Arc;

use serde_json::json;
use testkit::TestDatabase;
use tokio::task::JoinSet;

use crate::answer::Answer;
use crate::refresh::refresh;
use crate::test_api::TestApi;

async fn at_once<F>(times: usize, what: impl Fn(usize) -> F) -> Vec<Answer>
where
    F: Future<Output = Answer> + Send + 'static,
{
    let mut running = JoinSet::new();
    for number in 0..times {
        running.spawn(what(number));
    }
    running.join_all().await
}

async fn api() -> Arc<TestApi> {
    Arc::new(TestApi::new(TestDatabase::postgres().await))
}

/// Rule PO5, concurrent calls.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_likes_of_one_person_count_once() {
    let api = api().await;
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let post = api.post_by(&mina, "글").await;
    let answers = at_once(30, |_| {
        let (api, jun, path) = (Arc::clone(&api), jun.clone(), format!("/api/v1/posts/{post}/like"));
        async move { api.put(&path).by(&jun).send().await }
    });
    for answer in answers.await {
        assert_eq!(answer.expect(200), json!({"liked": true, "likes_count": 1}));
    }
    assert_eq!(api.parts.database.number("SELECT count(*) FROM post_likes").await, 1);
    let told = api.get("/api/v1/notifications").by(&mina).send().await.expect(200);
    assert_eq!((told["items"].as_array().unwrap().len(), &told["items"][0]["actor_count"]), (1, &json!(1)));
    assert_eq!(api.parts.database.number("SELECT count(*) FROM outbox WHERE kind = 'post.liked'").await, 1);
}

/// Rule PO5, concurrent calls.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_likes_of_many_people_are_all_counted() {
    let api = api().await;
    let mina = api.person("미나").await;
    let post = api.post_by(&mina, "글").await;
    let names: Vec<_> = (0..20).map(|number| format!("person {number}")).collect();
    let people = api.people(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let answers = at_once(people.len(), |number| {
        let (api, person) = (Arc::clone(&api), people[number].clone());
        let path = format!("/api/v1/posts/{post}/like");
        async move { api.put(&path).by(&person).send().await }
    });
    let mut counts: Vec<_> =
        answers.await.into_iter().map(|answer| answer.expect(200)["likes_count"].as_i64().unwrap()).collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=20).collect::<Vec<i64>>());
    let told = api.get("/api/v1/notifications").by(&mina).send().await.expect(200);
    assert_eq!((told["items"].as_array().unwrap().len(), &told["items"][0]["actor_count"]), (1, &json!(20)));
}

/// Proves rule ID1 for calls that run at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_sign_ups_with_one_code_create_one_account() {
    let api = api().await;
    let flow = api.code_for("mina@example.com").await;
    let answers = at_once(4, |number| {
        let mut body = flow.sign_up("mina@example.com");
        body["nickname"] = format!("tab {number}").into();
        let api = Arc::clone(&api);
        async move { api.post("/api/v1/auth/signups", &body).send().await }
    });
    let (made, refused): (Vec<_>, Vec<_>) =
        answers.await.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(made.len(), 1);
    for answer in refused {
        let code = answer.json["code"].as_str().unwrap();
        assert!(["email_taken", "code_invalid"].contains(&code), "{}", answer.body);
    }
    assert_eq!(api.parts.database.number("SELECT count(*) FROM users").await, 1);
    assert_eq!(api.parts.database.number("SELECT count(*) FROM sessions").await, 1);
}

/// Proves rule ID7 for calls that run at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_refreshes_create_one_generation() {
    let api = api().await;
    let tokens = Arc::new(api.sign_up("mina@example.com").await);
    let answers = at_once(20, |_| {
        let (api, tokens) = (Arc::clone(&api), Arc::clone(&tokens));
        async move { refresh(&api, &tokens).await }
    });
    let mut pairs: Vec<_> =
        answers.await.into_iter().map(|answer| answer.expect(200)["refresh_token"].to_string()).collect();
    pairs.dedup();
    assert_eq!(pairs.len(), 1);
    assert_eq!(api.parts.database.number("SELECT generation FROM sessions").await, 1);
}

/// Rule AP9, concurrent calls.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_concurrent_edits_of_one_version_one_fails() {
    let api = api().await;
    let mina = api.person("미나").await;
    let path = format!("/api/v1/posts/{}", api.post_by(&mina, "글").await);
    let answers = at_once(8, |number| {
        let (api, mina, path) = (Arc::clone(&api), mina.clone(), path.clone());
        let body = json!({"title": format!("글 {number}")});
        async move { api.patch(&path, &body).by(&mina).header("if-match", "\"1\"").send().await }
    });
    let (edited, refused): (Vec<_>, Vec<_>) =
        answers.await.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(edited.len(), 1);
    for answer in refused {
        answer.problem(412, "version_mismatch");
    }
    assert_eq!(api.get(&path).send().await.expect(200)["title"], edited[0].json["title"]);
}

/// Proves rule ID2 for calls that run at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_wrong_codes_are_all_counted() {
    let api = api().await;
    let flow = api.code_for("mina@example.com").await;
    let body = flow.wrong().sign_up("mina@example.com");
    let answers = at_once(20, |_| {
        let (api, body) = (Arc::clone(&api), body.clone());
        async move { api.post("/api/v1/auth/signups", &body).send().await }
    });
    let tried = answers.await.into_iter().filter(|answer| answer.status == 422).count();
    assert_eq!(tried, 5, "five tries a code");
    let body = flow.sign_up("mina@example.com");
    api.post("/api/v1/auth/signups", &body).send().await.problem(429, "code_attempts_exhausted");
}
