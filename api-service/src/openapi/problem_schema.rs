use domain::ProblemCode;
use serde_json::{Map, Value, json};

/// Adds the schemas of problem bodies.
pub(super) fn add(schemas: &mut Map<String, Value>) {
    let codes: Vec<_> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
    let problem = json!({
        "type": "object",
        "description": "What went wrong (RFC 9457)",
        // The proxy's own problems have no instance.
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": { "type": "string", "description": "Leads to a description of this kind of problem" },
            "title": { "type": "string", "description": "The same for every problem of the kind" },
            "status": { "type": "integer", "format": "int32" },
            "detail": { "type": "string", "description": "For people, in their language" },
            "instance": { "type": "string", "description": "The path asked for" },
            "code": {
                "type": "string",
                "description": format!("For programs; more may come. One of {}", codes.join(", ")),
            },
            "request_id": { "type": "string", "description": "To be named when asking for help" },
            "errors": { "type": "array", "items": { "$ref": "#/components/schemas/FieldProblem" } },
            "params": { "type": "object", "description": "Numbers and names that belong to the problem" },
            "retry_after": { "type": "integer", "format": "int32", "description": "Seconds to wait before the next try" },
        },
    });
    let field = json!({
        "type": "object",
        "description": "One thing wrong with one part of the request; it has one of pointer, parameter, header",
        "required": ["code", "detail"],
        "properties": {
            "pointer": { "type": "string", "description": "Where in the body (RFC 6901)" },
            "parameter": { "type": "string", "description": "Which parameter" },
            "header": { "type": "string", "description": "Which header" },
            "code": {
                "type": "string",
                "description": "One of required, too_short, too_long, out_of_range, bad_format, not_allowed, \
                                duplicate, unknown_field; more may come",
            },
            "detail": { "type": "string", "description": "For people, in their language" },
            "params": { "type": "object", "description": "Numbers and names that belong to it, such as max" },
        },
    });
    schemas.insert("Problem".into(), problem);
    schemas.insert("FieldProblem".into(), field);
}
