//! Posts.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::answer::faults;
use crate::test_api::TestApi;

pub(crate) const NOTHING: &str = "0198c0de-0000-7000-8000-000000000000";

#[testkit::both_databases]
async fn a_post_is_created_read_edited_and_deleted(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let body = json!({"title": " 첫 글 ", "content": "안녕하세요\r\n여러분"});
    let answer = api.post("/api/v1/posts", &body).by(&mina).send().await;
    let location = answer.header("location").unwrap().to_owned();
    let post = answer.expect(201);
    assert_eq!(location, format!("/api/v1/posts/{}", post["id"].as_str().unwrap()));
    assert_eq!((&post["title"], &post["content"]), (&json!("첫 글"), &json!("안녕하세요\n여러분")));
    assert_eq!(post["author"], json!({"id": mina.id, "nickname": "미나", "state": "active", "role": "user"}));
    assert_eq!(post["counts"], json!({"likes": 0, "comments": 0, "views": 0}));
    let as_author = json!({"liked": false, "can_edit": true, "can_delete": true, "following_author": false});
    assert_eq!((&post["viewer"], &post["version"]), (&as_author, &json!("1")));
    assert_eq!(api.get(&location).by(&mina).send().await.expect(200), post);
    api.follow(&jun, &mina).await;
    let theirs = json!({"liked": false, "can_edit": false, "can_delete": false, "following_author": true});
    assert_eq!(api.get(&location).by(&jun).send().await.expect(200)["viewer"], theirs);
    let seen = api.get(&location).send().await.expect(200);
    assert_eq!((seen.get("viewer"), seen.get("edited_at")), (None, None));

    api.parts.clock.advance(Duration::from_secs(90));
    let edited = api.patch(&location, &json!({"title": "고친 글"})).by(&mina).send().await.expect(200);
    assert_eq!((&edited["title"], &edited["content"]), (&json!("고친 글"), &post["content"]));
    assert_eq!((&edited["version"], &edited["created_at"]), (&json!("2"), &post["created_at"]));
    assert_eq!(edited["edited_at"], api.parts.now().to_string());
    assert_eq!(api.patch(&location, &json!({})).by(&mina).send().await.expect(200), edited);

    assert_eq!(api.delete(&location).by(&mina).send().await.status, 204);
    for (method, actor) in [("GET", &jun), ("GET", &mina), ("DELETE", &mina)] {
        api.call(method, &location).by(actor).send().await.problem(404, "not_found");
    }
    api.patch(&location, &json!({"title": "x"})).by(&mina).send().await.problem(404, "not_found");
    let page = api.get("/api/v1/posts").send().await.expect(200);
    assert_eq!(page, json!({"items": []}));
}

/// Rule AP9.
#[testkit::both_databases]
async fn an_edit_based_on_an_old_version_is_refused(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let path = format!("/api/v1/posts/{}", api.post_by(&mina, "글").await);
    // A like and a comment are not edits.
    api.put(&format!("{path}/like")).by(&jun).send().await.expect(200);
    api.post(&format!("{path}/comments"), &json!({"content": "좋아요"})).by(&jun).send().await.expect(201);
    let edit = |version: &'static str| {
        api.patch(&path, &json!({"title": format!("글 {version}")}))
            .by(&mina)
            .header("if-match", version)
            .send()
    };
    assert_eq!(edit("\"1\"").await.expect(200)["version"], "2");
    let problem = edit("\"1\"").await.problem(412, "version_mismatch");
    assert_eq!(problem["params"]["current_version"], "2");
    let stale = api.delete(&path).by(&mina).header("if-match", "\"1\"").send().await;
    stale.problem(412, "version_mismatch");
    for stale in ["1", "\"1.a-hash-of-the-representation\""] {
        edit(stale).await.problem(412, "version_mismatch");
    }
    assert_eq!(edit("2").await.expect(200)["version"], "3");
    assert_eq!(edit("\"3.a-hash-of-the-representation\"").await.expect(200)["version"], "4");
    assert_eq!(api.delete(&path).by(&mina).header("if-match", "\"4\"").send().await.status, 204);
}

#[testkit::both_databases]
async fn posts_are_listed_newest_first_and_filtered_by_author(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    for (author, title) in [(&mina, "하나"), (&jun, "둘"), (&mina, "셋")] {
        api.post_by(author, title).await;
    }
    for (path, expected) in [
        ("/api/v1/posts".to_owned(), vec!["셋", "둘", "하나"]),
        ("/api/v1/posts?sort=latest".to_owned(), vec!["셋", "둘", "하나"]),
        (format!("/api/v1/posts?author_id={}", mina.id), vec!["셋", "하나"]),
        (format!("/api/v1/posts?author_id={NOTHING}"), vec![]),
    ] {
        let page = api.get(&path).send().await.expect(200);
        let titles: Vec<_> = page["items"].as_array().unwrap().iter().map(|post| &post["title"]).collect();
        assert_eq!(titles, expected, "{path}");
    }
    let profile = api.get(&format!("/api/v1/users/{}", mina.id)).send().await.expect(200);
    assert_eq!(profile["counts"]["posts"], 2);
}

#[testkit::both_databases]
async fn texts_of_a_post_have_bounds_counted_in_characters(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = api.person("미나").await;
    let longest = json!({"title": "힣".repeat(200), "content": "😀".repeat(20_000)});
    let post = api.post("/api/v1/posts", &longest).by(&mina).send().await.expect(201);
    assert_eq!((&post["title"], &post["content"]), (&longest["title"], &longest["content"]));
    let before = api.checksum().await;
    for (body, expected) in [
        (
            json!({"title": "힣".repeat(201), "content": "😀".repeat(20_001)}),
            [("/content", "too_long"), ("/title", "too_long")],
        ),
        (json!({"title": "", "content": "\n \n"}), [("/content", "required"), ("/title", "required")]),
        (
            json!({"title": "a\nb", "content": "a\u{0}b"}),
            [("/content", "not_allowed"), ("/title", "not_allowed")],
        ),
        (
            json!({"title": "a\u{2067}b", "content": "a\u{202e}b"}),
            [("/content", "not_allowed"), ("/title", "not_allowed")],
        ),
        (json!({"title": null, "content": 7}), [("/content", "bad_format"), ("/title", "bad_format")]),
        (json!({}), [("/content", "required"), ("/title", "required")]),
    ] {
        let answer = api.post("/api/v1/posts", &body).by(&mina).send().await;
        assert_eq!(answer.faults(422, "validation_failed"), faults(expected));
    }
    assert_eq!(api.checksum().await, before);
}

#[tokio::test]
async fn fields_that_the_service_sets_are_refused_in_bodies() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mina = api.person("미나").await;
    let post = api.post_by(&mina, "글").await;
    for name in ["id", "author", "author_id", "counts", "likes_count", "created_at", "version", "deleted_at"]
    {
        let mut body = json!({"title": "a", "content": "b"});
        body[name] = Value::from("x");
        let expected = faults([(&format!("/{name}"), "unknown_field")]);
        let answer = api.post("/api/v1/posts", &body).by(&mina).send().await;
        assert_eq!(answer.faults(422, "validation_failed"), expected);
        let answer = api.patch(&format!("/api/v1/posts/{post}"), &body).by(&mina).send().await;
        assert_eq!(answer.faults(422, "validation_failed"), expected);
    }
}

/// Rule AP9.
#[tokio::test]
async fn a_malformed_if_match_is_refused_and_not_ignored() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mina = api.person("미나").await;
    let path = format!("/api/v1/posts/{}", api.post_by(&mina, "글").await);
    let edit = || api.patch(&path, &json!({"title": "x"})).by(&mina);
    let expected = faults([("If-Match", "bad_format")]);
    for bad in
        ["", ",", "'1'", "-1", "x", "\"1", "1\"", "\"1\" \"2\"", "w/\"1\"", "W/1", "*, \"1\"", "\"a b\""]
    {
        let answer = edit().header("if-match", bad).send().await;
        assert_eq!(answer.faults(400, "malformed_request"), expected, "{bad}");
    }
    assert_eq!(api.get(&path).send().await.expect(200)["version"], "1");
}

/// Rule AP9.
#[tokio::test]
async fn an_if_match_without_the_current_version_is_refused() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mina = api.person("미나").await;
    let path = format!("/api/v1/posts/{}", api.post_by(&mina, "글").await);
    let edit = |tags: &str| {
        let title = json!({"title": format!("수정 {tags}")});
        api.patch(&path, &title).by(&mina).header("if-match", tags)
    };
    for other in
        ["W/\"1\"", "W/\"1.hash\"", "\"\"", "\"one\"", "\"-1\"", "\"99999999999999999999\"", "\"2\", 3"]
    {
        edit(other).send().await.problem(412, "version_mismatch");
    }
    let bytes = api.patch(&path, &json!({"title": "x"})).by(&mina).header_bytes("if-match", b"\"\xff\"");
    bytes.send().await.problem(412, "version_mismatch");
    assert_eq!(edit("\"7\", W/\"1\", \"1.hash\"").send().await.expect(200)["version"], "2");
    let in_two_fields = edit("\"1\"").header("if-match", "\"2\"");
    assert_eq!(in_two_fields.send().await.expect(200)["version"], "3");
    assert_eq!(edit("*").send().await.expect(200)["version"], "4");
}

/// Rule PO3.
#[testkit::both_databases]
async fn a_deleted_post_is_restored_by_its_author_within_30_days(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let path = format!("/api/v1/posts/{}", api.post_by(&mina, "글").await);
    let restoration = format!("{path}/restoration");
    let post = api.get(&path).by(&mina).send().await.expect(200);
    // A post that is not deleted is returned unchanged.
    assert_eq!(api.call("POST", &restoration).by(&mina).send().await.expect(200), post);
    api.call("POST", &restoration).by(&jun).send().await.problem(403, "not_author");
    assert_eq!(api.delete(&path).by(&mina).send().await.status, 204);
    api.call("POST", &restoration).by(&jun).send().await.problem(404, "not_found");
    assert_eq!(api.call("POST", &restoration).by(&mina).send().await.expect(200), post);
    assert_eq!(api.get(&path).by(&mina).send().await.expect(200), post);
    assert_eq!(api.delete(&path).by(&mina).send().await.status, 204);
    let before = "UPDATE posts SET deleted_at = deleted_at - 2592000001";
    api.parts.database.execute(before).await;
    api.call("POST", &restoration).by(&mina).send().await.problem(410, "restore_window_passed");
    api.get(&path).by(&mina).send().await.problem(404, "not_found");
}
