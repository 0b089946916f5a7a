//! The published OpenAPI document itself.

use std::collections::BTreeSet;

use api_service::contract;
use domain::ProblemKind;
use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::json_schema::resolved;
use crate::test_api::TestApi;

/// The fields of each kind of object (OpenAPI 3.0.4 section 4.7). Extensions (`x-…`) are allowed everywhere.
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
    "minimum",
    "maximum",
    "minProperties",
    "maxProperties",
    "pattern",
    "default",
    "example",
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
async fn the_committed_document_is_up_to_date() {
    let committed = include_str!("../../openapi.json");
    let present = format!("{}\n", serde_json::to_string_pretty(&document().await).unwrap());
    assert!(committed == present, "out of date: run `cargo xtask generate`");
}

#[tokio::test]
async fn the_document_does_not_depend_on_the_installation() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let served = api.get("/openapi.json").send().await;
    assert_eq!(served.header("content-type"), Some("application/json"));
    assert_eq!(served.expect(200), *api.contract().document());
    let text = api.contract().document().to_string().replace("https://spdx.org/licenses/", "");
    assert!(
        !text.contains("://") && !text.contains("app.example.com"),
        "it contains an address of an installation"
    );
}

#[tokio::test]
async fn the_protocol_description_is_served_and_linked() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let served = api.get("/asyncapi.json").send().await;
    assert_eq!(served.header("content-type"), Some("application/json"));
    let committed: Value =
        serde_json::from_str(include_str!("../../../realtime-gateway/asyncapi.json")).unwrap();
    assert_eq!(served.expect(200), committed);
    assert_eq!(committed["asyncapi"], "3.0.0");
    let link = "<a href=\"/asyncapi.json\">";
    assert_eq!(api.get("/docs").send().await.body.matches(link).count(), 1);
    let create_ticket = &document().await["paths"]["/api/v1/realtime/tickets"]["post"];
    assert!(create_ticket["description"].as_str().unwrap().contains("(/asyncapi.json)"));
}

#[tokio::test]
async fn every_operation_has_a_name_a_tag_and_its_failures() {
    let document = document().await;
    let tags: BTreeSet<_> =
        document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).map(Value::as_str).collect();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let what = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{what} has no id"));
            assert!(
                id.chars().all(|c| c.is_ascii_alphabetic())
                    && id.starts_with(|c: char| c.is_ascii_lowercase()),
                "{id}"
            );
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{what}");
            assert!(tags.contains(&operation["tags"][0].as_str()), "{what}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{what} never succeeds");
            for status in ["400", "403", "500", "503"] {
                assert!(responses.contains_key(status), "{what} does not describe {status}");
            }
            // Public operations answer 401 only for a failure of their own.
            let failures = contract::operation(id).unwrap().failures;
            let own_401 = failures.iter().any(|code| code.kind() == ProblemKind::Unauthenticated);
            let is_public = operation["security"].as_array().unwrap().is_empty();
            assert_eq!(responses.contains_key("401"), !is_public || own_401, "{what}");
        }
    }
}

#[tokio::test]
async fn every_published_thing_has_a_description() {
    let document = document().await;
    let sentence = |what: &str, text: &Value| {
        let text = text.as_str().unwrap_or_else(|| panic!("{what} has no description"));
        assert!(text.ends_with('.') && text.len() > 8, "{what}: {text}");
    };
    for tag in document["tags"].as_array().unwrap() {
        sentence("a tag", &tag["description"]);
    }
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let what = format!("{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.ends_with('.')), "{what}");
            sentence(&what, &operation["description"]);
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                sentence(&format!("{what} {}", parameter["name"]), &parameter["description"]);
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                if status.starts_with('2') {
                    sentence(&format!("{what} {status}"), &response["description"]);
                }
            }
            let body = operation.pointer("/requestBody/content/application~1json");
            assert!(body.is_none_or(|body| body["example"].is_object()), "{what} has no example body");
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        sentence(name, &schema["description"]);
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            sentence(&format!("{name}.{property}"), &schema["description"]);
        }
    }
}

#[tokio::test]
async fn published_texts_avoid_words_that_hide_the_subject() {
    let document = document().await;
    let mut all = Vec::new();
    texts(&document, &mut all);
    for text in all {
        let lower = text.to_lowercase();
        let words: Vec<_> = lower.split(|c: char| !c.is_alphabetic()).collect();
        for word in ["nobody", "somebody", "told", "whoever"] {
            assert!(!words.contains(&word), "{text}");
        }
    }
}

#[tokio::test]
async fn every_list_has_the_same_parameters_and_the_same_answer() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mut lists = 0;
    for (_, path, operation) in api.contract().operations() {
        let answer = &operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
        let parameter = |name: &str| {
            operation["parameters"].as_array()?.iter().find(|parameter| parameter["name"] == name)
        };
        let is_page = answer.as_str().is_some_and(|name| name.ends_with("Page"));
        assert_eq!(parameter("cursor").is_some(), is_page, "{path}");
        if !is_page {
            continue;
        }
        let limit = &parameter("limit").unwrap()["schema"];
        assert_eq!(
            *limit,
            json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": 100, "default": 20})
        );
        let operation = &operation["responses"];
        assert!(operation["200"]["headers"]["Link"].is_object(), "{path} publishes no links");
        assert!(operation["422"].is_object() && operation["400"].is_object(), "{path}");
        lists += 1;
    }
    assert!(lists >= 7, "{lists}");
}

#[tokio::test]
async fn ids_and_times_are_published_with_their_formats() {
    let document = document().await;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            let is_id = property == "id" || property.ends_with("_id") && property != "request_id";
            assert_eq!(schema["format"] == "uuid", is_id, "{name}.{property}");
            let is_time = property.ends_with("_at") || property == "up_to";
            assert_eq!(schema["format"] == "date-time", is_time, "{name}.{property}");
        }
    }
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let is_id = parameter["name"].as_str().unwrap().ends_with("_id");
                assert_eq!(parameter["schema"]["format"] == "uuid", is_id, "{path} {}", parameter["name"]);
            }
        }
    }
}

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
async fn every_reference_resolves_and_every_component_is_used() {
    let document = document().await;
    let mut used = BTreeSet::new();
    references(&document, &mut used);
    for reference in &used {
        assert!(
            document.pointer(reference.strip_prefix('#').unwrap()).is_some(),
            "{reference} leads nowhere"
        );
    }
    for kind in ["schemas", "headers"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(used.contains(format!("#/components/{kind}/{name}").as_str()), "{name} is unused");
        }
    }
}

#[tokio::test]
async fn the_document_is_well_formed() {
    let document = document().await;
    assert_eq!(document["openapi"], "3.0.0");
    assert_holds_only(
        "the document",
        &document,
        &["openapi", "info", "servers", "paths", "components", "tags"],
    );
    assert_holds_only("info", &document["info"], &["title", "description", "version", "license"]);
    assert_holds_only("components", &document["components"], &["schemas", "securitySchemes", "headers"]);
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
            assert_holds_only(&what, resolved(header, document), HEADER);
        }
        for (media_type, content) in response["content"].as_object().into_iter().flatten() {
            assert!(
                ["application/json", "application/problem+json"].contains(&media_type.as_str()),
                "{what}"
            );
            assert_schema(&what, &content["schema"], document);
        }
    }
}

fn assert_schema(what: &str, schema: &Value, document: &Value) {
    assert_holds_only(what, schema, SCHEMA);
    if schema.get("$ref").is_some() {
        assert_eq!(schema.as_object().unwrap().len(), 1, "{what}: fields beside a reference are ignored");
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
    if let Some(parts) = schema["allOf"].as_array() {
        // Generators make a class of every other member.
        assert!(parts.len() == 1 && parts[0].get("$ref").is_some(), "{what}: {parts:?}");
        resolved(&parts[0], document);
    }
    assert_eq!(schema["type"] == "array", schema.get("items").is_some(), "{what}");
    if let Some(items) = schema.get("items") {
        assert_schema(what, items, document);
    }
}

#[tokio::test]
async fn the_documentation_page_loads_nothing_from_other_origins() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let page = api.get("/docs").send().await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    // The policy forbids it,
    let policy = page.header("content-security-policy").unwrap();
    for directive in policy.split("; ") {
        let (name, sources) = directive.split_once(' ').unwrap();
        let allowed = ["'none'", "'self'", "'unsafe-inline'", "data:"];
        assert!(sources.split(' ').all(|source| allowed.contains(&source)), "{name} {sources}");
    }
    assert!(policy.starts_with("default-src 'none'") && policy.contains("connect-src 'self'"), "{policy}");
    // and outside of its own script the page loads nothing.
    let (mut outside, mut scripts) = (String::new(), Vec::new());
    let mut rest = page.body.as_str();
    while let Some((before, after)) = rest.split_once("<script") {
        let (script, after) = after.split_once("</script>").unwrap();
        outside.push_str(before);
        scripts.push(script.split_once('>').unwrap().0);
        rest = after;
    }
    outside.push_str(rest);
    // A link that a person follows fetches nothing.
    let outside = outside.replace("<a href=\"/asyncapi.json\">", "");
    let outside = outside.replace("<link rel=\"icon\" href=\"data:image/svg+xml,", "");
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
    // It shows the completed document.
    assert!(page.body.contains("x-codes") && page.body.contains("SwaggerUIBundle({"));
    let start = api.get("/").send().await;
    assert_eq!((start.status, start.header("location")), (303, Some("/docs")));
}
