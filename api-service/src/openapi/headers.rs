use serde_json::{Map, Value, json};

/// The headers of many answers: name, description, schema, whether every such answer has it, and on which statuses.
const HEADERS: [Header; 7] = [
    Header {
        name: "X-Request-Id",
        description: "Id of the request, to be named in a report of a fault.",
        schema: || json!({ "type": "string" }),
        is_required: true,
        statuses: None,
    },
    Header {
        name: "Retry-After",
        description: "Seconds to wait before the next attempt (RFC 9110 section 10.2.3).",
        schema: || json!({ "type": "integer", "format": "int32", "minimum": 0 }),
        is_required: false,
        statuses: Some(&["429", "503"]),
    },
    Header {
        name: "WWW-Authenticate",
        description: "Challenge of the bearer scheme (RFC 6750 section 3).",
        schema: || json!({ "type": "string" }),
        is_required: true,
        statuses: Some(&["401"]),
    },
    Header {
        name: "ETag",
        description: "Entity tag of the representation (RFC 9110 section 8.8.3). The part before the dot is the version.",
        schema: || json!({ "type": "string", "example": "\"7.uU0nuZNNPgilLlLX2n2r-s\"" }),
        is_required: true,
        // Published with the operations that have it.
        statuses: Some(&[]),
    },
    Header {
        name: "RateLimit",
        description: "Name of the rate budget, requests that are left in it (`r`), and seconds until it is whole again, \
                      or until the next request in a 429 (`t`).",
        schema: || json!({ "type": "string", "example": "\"write\";r=57;t=3" }),
        is_required: false,
        statuses: Some(&[]),
    },
    Header {
        name: "RateLimit-Policy",
        description: "Name and size of the rate budget: requests (`q`) in seconds (`w`).",
        schema: || json!({ "type": "string", "example": "\"write\";q=60;w=60" }),
        is_required: false,
        statuses: Some(&[]),
    },
    Header {
        name: "Idempotency-Replayed",
        description: "`true` if the answer was stored by an earlier request with the same `Idempotency-Key`.",
        schema: || json!({ "type": "string" }),
        is_required: false,
        statuses: Some(&[]),
    },
];

struct Header {
    name: &'static str,
    description: &'static str,
    schema: fn() -> Value,
    is_required: bool,
    /// The statuses of the answers that have it; `None` for all.
    statuses: Option<&'static [&'static str]>,
}

/// Adds the headers to the components of the document.
pub(super) fn add(document: &mut Value) {
    let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) else { return };
    let described = HEADERS.iter().map(|header| {
        let value = json!({
            "description": header.description, "required": header.is_required, "schema": (header.schema)(),
        });
        (header.name.to_owned(), value)
    });
    components.insert("headers".into(), Value::Object(described.collect()));
}

/// Refers to the headers from the responses of an operation.
pub(super) fn refer(operation: &mut Value) {
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for (status, response) in responses {
        let Some(response) = response.as_object_mut() else { continue };
        let own = response.remove("headers");
        let own = own.as_ref().and_then(Value::as_object).into_iter().flatten();
        let mut headers: Map<_, _> = own.map(|(name, header)| (canonical(name), header.clone())).collect();
        for header in &HEADERS {
            if header.statuses.is_none_or(|statuses| statuses.contains(&status.as_str())) {
                let reference = json!({ "$ref": format!("#/components/headers/{}", header.name) });
                headers.insert(header.name.into(), reference);
            }
        }
        response.insert("headers".into(), headers.into());
    }
}

/// Returns the usual spelling of a header's name; poem-openapi writes names in upper case.
fn canonical(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .into_iter()
            .chain(letters.map(|letter| letter.to_ascii_lowercase()))
            .collect::<String>()
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_names_have_their_usual_spelling() {
        assert_eq!((canonical("LINK"), canonical("CACHE-CONTROL")), ("Link".into(), "Cache-Control".into()));
    }
}
