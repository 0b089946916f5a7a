//! Lists, page by page (rule PO8).

use serde_json::Value;
use testkit::TestDatabase;

use crate::test_api::{Actor, TestApi, id_of};

/// A database in which every list has items.
pub(crate) struct FilledLists {
    /// The service.
    pub(crate) api: TestApi,
    /// Whose lists they are.
    pub(crate) reader: Actor,
    /// The path of every list.
    pub(crate) paths: Vec<String>,
}

impl FilledLists {
    /// Gives every list so many items.
    pub(crate) async fn of(database: TestDatabase, count: usize) -> Self {
        let api = TestApi::new(database);
        let reader = api.person("미나").await;
        let names: Vec<_> = (0..count).map(|number| format!("person {number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let people = api.people(&names).await;
        let post = api.post_by(&reader, "글").await;
        let root = api.comment_by(&reader, &post, None).await;
        for person in &people {
            api.follow(person, &reader).await;
            api.follow(&reader, person).await;
            api.like(person, &post).await;
            api.comment_by(person, &post, None).await;
            api.comment_by(person, &post, Some(&root)).await;
            api.post_by(&reader, "또 다른 글").await;
        }
        let paths = vec![
            "/api/v1/posts".to_owned(),
            format!("/api/v1/posts?author_id={}", reader.id),
            format!("/api/v1/posts/{post}/likes"),
            format!("/api/v1/posts/{post}/comments"),
            format!("/api/v1/comments/{root}/replies"),
            format!("/api/v1/users/{}/followers", reader.id),
            format!("/api/v1/users/{}/following", reader.id),
            "/api/v1/notifications".to_owned(),
            "/api/v1/notifications?unread=true".to_owned(),
        ];
        Self { api, reader, paths }
    }

    /// Returns a page.
    pub(crate) async fn page(&self, path: &str, query: &str) -> crate::answer::Answer {
        let mark = if path.contains('?') { '&' } else { '?' };
        self.api.get(&format!("{path}{mark}{query}")).by(&self.reader).send().await
    }
}

/// Returns where the link of that relation leads (RFC 8288).
fn link(answer: &crate::answer::Answer, relation: &str) -> Option<String> {
    let mut links = answer.header("link")?.split(", ");
    let leads = |link: &str| {
        let (target, relation_of) = link.split_once("; ").unwrap();
        (relation_of == format!("rel=\"{relation}\""))
            .then(|| target.strip_prefix('<').unwrap().strip_suffix('>').unwrap().to_owned())
    };
    links.find_map(leads)
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(id_of).collect()
}

#[testkit::both_databases]
async fn a_walk_there_and_back_meets_every_item_once(database: TestDatabase) {
    let lists = FilledLists::of(database, 5).await;
    for path in &lists.paths {
        let all = lists.page(path, "limit=100").await;
        assert_eq!((all.header("link"), all.json.get("next_cursor")), (None, None), "{path}");
        let all = ids(&all.json);
        assert!(all.len() >= 5, "{path} has {} items", all.len());

        let mut there = Vec::new();
        let mut answer = lists.page(path, "limit=2").await;
        assert_eq!((link(&answer, "prev"), answer.json.get("prev_cursor")), (None, None), "{path}");
        loop {
            there.push(ids(&answer.json));
            let next = link(&answer, "next");
            assert_eq!(next.is_some(), answer.json.get("next_cursor").is_some(), "{path}");
            let Some(next) = next else { break };
            assert!(next.contains(answer.json["next_cursor"].as_str().unwrap()), "{next}");
            assert!(next.starts_with(path.as_str()), "{next} leads out of {path}");
            answer = lists.api.get(&next).by(&lists.reader).send().await;
        }
        assert_eq!(there.concat(), all, "{path}");

        let mut back = vec![ids(&answer.json)];
        while let Some(previous) = link(&answer, "prev") {
            assert!(previous.contains(answer.json["prev_cursor"].as_str().unwrap()), "{previous}");
            answer = lists.api.get(&previous).by(&lists.reader).send().await;
            if answer.json["items"] != Value::Array(Vec::new()) {
                back.push(ids(&answer.json));
            }
        }
        back.reverse();
        assert_eq!(back.concat(), all, "{path} backwards");
    }
}

#[testkit::both_databases]
async fn a_walk_goes_on_after_the_item_at_its_edge_is_gone(database: TestDatabase) {
    let lists = FilledLists::of(database, 3).await;
    let first = lists.page("/api/v1/posts", "limit=2").await.expect(200);
    let rest = ids(&lists.page("/api/v1/posts", "limit=100").await.expect(200)).split_off(2);
    let edge = ids(&first).pop().unwrap();
    let gone = lists.api.delete(&format!("/api/v1/posts/{edge}")).by(&lists.reader).send().await;
    assert_eq!(gone.status, 204);
    let cursor = first["next_cursor"].as_str().unwrap();
    let next = lists.page("/api/v1/posts", &format!("cursor={cursor}")).await.expect(200);
    assert_eq!(ids(&next), rest);
}
