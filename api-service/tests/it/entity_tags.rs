//! Entity tags and conditional requests (rules AP9, AP11).

use serde_json::json;
use testkit::TestDatabase;

use crate::answer::{Answer, faults};
use crate::test_api::{Actor, TestApi};

fn tag(answer: &Answer) -> String {
    answer.header("etag").unwrap_or_else(|| panic!("no ETag: {} {}", answer.status, answer.body)).to_owned()
}

async fn get(api: &TestApi, path: &str, person: &Actor) -> Answer {
    api.get(path).by(person).send().await
}

/// Rule AP11.
#[tokio::test]
async fn every_read_of_one_thing_has_a_tag_and_is_answered_304_when_nothing_changed() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mut tried = 0;
    for (method, template, operation) in api.contract().operations() {
        if !operation["responses"]["304"].is_object() {
            continue;
        }
        assert_eq!(method, "get", "{template}");
        let mina = api.person("미나").await;
        let path = api.path_on_things_of(&mina, template).await;
        let first = get(&api, &path, &mina).await;
        let known = tag(&first);
        assert_eq!(first.status, 200, "{path}");
        let again = api.get(&path).by(&mina).header("if-none-match", &known).send().await;
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{path}");
        for name in ["etag", "vary", "cache-control"] {
            assert_eq!(again.header(name), first.header(name), "{path}: {name}");
        }
        assert!(first.header("vary").is_some_and(|vary| vary.starts_with("Authorization, Accept-Language")));
        tried += 1;
    }
    assert!(tried >= 5, "{tried}");
}

/// Rules AP9, AP11.
#[testkit::both_databases]
async fn a_like_changes_the_tag_and_does_not_fail_an_edit(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let post = api.post_by(&mina, "글").await;
    let path = format!("/api/v1/posts/{post}");
    let before = get(&api, &path, &mina).await;
    api.like(&jun, &post).await;
    let known = api.get(&path).by(&mina).header("if-none-match", &tag(&before)).send().await;
    assert_eq!(known.status, 200);
    assert_ne!(tag(&before), tag(&known));
    let edit = api.patch(&path, &json!({"title": "고친 글"})).by(&mina);
    let edited = edit.header("if-match", &tag(&before)).send().await;
    assert_eq!(edited.status, 200, "{}", edited.body);
    assert_eq!(tag(&edited), tag(&get(&api, &path, &mina).await));
    let edit = api.patch(&path, &json!({"title": "또 고친 글"})).by(&mina);
    edit.header("if-match", &tag(&before)).send().await.problem(412, "version_mismatch");
}

/// Rule AP11.
#[tokio::test]
async fn if_none_match_takes_lists_weak_tags_and_a_star() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mina = api.person("미나").await;
    let post = api.post("/api/v1/posts", &json!({"title": "글", "content": "…"})).by(&mina).send().await;
    let path = post.header("location").unwrap().to_owned();
    let known = tag(&post);
    assert!(known.starts_with("\"1."), "{known}");
    let read = |tags: &str| api.get(&path).by(&mina).header("if-none-match", tags);
    for same in
        [&*known, "*", &format!("W/{known}"), &format!("\"other\", {known}"), &format!("\"x\",,W/{known}")]
    {
        assert_eq!(read(same).send().await.status, 304, "{same}");
    }
    assert_eq!(read("\"x\"").header("if-none-match", &known).send().await.status, 304);
    for other in ["\"1\"", "\"1.other\"", "W/\"1\"", "\"\""] {
        assert_eq!(read(other).send().await.status, 200, "{other}");
    }
    for bad in ["", "1", "x", "\"1", "1.hash", "*, \"1\""] {
        let answer = read(bad).send().await;
        assert_eq!(
            answer.faults(400, "malformed_request"),
            faults([("If-None-Match", "bad_format")]),
            "{bad}"
        );
    }
    let head = api.call("HEAD", &path).by(&mina).send().await;
    assert_eq!((head.status, tag(&head), head.body.as_str()), (200, known.clone(), ""));
    let head = api.call("HEAD", &path).by(&mina).header("if-none-match", &known).send().await;
    assert_eq!(head.status, 304);
}

/// Rule AP11.
#[tokio::test]
async fn a_tag_belongs_to_what_one_viewer_sees() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let path = format!("/api/v1/posts/{}", api.post_by(&mina, "글").await);
    let tags = [get(&api, &path, &mina).await, get(&api, &path, &jun).await, api.get(&path).send().await];
    let [author, reader, anonymous] = tags.each_ref().map(tag);
    assert!(author != reader && reader != anonymous && author != anonymous);
    let gone = api.delete(&path).by(&mina).header("if-match", &author).send().await;
    assert_eq!(gone.status, 204);
    let answer = api.get(&path).by(&mina).header("if-none-match", "*").send().await;
    assert_eq!(answer.header("etag"), None);
    answer.problem(404, "not_found");
}
