//! Every field of every request body, with every wrong value (rule AP6).

use std::collections::BTreeSet;

use api_service::contract::{operation, operations};
use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::test_api::TestApi;

/// Returns the example body of an operation, or `None` for an operation without a body.
pub(crate) fn good_body(id: &str) -> Option<Value> {
    operation(id).unwrap().example_body.map(|example| example())
}

/// Returns whether the published schema allows an empty text.
fn allows_empty(schema: &Value) -> bool {
    // The pattern of a text names characters, not a length.
    let allows = schema["pattern"].as_str().is_none_or(|pattern| pattern.ends_with("]*$"));
    let is_free = ["minLength", "format", "enum"].iter().all(|bound| schema.get(bound).is_none());
    schema["type"] == "string" && allows && is_free
}

fn wrong_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1.5),
        json!(u64::MAX),
        json!([]),
        json!([1]),
        json!([[]]),
        json!({}),
        json!({"$ne": null}),
        json!(""),
        json!("\u{0}"),
        json!("a\u{0}b"),
        json!("a\u{202e}b"),
        json!("\u{feff}"),
        json!("x".repeat(30_000)),
        json!("😀".repeat(20_001)),
    ]
}

#[testkit::both_databases]
async fn a_wrong_value_in_any_field_is_refused_and_changes_nothing(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = api.person("미나").await;
    let post = api.post_by(&mina, "글").await;
    let comment = api.comment_by(&mina, &post, None).await;
    let mut tried = BTreeSet::new();
    let before = api.checksum().await;
    for (method, template, operation) in api.contract().operations() {
        let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") else {
            continue;
        };
        let id = operation["operationId"].as_str().unwrap();
        let good = good_body(id).unwrap_or_else(|| panic!("no good body for {id}"));
        let schema = crate::json_schema::resolved(schema, api.contract().document());
        let path = template.replace("{post_id}", &post).replace("{comment_id}", &comment);
        let method = method.to_ascii_uppercase();
        for name in schema["properties"].as_object().unwrap().keys() {
            for wrong in wrong_values() {
                let mut body = good.clone();
                body[name] = wrong.clone();
                if wrong == "" && allows_empty(&schema["properties"][name]) {
                    continue;
                }
                let answer = api.call(&method, &path).by(&mina).json(&body).send().await;
                let shown: String = wrong.to_string().chars().take(40).collect();
                assert!((400..500).contains(&answer.status), "{id} {name}={shown}: {}", answer.status);
                if wrong.is_null() || !wrong.is_string() && schema["properties"][name]["type"] == "string" {
                    let expected = (format!("/{name}"), "bad_format".to_owned());
                    assert!(
                        answer.faults(422, "validation_failed").contains(&expected),
                        "{id} {name}={shown}"
                    );
                }
                tried.insert(id);
            }
        }
    }
    // A text of the right form is a wrong password, which is counted.
    api.parts.database.execute("DELETE FROM log_in_failures").await;
    assert_eq!(api.checksum().await, before);
    assert_eq!(api.get(&format!("/api/v1/posts/{post}")).send().await.json["version"], "1");
    let with_body = operations().filter(|operation| operation.example_body.is_some());
    assert_eq!(tried, with_body.map(|operation| operation.id).collect());
}
