use serde_json::{Value, json};

use crate::contract::{Counting, operation};

/// Publishes the fields about rate budgets on every answer of the operations that are counted.
pub(super) fn describe(document: &mut Value) {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten();
    for description in paths.filter_map(|(_, path)| path.as_object_mut()).flatten().map(|(_, value)| value) {
        let id = description.get("operationId").and_then(Value::as_str).unwrap_or_default();
        if operation(id).is_none_or(|operation| operation.counting == Counting::None) {
            continue;
        }
        let responses = description.get_mut("responses").and_then(Value::as_object_mut);
        for (_, response) in responses.into_iter().flatten() {
            for name in ["RateLimit", "RateLimit-Policy"] {
                response["headers"][name] = json!({ "$ref": format!("#/components/headers/{name}") });
            }
        }
    }
}
