use serde_json::{Value, json};

/// Forbids unknown fields in the schemas of request bodies: the service refuses them.
pub(super) fn close_request_bodies(document: &mut Value) {
    let names = request_schemas(document);
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else {
        return;
    };
    for name in names {
        if let Some(schema) = schemas.get_mut(&name).and_then(Value::as_object_mut) {
            schema.insert("additionalProperties".into(), json!(false));
        }
    }
}

/// Returns the names of the schemas of request bodies.
fn request_schemas(document: &Value) -> Vec<String> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    let operations = paths.filter_map(|(_, path)| path.as_object()).flat_map(|path| path.values());
    let name = |operation: &Value| {
        let content = operation.pointer("/requestBody/content")?.as_object()?;
        let reference = content.values().next()?.pointer("/schema/$ref")?.as_str()?;
        reference.rsplit('/').next().map(str::to_owned)
    };
    operations.filter_map(name).collect()
}

/// Removes members of `allOf` that only hold a description or a default: poem-openapi writes the description of a property
/// beside `allOf` and into it, and generators make a class of such a member. A default moves beside `allOf`.
pub(super) fn drop_described_members(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Array(members)) = fields.get_mut("allOf") {
                let only_describes = |member: &Value| {
                    let describes = |name: &String| name == "description" || name == "default";
                    member.as_object().is_some_and(|fields| fields.keys().all(describes))
                };
                let mut described = members.iter().filter(|member| only_describes(member));
                let default = described.find_map(|member| member.get("default").cloned());
                members.retain(|member| !only_describes(member));
                fields.extend(default.map(|default| ("default".to_owned(), default)));
            }
            fields.values_mut().for_each(drop_described_members);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_described_members),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_described_property_refers_to_one_schema_only() {
        let reference = json!({ "$ref": "#/components/schemas/UserSummary" });
        let described = json!({ "description": "Author." });
        let mut schema = json!({ "properties": {
            "author": { "description": "Author.", "allOf": [reference, described] },
        }});
        drop_described_members(&mut schema);
        assert_eq!(schema["properties"]["author"], json!({ "description": "Author.", "allOf": [reference] }));
        let mut sort = json!({ "allOf": [reference, { "default": "latest" }] });
        drop_described_members(&mut sort);
        assert_eq!(sort, json!({ "default": "latest", "allOf": [reference] }));
    }
}
