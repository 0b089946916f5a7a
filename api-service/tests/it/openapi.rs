//! The published description itself.

use std::collections::BTreeSet;

use serde_json::Value;
use testkit::TestDatabase;

use crate::json_schema::resolved;
use crate::test_api::TestApi;

/// What each kind of object in a description may hold (OpenAPI 3.0.4 section 4.7); `x-…` may stand anywhere.
const OPERATION: &[&str] = &[
    "tags",
    "summary",
    "description",
    "operationId",
    "parameters",
    "requestBody",
    "responses",
    "deprecated",
    "security",
];
const PARAMETER: &[&str] =
    &["name", "in", "description", "required", "deprecated", "schema", "explode", "style", "example"];
const RESPONSE: &[&str] = &["description", "headers", "content"];
const HEADER: &[&str] = &["description", "required", "deprecated", "schema"];
const SCHEMA: &[&str] = &[
    "type",
    "format",
    "title",
    "description",
    "enum",
    "properties",
    "required",
    "items",
    "allOf",
    "additionalProperties",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "nullable",
    "$ref",
];

async fn document() -> Value {
    TestApi::new(TestDatabase::sqlite().await).contract().document().clone()
}

#[track_caller]
fn assert_holds_only(what: &str, object: &Value, allowed: &[&str]) {
    for name in object.as_object().unwrap_or_else(|| panic!("{what} is no object")).keys() {
        assert!(allowed.contains(&name.as_str()) || name.starts_with("x-"), "{what} holds {name}");
    }
}

fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => fields.values().for_each(|value| texts(value, found)),
        Value::Array(items) => items.iter().for_each(|value| texts(value, found)),
        Value::String(text) => found.push(text),
        _ => {}
    }
}

#[tokio::test]
async fn the_committed_description_is_the_present_one() {
    let committed = include_str!("../../openapi.json");
    let present = format!("{}\n", serde_json::to_string_pretty(&document().await).unwrap());
    assert!(committed == present, "out of date: run `cargo xtask generate`");
}

#[tokio::test]
async fn the_description_does_not_depend_on_the_installation() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let served = api.get("/openapi.json").send().await;
    assert_eq!(served.header("content-type"), Some("application/json"));
    assert_eq!(served.expect(200), *api.contract().document());
    let text = api.contract().document().to_string();
    assert!(!text.contains("://") && !text.contains("example.com"), "an address of somebody is in it");
}

#[tokio::test]
async fn every_operation_is_named_tagged_and_described() {
    let document = document().await;
    let tags: BTreeSet<_> =
        document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).map(Value::as_str).collect();
    let mut ids = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let what = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{what} has no id"));
            assert!(ids.insert(id.to_owned()), "{id} is there twice");
            assert!(
                id.chars().all(|c| c.is_ascii_alphabetic())
                    && id.starts_with(|c: char| c.is_ascii_lowercase()),
                "{id}"
            );
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{what}");
            assert!(tags.contains(&operation["tags"][0].as_str()), "{what}");
            assert!(
                operation["summary"].as_str().is_some_and(|summary| summary.len() > 8),
                "{what} has no summary"
            );
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{what} never succeeds");
            for status in ["400", "403", "500", "503"] {
                assert!(responses.contains_key(status), "{what} does not say what {status} means");
            }
            assert_eq!(
                operation.get("security").is_some(),
                responses.contains_key("401") && !PUBLIC.contains(&id),
                "{what}"
            );
        }
    }
    assert_eq!(ids.len(), 33);
}

/// Operations that answer 401 for what is in the body.
const PUBLIC: [&str; 2] = ["logIn", "refreshTokens"];

fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let document = document().await;
    let mut used = BTreeSet::new();
    references(&document, &mut used);
    for reference in &used {
        assert!(
            document.pointer(reference.strip_prefix('#').unwrap()).is_some(),
            "{reference} leads nowhere"
        );
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(used.contains(format!("#/components/schemas/{name}").as_str()), "{name} is used nowhere");
    }
}

#[tokio::test]
async fn the_description_is_well_formed() {
    let document = document().await;
    assert_eq!(document["openapi"], "3.0.0");
    assert_holds_only(
        "the document",
        &document,
        &["openapi", "info", "servers", "paths", "components", "tags"],
    );
    assert_holds_only("info", &document["info"], &["title", "description", "version"]);
    assert_holds_only("components", &document["components"], &["schemas", "securitySchemes"]);
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert_schema(name, schema, &document);
    }
    for (path, methods) in document["paths"].as_object().unwrap() {
        assert!(path.starts_with('/') && !path.contains(':') && !path.ends_with('/'), "{path}");
        assert_holds_only(path, methods, &["get", "put", "post", "delete", "patch"]);
        for (method, operation) in methods.as_object().unwrap() {
            assert_operation(&format!("{method} {path}"), path, operation, &document);
        }
    }
    let mut all = Vec::new();
    texts(&document, &mut all);
    assert!(all.iter().all(|text| !text.trim().is_empty()), "there are empty texts");
}

fn assert_operation(what: &str, path: &str, operation: &Value, document: &Value) {
    assert_holds_only(what, operation, OPERATION);
    let in_path: BTreeSet<_> =
        path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
    let mut declared = BTreeSet::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        assert_holds_only(what, parameter, PARAMETER);
        assert_schema(what, &parameter["schema"], document);
        if parameter["in"] == "path" {
            assert_eq!(parameter["required"], true, "{what}");
            declared.insert(parameter["name"].as_str().unwrap());
        } else {
            assert!(parameter["description"].is_string(), "{what}: {}", parameter["name"]);
        }
    }
    assert_eq!(in_path, declared, "{what}");
    for ways in operation["security"].as_array().into_iter().flatten() {
        for scheme in ways.as_object().unwrap().keys() {
            assert!(document["components"]["securitySchemes"].get(scheme).is_some(), "{what}: {scheme}");
        }
    }
    for (status, response) in operation["responses"].as_object().unwrap() {
        let what = format!("{what} {status}");
        assert!(status.parse::<u16>().is_ok_and(|status| (200..600).contains(&status)), "{what}");
        assert_holds_only(&what, response, RESPONSE);
        assert!(response["description"].is_string(), "{what}");
        assert_eq!(response.get("x-codes").is_some(), status.as_str() >= "400", "{what}");
        for header in response["headers"].as_object().into_iter().flat_map(|headers| headers.values()) {
            assert_holds_only(&what, header, HEADER);
        }
        for content in response["content"].as_object().into_iter().flat_map(|content| content.values()) {
            assert_schema(&what, &content["schema"], document);
        }
    }
}

fn assert_schema(what: &str, schema: &Value, document: &Value) {
    assert_holds_only(what, schema, SCHEMA);
    if schema.get("$ref").is_some() {
        assert_eq!(
            schema.as_object().unwrap().len(),
            1,
            "{what}: what stands beside a reference is not read"
        );
        resolved(schema, document);
        return;
    }
    let properties = schema["properties"].as_object();
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(properties.is_some_and(|known| known.contains_key(name.as_str().unwrap())), "{what}: {name}");
    }
    for (name, property) in properties.into_iter().flatten() {
        assert_schema(&format!("{what}/{name}"), property, document);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        assert_schema(what, part, document);
    }
    assert_eq!(schema["type"] == "array", schema.get("items").is_some(), "{what}");
    if let Some(items) = schema.get("items") {
        assert_schema(what, items, document);
    }
}

#[tokio::test]
async fn the_documentation_page_fetches_nothing_from_anybody_else() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let page = api.get("/docs").send().await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    // The browser is told so,
    let policy = page.header("content-security-policy").unwrap();
    for directive in policy.split("; ") {
        let (name, sources) = directive.split_once(' ').unwrap();
        let allowed = ["'none'", "'self'", "'unsafe-inline'", "data:"];
        assert!(sources.split(' ').all(|source| allowed.contains(&source)), "{name} {sources}");
    }
    assert!(policy.starts_with("default-src 'none'") && policy.contains("connect-src 'self'"), "{policy}");
    // and outside its own script the page asks for nothing.
    let (mut outside, mut scripts) = (String::new(), Vec::new());
    let mut rest = page.body.as_str();
    while let Some((before, after)) = rest.split_once("<script") {
        let (script, after) = after.split_once("</script>").unwrap();
        outside.push_str(before);
        scripts.push(script.split_once('>').unwrap().0);
        rest = after;
    }
    outside.push_str(rest);
    assert_eq!(scripts.len(), 2);
    assert!(scripts.iter().all(|attributes| !attributes.contains("src")), "{scripts:?}");
    for word in [
        "src=",
        "href=",
        "@import",
        "url(http",
        "url(//",
        "url(\"http",
        "url('http",
        "<link",
        "<iframe",
        "<base",
    ] {
        assert!(!outside.contains(word), "the page has {word}");
    }
    // It shows the description with the failures in it.
    assert!(page.body.contains("x-codes") && page.body.contains("SwaggerUIBundle({"));
    let start = api.get("/").send().await;
    assert_eq!((start.status, start.header("location")), (303, Some("/docs")));
}
