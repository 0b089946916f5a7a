//! Requests with an `Idempotency-Key` (rule AP3).

use std::sync::Arc;
use std::time::Duration;

use operations::idempotency::{Scope, StoredAnswer};
use serde_json::{Value, json};
use store::idempotency_keys;
use testkit::TestDatabase;
use tokio::task::JoinSet;

use crate::answer::Answer;
use crate::auth::{PASSWORD, holder};
use crate::test_api::{Actor, TestApi};

const KEY: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";
const POSTS: &str = "SELECT count(*) FROM posts";

async fn create(api: &TestApi, person: &Actor, key: &str, title: &str) -> Answer {
    let body = json!({"title": title, "content": "내용"});
    api.post("/api/v1/posts", &body).by(person).header("idempotency-key", key).send().await
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed").is_some_and(|value| value == "true")
}

#[track_caller]
fn assert_same(first: &Answer, again: &Answer) {
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    for name in ["content-type", "location", "etag"] {
        assert_eq!(first.header(name), again.header(name), "{name}");
    }
}

/// Rule AP3.
#[testkit::both_databases]
async fn a_repeated_request_has_one_effect_and_the_same_answer(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let first = create(&api, &mina, KEY, "글").await;
    assert!(first.status == 201 && !is_replayed(&first), "{}", first.body);
    let post = first.json["id"].as_str().unwrap();
    // The stored answer is returned, not the present state.
    api.like(&jun, post).await;
    let before = api.checksum().await;
    let other_process = api.another_process().await;
    for (api, key) in [(&api, KEY.to_owned()), (&other_process, format!("\"{KEY}\""))] {
        let again = create(api, &mina, &key, "글").await;
        assert_same(&first, &again);
        assert!(is_replayed(&again));
    }
    // White space and the order of members are not part of the request's meaning.
    let body = "{ \"content\": \"내용\", \"title\": \"글\" }";
    let call = api.call("POST", "/api/v1/posts").by(&mina).header("idempotency-key", KEY);
    assert_same(&first, &call.body("application/json", body).send().await);
    assert_eq!(api.checksum().await, before);
}

/// Rule AP3.
#[testkit::both_databases]
async fn a_key_belongs_to_one_request_of_one_person(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let post = create(&api, &mina, KEY, "글").await.expect(201)["id"].as_str().unwrap().to_owned();
    let other = create(&api, &mina, KEY, "다른 글").await;
    assert!(!is_replayed(&other));
    other.problem(422, "idempotency_key_reused");
    // The same key of another person, and for another operation.
    assert!(!is_replayed(&create(&api, &jun, KEY, "글").await));
    let comment = async |post: &str| {
        let call = api.post(&format!("/api/v1/posts/{post}/comments"), &json!({"content": "와"})).by(&mina);
        call.header("idempotency-key", KEY).send().await
    };
    let first = comment(&post).await;
    assert!(first.status == 201 && !is_replayed(&first), "{}", first.body);
    assert_same(&first, &comment(&post).await);
    let another = api.post_by(&jun, "다른 글").await;
    comment(&another).await.problem(422, "idempotency_key_reused");
    assert_eq!(api.parts.database.number("SELECT count(*) FROM comments").await, 1);
    assert_eq!(api.parts.database.number(POSTS).await, 3);
}

/// Rule AP3.
#[testkit::both_databases]
async fn a_refused_request_may_be_repeated_with_its_key(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let path = format!("/api/v1/posts/{}/comments", api.post_by(&mina, "글").await);
    let reply = async |parent: &str| {
        let body = json!({"content": "답", "parent_id": parent});
        api.post(&path, &body).by(&jun).header("idempotency-key", KEY).send().await
    };
    let before = api.checksum().await;
    reply(&mina.id).await.problem(422, "parent_mismatch");
    let call = api.post(&path, &json!({"content": 7})).by(&jun).header("idempotency-key", KEY);
    call.send().await.problem(422, "validation_failed");
    api.post(&path, &json!({"content": "와"})).header("idempotency-key", KEY).send().await.expect(401);
    let call = api.call("POST", &path).by(&jun).header("idempotency-key", KEY).body("text/plain", "와");
    call.send().await.problem(415, "unsupported_media_type");
    assert_eq!(api.checksum().await, before);
    let parent = api.comment_by(&mina, path.split('/').nth(4).unwrap(), None).await;
    let first = reply(&parent).await;
    assert!(first.status == 201 && !is_replayed(&first), "{}", first.body);
    assert!(is_replayed(&reply(&parent).await));
}

/// Rule AP3.
#[tokio::test]
async fn a_malformed_key_is_refused_and_changes_nothing() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mina = api.person("미나").await;
    let before = api.checksum().await;
    for bad in ["", "\"\"", "a b", "\"open", "키", &"k".repeat(256)] {
        create(&api, &mina, bad, "글").await.problem(400, "idempotency_key_invalid");
    }
    let call = api.post("/api/v1/posts", &json!({"title": "글", "content": "내용"})).by(&mina);
    let twice = call.header("idempotency-key", "a").header("idempotency-key", "a");
    twice.send().await.problem(400, "idempotency_key_invalid");
    assert_eq!(api.checksum().await, before);
}

/// Rule AP3.
#[testkit::both_databases]
async fn an_answer_is_kept_for_a_day_and_then_deleted(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = holder(&api.sign_up("mina@example.com").await);
    create(&api, &mina, KEY, "글").await.expect(201);
    create(&api, &mina, "other", "글").await.expect(201);
    api.parts.clock.advance(Duration::from_hours(24));
    let mina = holder(&api.log_in("mina@example.com", PASSWORD).await.expect(201));
    // Expired, although its row still exists.
    assert!(!is_replayed(&create(&api, &mina, KEY, "다시").await));
    assert!(is_replayed(&create(&api, &mina, KEY, "다시").await));
    api.parts.clock.advance(Duration::from_secs(1));
    operations::jobs::sweep_expired(&api.parts.app).await.unwrap();
    assert_eq!(api.parts.database.number("SELECT count(*) FROM idempotency_keys").await, 1);
    assert!(is_replayed(&create(&api, &mina, KEY, "다시").await));
}

/// Rule AP3, concurrent calls.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_requests_with_one_key_have_one_effect_and_one_answer() {
    let api = Arc::new(TestApi::new(TestDatabase::postgres().await));
    let mina = api.person("미나").await;
    let processes = [Arc::clone(&api), Arc::new(api.another_process().await)];
    let mut running = JoinSet::new();
    for number in 0..50 {
        let (api, mina) = (Arc::clone(&processes[number % 2]), mina.clone());
        running.spawn(async move { create(&api, &mina, KEY, "글").await });
    }
    let answers = running.join_all().await;
    for answer in &answers {
        assert_eq!(answer.status, 201, "{}", answer.body);
        assert_same(&answers[0], answer);
    }
    assert_eq!(answers.iter().filter(|answer| !is_replayed(answer)).count(), 1);
    assert_eq!(api.parts.database.number(POSTS).await, 1);
    assert_eq!(api.parts.database.number("SELECT count(*) FROM outbox WHERE kind = 'post.created'").await, 1);
    let me = api.get("/api/v1/users/me").by(&mina).send().await.expect(200);
    assert_eq!(me["counts"]["posts"], 1);
}

/// Rule AP3, concurrent calls.
#[tokio::test]
async fn a_request_whose_first_attempt_runs_elsewhere_is_refused_and_may_be_repeated() {
    let api = TestApi::new(TestDatabase::postgres().await);
    let mina = api.person("미나").await;
    let app = &api.parts.app;
    let scope = Scope {
        user_id: domain::ids::UserId(mina.id.parse().unwrap()),
        operation: "createPost",
        key: KEY.into(),
    };
    let answer =
        StoredAnswer { fingerprint: "f".into(), status: 201, headers: "[]".into(), body: "{}".into() };
    let unit = app.store.begin(app.clock.now()).await.unwrap();
    assert!(idempotency_keys::insert(&unit, &scope, &answer, domain::Timestamp(0)).await.unwrap());
    let refused = create(&api, &mina, KEY, "글").await;
    assert_eq!(refused.header("retry-after"), Some("1"));
    refused.problem(409, "idempotency_in_progress");
    unit.rollback().await.unwrap();
    assert_eq!(api.parts.database.number(POSTS).await, 0);
    create(&api, &mina, KEY, "글").await.expect(201);
}

/// Rule AP3.
#[tokio::test]
async fn the_key_is_published_for_every_operation_that_creates_a_post_or_comment() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mut published = Vec::new();
    for (_, _, operation) in api.contract().operations() {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        if parameters.clone().any(|parameter| parameter["name"] == "Idempotency-Key") {
            published.push(operation["operationId"].clone());
            assert!(operation["responses"]["201"]["headers"]["Idempotency-Replayed"].is_object());
        }
    }
    published.sort_by_key(Value::to_string);
    for id in ["createComment", "createPost"] {
        assert!(published.contains(&id.into()), "{id}");
    }
}
