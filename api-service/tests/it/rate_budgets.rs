//! Rate budgets (rule AP8).

use std::sync::Arc;
use std::time::Duration;

use api_service::contract::{Counting, operation};
use ephemeral::Ephemeral;
use serde_json::json;
use testkit::{ManualClock, TestApp, TestDatabase};

use crate::answer::Answer;
use crate::test_api::{Actor, TestApi};

const POSTS: &str = "/api/v1/posts";

async fn limited_api() -> TestApi {
    TestApi::with_rate_budgets(TestApp::new(TestDatabase::sqlite().await))
}

async fn read(api: &TestApi, address: &str, person: Option<&Actor>) -> Answer {
    let call = api.get(POSTS).header("x-real-ip", address);
    match person {
        Some(person) => call.by(person).send().await,
        None => call.send().await,
    }
}

fn fields(answer: &Answer) -> (&str, &str) {
    (answer.header("ratelimit").unwrap(), answer.header("ratelimit-policy").unwrap())
}

/// Rule AP8.
#[tokio::test]
async fn every_answer_of_every_operation_names_its_budget() {
    let api = limited_api().await;
    let mina = api.person("미나").await;
    for (method, path, description) in api.contract().operations() {
        let operation = operation(description["operationId"].as_str().unwrap()).unwrap();
        let call = || api.call(&method.to_ascii_uppercase(), path);
        let (answer, anonymous) = (call().by(&mina).send().await, call().send().await);
        let Some(name) = description["x-rate-budget"].as_str() else {
            assert_eq!(operation.counting, Counting::None, "{path}");
            assert_eq!(
                (answer.header("ratelimit"), answer.header("ratelimit-policy")),
                (None, None),
                "{path}"
            );
            continue;
        };
        let shared = if name == "auth" { "auth" } else { "anonymous" };
        for (answer, name) in [(answer, name), (anonymous, shared)] {
            let (left, policy) = fields(&answer);
            assert!(left.starts_with(&format!("\"{name}\";r=")), "{method} {path}: {left}");
            assert!(policy.starts_with(&format!("\"{name}\";q=")), "{method} {path}: {policy}");
            assert!(description["responses"]["429"].is_object(), "{method} {path}");
        }
    }
}

/// Rule AP8.
#[tokio::test]
async fn thirty_people_behind_one_address_have_a_budget_each_and_anonymous_requests_share_one() {
    let api = limited_api().await;
    let names: Vec<_> = (0..30).map(|number| format!("person {number}")).collect();
    let people = api.people(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for left in (0..120).rev() {
        let answer = read(&api, "192.0.2.7", None).await;
        assert_eq!(answer.status, 200);
        let seconds = (120 - left) / 2 + (120 - left) % 2;
        assert_eq!(
            fields(&answer),
            (&*format!("\"anonymous\";r={left};t={seconds}"), "\"anonymous\";q=120;w=60")
        );
    }
    let refused = read(&api, "192.0.2.7", None).await;
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(fields(&refused).0, "\"anonymous\";r=0;t=1");
    let problem = refused.problem(429, "rate_limited");
    assert_eq!(problem["params"], json!({"policy": "anonymous", "quota": 120, "window_seconds": 60}));
    for person in &people {
        let answer = read(&api, "192.0.2.7", Some(person)).await;
        assert_eq!((answer.status, fields(&answer)), (200, ("\"user\";r=599;t=1", "\"user\";q=600;w=60")));
    }
    // A token that proves nothing is counted for the network.
    let forged = api.get(POSTS).header("x-real-ip", "192.0.2.7").header("authorization", "Bearer a.b.c");
    forged.send().await.problem(429, "rate_limited");
    assert_eq!(read(&api, "192.0.2.8", None).await.status, 200);
    for (address, left) in [("2001:db8:1:2::1", 119), ("2001:db8:1:2:ffff::2", 118), ("2001:db8:1:3::1", 119)]
    {
        let answer = read(&api, address, None).await;
        assert!(fields(&answer).0.starts_with(&format!("\"anonymous\";r={left};")), "{address}");
    }
    api.parts.clock.advance(Duration::from_millis(500));
    assert_eq!(read(&api, "192.0.2.7", None).await.status, 200);
}

/// Rules AP3, AP8.
#[tokio::test]
async fn changes_likes_and_reads_have_budgets_of_their_own_and_a_refusal_is_not_stored() {
    let api = limited_api().await;
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let post = api.post_by(&mina, "글").await;
    let path = format!("/api/v1/posts/{post}");
    for number in 0..59 {
        let answer = api.patch(&path, &json!({"title": format!("글 {number}")})).by(&mina).send().await;
        assert_eq!(answer.status, 200, "{number}");
    }
    let create = async || {
        let body = json!({"title": "글", "content": "…"});
        api.post(POSTS, &body).by(&mina).header("idempotency-key", "a").send().await
    };
    let before = api.checksum().await;
    let refused = create().await;
    assert_eq!(refused.header("retry-after"), Some("1"));
    refused.problem(429, "rate_limited");
    assert_eq!(api.checksum().await, before);
    api.like(&mina, &post).await;
    api.follow(&mina, &jun).await;
    assert_eq!(read(&api, "192.0.2.7", Some(&mina)).await.status, 200);
    api.post_by(&jun, "글").await;
    api.parts.clock.advance(Duration::from_secs(1));
    let created = create().await;
    assert_eq!((created.status, created.header("idempotency-replayed")), (201, None), "{}", created.body);
}

/// Rule AP8.
#[tokio::test]
async fn without_redis_the_process_counts_alone() {
    let clock = Arc::new(ManualClock::default());
    // Nothing listens there.
    let nowhere = Ephemeral::redis("redis://127.0.0.1:1/", "test:").unwrap();
    let parts = TestApp::with_ephemeral(TestDatabase::sqlite().await, nowhere, clock);
    let api = TestApi::with_rate_budgets(parts);
    for _ in 0..120 {
        assert_eq!(read(&api, "192.0.2.7", None).await.status, 200);
    }
    read(&api, "192.0.2.7", None).await.problem(429, "rate_limited");
    let log_in = api.log_in("mina@example.com", "blue otters paint slowly").await;
    assert!(fields(&log_in).0.starts_with("\"auth\";r=299;"));
    log_in.problem(401, "invalid_credentials");
}
