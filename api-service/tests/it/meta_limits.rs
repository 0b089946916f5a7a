//! Published limits, labels and pages of problems (rule AP13).

use domain::ProblemCode;
use domain::problem::FieldFault;
use serde_json::{Value, json};
use testkit::{TestApp, TestDatabase};

use crate::test_api::TestApi;

fn item<'a>(items: &'a Value, name: &str) -> &'a Value {
    let mut items = items.as_array().unwrap().iter();
    items.find(|item| item["name"] == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Rule AP13.
#[tokio::test]
async fn the_published_texts_bounds_and_budgets_are_the_enforced_ones() {
    let api = TestApi::with_rate_budgets(TestApp::new(TestDatabase::sqlite().await));
    let mina = api.person("미나").await;
    let answer = api.get("/api/v1/meta/limits").by(&mina).send().await;
    assert_eq!(answer.header("ratelimit-policy"), Some("\"user\";q=600;w=60"));
    let limits = answer.expect(200);
    assert_eq!(limits["page"], json!({"min": 1, "max": 100, "default": 20}));
    assert_eq!(limits["body_bytes"], 1_048_576);
    let budget = |name| {
        let budget = item(&limits["rate_budgets"], name);
        (budget["quota"].clone(), budget["window_seconds"].clone(), budget["counted_by"].clone())
    };
    assert_eq!(budget("user"), (json!(600), json!(60), json!("person")));
    assert_eq!(budget("anonymous"), (json!(120), json!(60), json!("network")));
    assert!(item(&limits["rate_limits"], "log_in_address")["quota"].is_number());
    for (name, path, field, others) in [
        ("post_title", "/api/v1/posts", "title", json!({"content": "글"})),
        ("post_content", "/api/v1/posts", "content", json!({"title": "글"})),
    ] {
        let max = usize::try_from(item(&limits["texts"], name)["max"].as_u64().unwrap()).unwrap();
        for (length, status) in [(max, 201), (max + 1, 422)] {
            let mut body = others.clone();
            body[field] = "가".repeat(length).into();
            assert_eq!(api.post(path, &body).by(&mina).send().await.status, status, "{name} {length}");
        }
    }
}

/// Rule AP13.
#[tokio::test]
async fn every_value_of_every_published_enumeration_has_labels() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let enums = api.get("/api/v1/meta/enums").send().await.expect(200);
    for enumeration in enums["items"].as_array().unwrap() {
        let values = enumeration["values"].as_array().unwrap();
        assert!(!values.is_empty(), "{enumeration}");
        for value in values {
            for language in ["ko", "en"] {
                assert!(value["labels"][language].as_str().is_some_and(|label| !label.is_empty()), "{value}");
            }
        }
    }
    let mut found = 0;
    for (name, schema) in api.contract().document()["components"]["schemas"].as_object().unwrap() {
        let Some(values) = schema["enum"].as_array() else { continue };
        let snake_case: String = name
            .char_indices()
            .flat_map(|(place, letter)| {
                let separator = (place > 0 && letter.is_ascii_uppercase()).then_some('_');
                separator.into_iter().chain([letter.to_ascii_lowercase()])
            })
            .collect();
        let known: Vec<_> = item(&enums["items"], &snake_case)["values"].as_array().unwrap().iter().collect();
        for value in values {
            assert!(known.iter().any(|known| known["value"] == *value), "{name}: {value} has no labels");
        }
        found += 1;
    }
    assert!(found >= 3, "{found}");
    let faults = item(&enums["items"], "field_fault")["values"].as_array().unwrap().len();
    assert_eq!(faults, FieldFault::ALL.len());
}

/// Rule AP13.
#[tokio::test]
async fn every_problem_has_a_page_with_its_params_and_what_to_do() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let index = api.get("/problems").send().await.body;
    for code in ProblemCode::ALL {
        let name = code.as_str();
        assert!(index.contains(&format!("<a href=\"/problems/{name}\">")), "{name}");
        let page = api.get(&format!("/problems/{name}")).send().await;
        assert_eq!(page.status, 200, "{name}");
        assert_eq!(page.body.matches("<p lang=\"ko\">").count(), 2, "{name}");
        assert_eq!(page.body.matches("<p lang=\"en\">").count(), 2, "{name}");
        for parameter in api_service::problem_parameters(name).unwrap() {
            assert!(page.body.contains(&format!("<code>{parameter}</code>")), "{name}: {parameter}");
        }
    }
    assert_eq!(api_service::problem_parameters("version_mismatch"), Some(vec!["current_version"]));
    assert_eq!(api_service::problem_parameters("unknown"), None);
}
