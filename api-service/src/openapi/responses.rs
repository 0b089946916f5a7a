use std::collections::BTreeMap;

use domain::ProblemCode;
use serde_json::{Value, json};

use crate::contract::{Counting, Operation};
use edge::status_of;

/// Adds a response for every failure of an operation: those that follow from its shape, and its own.
pub(super) fn describe_failures(description: &mut Value, listed: Option<&Operation>) {
    let mut codes = failures_of_shape(description);
    if let Some(operation) = listed {
        codes.extend(operation.failures);
        if operation.counting != Counting::None {
            codes.push(ProblemCode::NotAcceptable);
        }
        if operation.takes_idempotency_key {
            codes.extend(super::idempotency::FAILURES);
        }
        if operation.counting != Counting::None || !operation.rate_limits.is_empty() {
            codes.push(ProblemCode::RateLimited);
        }
    }
    let mut by_status: BTreeMap<u16, Vec<ProblemCode>> = BTreeMap::new();
    for code in codes {
        let of_status = by_status.entry(status_of(code.kind()).as_u16()).or_default();
        if !of_status.contains(&code) {
            of_status.push(code);
        }
    }
    let Some(responses) = description.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for (status, codes) in by_status {
        let lines: Vec<_> =
            codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.title())).collect();
        let response = json!({
            "description": lines.join("\n\n"),
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            "x-codes": codes.iter().map(|code| code.as_str()).collect::<Vec<_>>(),
        });
        responses.insert(status.to_string(), response);
    }
}

/// Returns the failures that follow from the parameters, the body and the authentication of an operation.
fn failures_of_shape(operation: &Value) -> Vec<ProblemCode> {
    use ProblemCode as P;
    // Forbidden: the origin of the calling page is not allowed.
    let mut codes = vec![P::UnknownParameter, P::MalformedRequest, P::Forbidden, P::Internal, P::Unavailable];
    if operation.get("security").and_then(Value::as_array).is_some_and(|schemes| !schemes.is_empty()) {
        codes.extend([P::Unauthenticated, P::TokenExpired, P::SessionRevoked]);
    }
    if operation.get("requestBody").is_some() {
        codes.extend([P::RequestTimeout, P::PayloadTooLarge, P::UnsupportedMediaType, P::ValidationFailed]);
    }
    let parameters = operation.get("parameters").and_then(Value::as_array);
    for parameter in parameters.into_iter().flatten() {
        let place = parameter.get("in").and_then(Value::as_str);
        let name = parameter.get("name").and_then(Value::as_str);
        match (place, name) {
            (Some("path"), _) => codes.push(P::NotFound),
            (Some("query"), Some("cursor")) => codes.push(P::InvalidCursor),
            (Some("query"), _) if parameter.pointer("/schema/maximum").is_some() => {
                codes.push(P::ValidationFailed);
            }
            _ => {}
        }
    }
    codes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::contract::operations;
    use crate::service::tests::service;

    #[tokio::test]
    async fn the_listed_operations_are_the_published_ones() {
        let document = crate::openapi::document(&service().await);
        let paths = document["paths"].as_object().unwrap().values();
        let published: BTreeSet<_> = paths
            .flat_map(|path| path.as_object().unwrap().values())
            .map(|operation| operation["operationId"].as_str().unwrap())
            .collect();
        let listed: Vec<_> = operations().map(|operation| operation.id).collect();
        assert_eq!(published, listed.iter().copied().collect());
        assert_eq!(published.len(), listed.len(), "an operation is listed twice");
    }
}
