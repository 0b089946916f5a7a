use serde_json::{Map, Value};

/// Replaces every object in the query by one parameter for each of its properties. Both describe the same query (OpenAPI
/// 3.0 section 4.7.12.3, `style: form`, `explode: true`); generators and pages read the separate parameters better.
pub(super) fn expand_objects(operation: &mut Value) {
    let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) else { return };
    *parameters = std::mem::take(parameters).into_iter().flat_map(expand).collect();
}

fn expand(parameter: Value) -> Vec<Value> {
    match parameter.pointer("/schema/properties") {
        Some(Value::Object(properties)) => {
            properties.iter().map(|(name, schema)| one(&parameter, name, schema)).collect()
        }
        _ => vec![parameter],
    }
}

/// Returns the parameter for one property of the object `parameter`.
fn one(parameter: &Value, name: &str, schema: &Value) -> Value {
    let mut schema = schema.as_object().cloned().unwrap_or_default();
    let mut expanded: Map<_, _> = parameter.as_object().cloned().unwrap_or_default();
    expanded.insert("name".into(), name.into());
    expanded.extend(schema.remove("description").map(|description| ("description".to_owned(), description)));
    expanded.insert("schema".into(), schema.into());
    expanded.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_becomes_one_parameter_for_each_property() {
        let id = json!({ "name": "id", "in": "path", "schema": { "type": "string" } });
        let page = json!({ "name": "page", "in": "query", "schema": { "type": "object", "properties": {
            "limit": { "type": "integer", "description": "Page size." },
            "cursor": { "type": "string", "description": "Cursor." },
        }}});
        let mut operation = json!({ "parameters": [id, page] });
        expand_objects(&mut operation);
        let one = |name: &str, kind: &str, description: &str| json!({ "name": name, "in": "query", "description": description, "schema": { "type": kind } });
        let expanded = operation["parameters"].as_array().unwrap();
        assert_eq!(expanded.len(), 3);
        for expected in [id, one("limit", "integer", "Page size."), one("cursor", "string", "Cursor.")] {
            assert!(expanded.contains(&expected), "{expected} is not in {expanded:?}");
        }
    }
}
