use domain::ProblemCode;
use serde_json::{Map, Value, json};

/// Adds the schemas of problem bodies.
pub(super) fn add(schemas: &mut Map<String, Value>) {
    let codes: Vec<_> = ProblemCode::ALL.iter().map(|code| format!("`{}`", code.as_str())).collect();
    let problem = json!({
        "type": "object",
        "description": "A problem (RFC 9457).",
        // Problems that nginx answers have no `instance`.
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": { "type": "string", "description": "URL of a page that describes this code." },
            "title": { "type": "string", "description": "Title of this code, in English." },
            "status": { "type": "integer", "format": "int32", "description": "HTTP status code." },
            "detail": {
                "type": "string",
                "description": "Explanation for people, in the language of `Accept-Language`.",
            },
            "instance": { "type": "string", "description": "Path of the request, without its query." },
            "code": {
                "type": "string",
                "description": format!("Code for programs. Values may be added. Known values: {}.", codes.join(", ")),
            },
            "request_id": { "type": "string", "description": "Id of the request, as in `X-Request-Id`." },
            "errors": {
                "type": "array",
                "description": "One entry for each invalid field, parameter or header, at most 20.",
                "items": { "$ref": "#/components/schemas/FieldProblem" },
            },
            "params": {
                "type": "object",
                "additionalProperties": true,
                "description": "Values that belong to the code, for example `current_version`.",
            },
            "retry_after": {
                "type": "integer",
                "format": "int32",
                "description": "Seconds to wait before the next attempt, as in `Retry-After`.",
            },
        },
    });
    let field = json!({
        "type": "object",
        "description": "What is wrong with one field, parameter or header. It has exactly one of `pointer`, `parameter` and `header`.",
        "required": ["code", "detail"],
        "properties": {
            "pointer": { "type": "string", "description": "JSON Pointer to a field of the body (RFC 6901)." },
            "parameter": { "type": "string", "description": "Name of a query parameter." },
            "header": { "type": "string", "description": "Name of a header." },
            "code": {
                "type": "string",
                "description": "Code for programs: `required`, `too_short`, `too_long`, `out_of_range`, \
                                `bad_format`, `not_allowed`, `duplicate` or `unknown_field`. Values may be added.",
            },
            "detail": {
                "type": "string",
                "description": "Explanation for people, in the language of `Accept-Language`.",
            },
            "params": {
                "type": "object",
                "additionalProperties": true,
                "description": "Values that belong to the code, for example `min` and `max`.",
            },
        },
    });
    schemas.insert("Problem".into(), problem);
    schemas.insert("FieldProblem".into(), field);
}
