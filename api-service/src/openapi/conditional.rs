use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{add_parameter, insert};

/// Publishes `ETag` on the answers that hold one thing, and `If-None-Match` with 304 where they are read. A change is
/// answered with a tag if the thing has a version.
pub(super) fn describe(document: &mut Value) {
    let versioned = versioned_schemas(document);
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    let in_api = paths.iter_mut().filter(|(path, _)| path.starts_with("/api/"));
    for (_, methods) in in_api {
        for (method, operation) in methods.as_object_mut().into_iter().flatten() {
            let is_read = method == "get";
            let holds_thing =
                |name: &str| if is_read { !name.ends_with("Page") } else { versioned.contains(name) };
            let Some(status) = ["200", "201"]
                .into_iter()
                .find(|status| schema_of(operation, status).is_some_and(holds_thing))
            else {
                continue;
            };
            let place = format!("/responses/{status}/headers");
            insert(operation, &place, "ETag", json!({ "$ref": "#/components/headers/ETag" }));
            if is_read {
                describe_read(operation);
            }
        }
    }
}

/// `*`, or a list of entity tags (RFC 9110 section 8.8.3).
const TAGS: &str = r#"^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$"#;

fn describe_read(operation: &mut Value) {
    let parameter = json!({
        "name": "If-None-Match",
        "in": "header",
        "description": "Entity tags of the representations that the client has, or `*`. If the current one is among \
                        them, the answer is 304 without a body.",
        "required": false,
        "schema": { "type": "string", "minLength": 1, "pattern": TAGS, "example": "\"7.uU0nuZNNPgilLlLX2n2r-s\"" },
    });
    add_parameter(operation, parameter);
    let known = json!({
        "description": "The client has the current representation.",
        "headers": {
            "ETag": { "$ref": "#/components/headers/ETag" },
            "X-Request-Id": { "$ref": "#/components/headers/X-Request-Id" },
        },
    });
    insert(operation, "/responses", "304", known);
}

/// Returns the name of the schema of an answer.
fn schema_of<'a>(operation: &'a Value, status: &str) -> Option<&'a str> {
    let response = operation.get("responses")?.get(status)?;
    let reference = response.pointer("/content/application~1json/schema/$ref")?.as_str()?;
    reference.strip_prefix("#/components/schemas/")
}

fn versioned_schemas(document: &Value) -> BTreeSet<String> {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    let versioned =
        schemas.into_iter().flatten().filter(|(_, schema)| schema.pointer("/properties/version").is_some());
    versioned.map(|(name, _)| name.clone()).collect()
}
