//! Comments and replies.

use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::answer::faults;
use crate::posts::NOTHING;
use crate::test_api::{TestApi, id_of};

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(id_of).collect()
}

#[testkit::both_databases]
async fn a_comment_and_its_replies_are_two_levels_deep(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let post = api.post_by(&mina, "글").await;
    let comments = format!("/api/v1/posts/{post}/comments");
    let root = api.post(&comments, &json!({"content": "좋은 글"})).by(&jun).send().await.expect(201);
    assert_eq!((&root["post_id"], &root["content"]), (&json!(post), &json!("좋은 글")));
    assert_eq!(root["author"]["nickname"], "준");
    assert_eq!((root.get("parent_id"), root.get("reply_to")), (None, None));
    assert_eq!((&root["state"], &root["viewer"]), (&json!("active"), &json!({"can_delete": true})));
    let root_id = id_of(&root);
    let answer = json!({"content": "고마워요", "parent_id": root_id});
    let reply = api.post(&comments, &answer).by(&mina).send().await.expect(201);
    assert_eq!((&reply["parent_id"], reply.get("reply_to")), (&json!(root_id), None));
    let answer = json!({"content": "천만에요", "parent_id": id_of(&reply)});
    let deeper = api.post(&comments, &answer).by(&jun).send().await.expect(201);
    assert_eq!((&deeper["parent_id"], &deeper["reply_to"]["nickname"]), (&json!(root_id), &json!("미나")));

    let page = api.get(&comments).send().await.expect(200);
    assert_eq!(ids(&page), [root_id.as_str()]);
    assert_eq!(page["items"][0]["counts"], json!({"replies": 2}));
    assert!(page["items"][0].get("viewer").is_none());
    let replies = format!("/api/v1/comments/{root_id}/replies");
    let page = api.get(&replies).by(&mina).send().await.expect(200);
    assert_eq!(ids(&page), [id_of(&reply), id_of(&deeper)]);
    assert_eq!(page["items"][1]["viewer"], json!({"can_delete": false}));
    let post = api.get(&format!("/api/v1/posts/{post}")).send().await.expect(200);
    assert_eq!(post["counts"]["comments"], 3);
}

#[testkit::both_databases]
async fn a_deleted_comment_is_listed_only_while_it_has_live_replies(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = api.person("미나").await;
    let post = api.post_by(&mina, "글").await;
    let root = api.comment_by(&mina, &post, None).await;
    let reply = api.comment_by(&mina, &post, Some(&root)).await;
    let comments = format!("/api/v1/posts/{post}/comments");
    assert_eq!(api.delete(&format!("/api/v1/comments/{root}")).by(&mina).send().await.status, 204);
    let page = api.get(&comments).by(&mina).send().await.expect(200);
    let stone = &page["items"][0];
    assert_eq!((&stone["state"], stone.get("content")), (&json!("deleted"), None));
    assert_eq!(stone["viewer"], json!({"can_delete": false}));
    api.delete(&format!("/api/v1/comments/{root}")).by(&mina).send().await.problem(404, "not_found");
    let answer = json!({"content": "x", "parent_id": root});
    api.post(&comments, &answer).by(&mina).send().await.problem(422, "parent_mismatch");
    assert_eq!(api.delete(&format!("/api/v1/comments/{reply}")).by(&mina).send().await.status, 204);
    assert_eq!(api.get(&comments).send().await.expect(200), json!({"items": []}));
    let post = api.get(&format!("/api/v1/posts/{post}")).send().await.expect(200);
    assert_eq!(post["counts"]["comments"], 0);
}

#[testkit::both_databases]
async fn the_parent_of_a_reply_is_a_live_comment_of_the_same_post(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = api.person("미나").await;
    let (post, other) = (api.post_by(&mina, "글").await, api.post_by(&mina, "다른 글").await);
    let elsewhere = api.comment_by(&mina, &other, None).await;
    let before = api.checksum().await;
    for parent in [NOTHING, &elsewhere] {
        let body = json!({"content": "x", "parent_id": parent});
        let answer = api.post(&format!("/api/v1/posts/{post}/comments"), &body).by(&mina).send().await;
        answer.problem(422, "parent_mismatch");
    }
    assert_eq!(api.checksum().await, before);
}

#[testkit::both_databases]
async fn comments_on_missing_posts_are_answered_with_404(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = api.person("미나").await;
    let post = api.post_by(&mina, "글").await;
    let comment = api.comment_by(&mina, &post, None).await;
    assert_eq!(api.delete(&format!("/api/v1/posts/{post}")).by(&mina).send().await.status, 204);
    for post in [NOTHING, &post] {
        let path = format!("/api/v1/posts/{post}/comments");
        api.get(&path).send().await.problem(404, "not_found");
        api.post(&path, &json!({"content": "x"})).by(&mina).send().await.problem(404, "not_found");
    }
    for comment in [NOTHING, &comment] {
        api.get(&format!("/api/v1/comments/{comment}/replies")).send().await.problem(404, "not_found");
        api.delete(&format!("/api/v1/comments/{comment}")).by(&mina).send().await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn content_and_parent_of_a_comment_are_validated() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mina = api.person("미나").await;
    let path = format!("/api/v1/posts/{}/comments", api.post_by(&mina, "글").await);
    api.post(&path, &json!({"content": "가".repeat(1_000)})).by(&mina).send().await.expect(201);
    for (body, expected) in [
        (json!({"content": "가".repeat(1_001)}), ("/content", "too_long")),
        (json!({"content": "  "}), ("/content", "required")),
        (json!({"content": "x", "parent_id": "7"}), ("/parent_id", "bad_format")),
        (json!({"content": "x", "parent_id": null}), ("/parent_id", "bad_format")),
        (json!({"content": "x", "author_id": NOTHING}), ("/author_id", "unknown_field")),
    ] {
        let answer = api.post(&path, &body).by(&mina).send().await;
        assert_eq!(answer.faults(422, "validation_failed"), faults([expected]), "{body}");
    }
}
