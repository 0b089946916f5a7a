use serde_json::{Value, json};

use super::insert;
use crate::contract::{Counting, operation};
use crate::rate_budgets::Budget;

/// Publishes the fields about rate budgets on every answer of the operations that are counted.
pub(super) fn describe(document: &mut Value) {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten();
    for (method, description) in paths.filter_map(|(_, path)| path.as_object_mut()).flatten() {
        let id = description.get("operationId").and_then(Value::as_str).unwrap_or_default();
        let Some(operation) = operation(id).filter(|operation| operation.counting != Counting::None) else {
            continue;
        };
        let budget = Budget::of(operation, method == "get", true);
        insert(description, "", "x-rate-budget", budget.name().into());
        let responses = description.get_mut("responses").and_then(Value::as_object_mut);
        for (_, response) in responses.into_iter().flatten() {
            for name in ["RateLimit", "RateLimit-Policy"] {
                let reference = json!({ "$ref": format!("#/components/headers/{name}") });
                insert(response, "/headers", name, reference);
            }
        }
    }
}
