//! Lists, page by page (rule PO8).

use serde_json::Value;
use testkit::TestDatabase;

use crate::contract::Contract;
use crate::json_schema::resolved;
use crate::test_api::{Actor, TestApi, id_of};

/// A database in which every list has items.
pub(crate) struct FilledLists {
    /// The service.
    pub(crate) api: TestApi,
    /// The owner of the lists.
    pub(crate) reader: Actor,
    /// The path of every list.
    pub(crate) paths: Vec<String>,
}

impl FilledLists {
    /// Gives every list at least `count` items.
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
            let own = api.post_by(&reader, "또 다른 글").await;
            api.like(person, &own).await;
            api.post_by(person, "팔로우하는 이의 글").await;
        }
        operations::posts::rank_posts(&api.parts.app).await.unwrap();
        let things =
            [("post_id", &post), ("comment_id", &root), ("user_id", &reader.id), ("author_id", &reader.id)];
        let mut paths = list_paths(api.contract(), &things);
        for query in ["sort=popular", "sort=popular&window=1d", "sort=popular&window=30d"] {
            paths.push(format!("/api/v1/posts?{query}"));
        }
        Self { api, reader, paths }
    }

    /// Returns a page.
    pub(crate) async fn page(&self, path: &str, query: &str) -> crate::answer::Answer {
        let mark = if path.contains('?') { '&' } else { '?' };
        self.api.get(&format!("{path}{mark}{query}")).by(&self.reader).send().await
    }
}

/// Returns the path of every list of the contract: without a filter, and with each filter alone. `things` are the values
/// of ids by parameter name.
fn list_paths(contract: &Contract, things: &[(&str, &String)]) -> Vec<String> {
    let thing = |name: &str| {
        let found = things.iter().find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("no value for the parameter {name}")).1.clone()
    };
    let mut paths = Vec::new();
    for (_, template, operation) in contract.operations() {
        let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        if !parameters.iter().any(|parameter| parameter["name"] == "cursor") {
            continue;
        }
        let fill = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => thing(name),
            None => part.to_owned(),
        };
        let path = template.split('/').map(fill).collect::<Vec<_>>().join("/");
        paths.push(path.clone());
        let filters = parameters.iter().filter(|parameter| parameter["in"] == "query");
        for filter in filters.filter(|filter| filter["name"] != "limit" && filter["name"] != "cursor") {
            let name = filter["name"].as_str().unwrap();
            // Ids select a single page.
            if name == "ids" {
                continue;
            }
            let schema = filter["schema"].pointer("/allOf/0").unwrap_or(&filter["schema"]);
            let schema = resolved(schema, contract.document());
            let value = match (schema["type"].as_str(), schema["enum"][0].as_str()) {
                (_, Some(value)) => value.to_owned(),
                (Some("boolean"), _) => "true".to_owned(),
                _ => thing(name),
            };
            paths.push(format!("{path}?{name}={value}"));
        }
    }
    assert!(!paths.is_empty());
    paths
}

/// Returns the target of the link with that relation (RFC 8288).
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
async fn reading_forwards_and_backwards_returns_every_item_once(database: TestDatabase) {
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
        assert!(there.len() > 1, "{path} has one page");
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
async fn a_cursor_stays_valid_when_its_item_is_deleted(database: TestDatabase) {
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
