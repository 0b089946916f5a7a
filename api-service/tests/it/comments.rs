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
    assert_eq!(
        (&root["state"], &root["viewer"]),
        (&json!("active"), &json!({"liked": false, "can_edit": true, "can_delete": true}))
    );
    let root_id = id_of(&root);
    let answer = json!({"content": "고마워요", "parent_id": root_id});
    let reply = api.post(&comments, &answer).by(&mina).send().await.expect(201);
    assert_eq!((&reply["parent_id"], reply.get("reply_to")), (&json!(root_id), None));
    let answer = json!({"content": "천만에요", "parent_id": id_of(&reply)});
    let deeper = api.post(&comments, &answer).by(&jun).send().await.expect(201);
    assert_eq!((&deeper["parent_id"], &deeper["reply_to"]["nickname"]), (&json!(root_id), &json!("미나")));

    let page = api.get(&comments).send().await.expect(200);
    assert_eq!(ids(&page), [root_id.as_str()]);
    assert_eq!(page["items"][0]["counts"], json!({"likes": 0, "replies": 2}));
    assert!(page["items"][0].get("viewer").is_none());
    let replies = format!("/api/v1/comments/{root_id}/replies");
    let page = api.get(&replies).by(&mina).send().await.expect(200);
    assert_eq!(ids(&page), [id_of(&reply), id_of(&deeper)]);
    assert_eq!(page["items"][1]["viewer"], json!({"liked": false, "can_edit": false, "can_delete": false}));
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
    assert_eq!(stone["viewer"], json!({"liked": false, "can_edit": false, "can_delete": false}));
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

/// Rule AP9.
#[testkit::both_databases]
async fn a_comment_is_edited_by_its_author_at_its_current_version(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let post = api.post_by(&mina, "글").await;
    let comment = api.comment_by(&jun, &post, None).await;
    let path = format!("/api/v1/comments/{comment}");
    // Likes and replies are not edits.
    api.put(&format!("{path}/like")).by(&mina).send().await.expect(200);
    api.comment_by(&mina, &post, Some(&comment)).await;
    let edit = |version: &'static str, content: &'static str| {
        api.patch(&path, &json!({"content": content})).by(&jun).header("if-match", version).send()
    };
    let edited = edit("\"1\"", " 고친 댓글 ").await.expect(200);
    assert_eq!((&edited["content"], &edited["version"]), (&json!("고친 댓글"), &json!("2")));
    assert_eq!(edited["counts"], json!({"likes": 1, "replies": 1}));
    assert_eq!(edited["edited_at"], api.parts.now().to_string());
    let problem = edit("\"1\"", "x").await.problem(412, "version_mismatch");
    assert_eq!(problem["params"]["current_version"], "2");
    assert_eq!(api.patch(&path, &json!({})).by(&jun).send().await.expect(200), edited);
    let page = api.get(&format!("/api/v1/posts/{post}/comments")).by(&jun).send().await.expect(200);
    assert_eq!(page["items"][0], edited);
    let before = api.checksum().await;
    api.patch(&path, &json!({"content": "x"})).by(&mina).send().await.problem(403, "not_author");
    let answer = api.patch(&path, &json!({"content": "  "})).by(&jun).send().await;
    assert_eq!(answer.faults(422, "validation_failed"), faults([("/content", "required")]));
    assert_eq!(api.checksum().await, before);
    assert_eq!(api.delete(&path).by(&jun).send().await.status, 204);
    edit("*", "x").await.problem(404, "not_found");
}

/// Rule PO5.
#[testkit::both_databases]
async fn liking_and_unliking_a_comment_are_idempotent(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let post = api.post_by(&mina, "글").await;
    let comment = api.comment_by(&mina, &post, None).await;
    let like = format!("/api/v1/comments/{comment}/like");
    for _ in 0..2 {
        let state = api.put(&like).by(&jun).send().await.expect(200);
        assert_eq!(state, json!({"liked": true, "likes_count": 1}));
    }
    let page = api.get(&format!("/api/v1/posts/{post}/comments")).by(&jun).send().await.expect(200);
    assert_eq!(page["items"][0]["counts"], json!({"likes": 1, "replies": 0}));
    assert_eq!(page["items"][0]["viewer"], json!({"liked": true, "can_edit": false, "can_delete": false}));
    let told = api.get("/api/v1/notifications").by(&mina).send().await.expect(200);
    assert_eq!(told["items"][0]["type"], "comment_liked");
    assert_eq!(told["items"][0]["target"], json!({"type": "comment", "id": comment, "post_id": post}));
    for _ in 0..2 {
        let state = api.delete(&like).by(&jun).send().await.expect(200);
        assert_eq!(state, json!({"liked": false, "likes_count": 0}));
    }
    let gone = api.comment_by(&mina, &post, None).await;
    assert_eq!(api.delete(&format!("/api/v1/comments/{gone}")).by(&mina).send().await.status, 204);
    for id in [NOTHING, &gone] {
        for method in ["PUT", "DELETE"] {
            let path = format!("/api/v1/comments/{id}/like");
            api.call(method, &path).by(&jun).send().await.problem(404, "not_found");
        }
    }
}
