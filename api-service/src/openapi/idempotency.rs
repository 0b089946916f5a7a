use domain::ProblemCode;
use domain::idempotency::{ANSWER_KEPT, IdempotencyKey};
use serde_json::{Value, json};

use super::{add_parameter, insert};

/// The failures of operations that accept an idempotency key.
pub(super) const FAILURES: [ProblemCode; 3] = [
    ProblemCode::IdempotencyKeyInvalid,
    ProblemCode::IdempotencyKeyReused,
    ProblemCode::IdempotencyInProgress,
];

/// Publishes the header of the key, and the header of repeated answers.
pub(super) fn describe(operation: &mut Value) {
    let description = format!(
        "Key that the client chose for this attempt: 1 to {} visible ASCII characters, with or without quotes. A repeated \
         request with the same key and body has no further effect and returns the stored answer, for {} hours. Keys belong \
         to the caller and the operation.",
        IdempotencyKey::MAX,
        ANSWER_KEPT.as_secs() / 3600,
    );
    let parameter = json!({
        "name": "Idempotency-Key",
        "in": "header",
        "description": description,
        "required": false,
        "schema": { "type": "string", "minLength": 1, "example": "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"" },
    });
    add_parameter(operation, parameter);
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    for (status, response) in responses.into_iter().flatten() {
        if status.starts_with('2') {
            let reference = json!({ "$ref": "#/components/headers/Idempotency-Replayed" });
            insert(response, "/headers", "Idempotency-Replayed", reference);
        }
    }
}
