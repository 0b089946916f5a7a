//! The part of JSON Schema that the published description uses (OpenAPI 3.0, schema object).

use domain::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Returns every difference between a value and its schema. A field that the schema does not name is a fault too, so
/// that no data is published by accident.
pub(crate) fn faults(value: &Value, schema: &Value, document: &Value) -> Vec<String> {
    let mut checker = Checker { document, faults: Vec::new() };
    checker.check("", value, schema);
    checker.faults
}

/// Returns the target of a `$ref`, or the schema itself.
pub(crate) fn resolved<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    match schema.get("$ref").and_then(Value::as_str) {
        None => schema,
        Some(reference) => {
            let pointer =
                reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads elsewhere"));
            document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
        }
    }
}

struct Checker<'a> {
    document: &'a Value,
    faults: Vec<String>,
}

impl<'a> Checker<'a> {
    fn fault(&mut self, at: &str, what: &str) {
        self.faults.push(format!("{at}: {what}"));
    }

    fn check(&mut self, at: &str, value: &Value, schema: &'a Value) {
        let schema = resolved(schema, self.document);
        if value.is_null() && schema["nullable"] == true {
            return;
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.check(at, value, part);
        }
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(value)
        {
            self.fault(at, "is none of the values");
        }
        match (schema["type"].as_str(), value) {
            (Some("object"), Value::Object(fields)) => self.check_object(at, fields, schema),
            (Some("array"), Value::Array(items)) => {
                let count = u64::try_from(items.len()).unwrap();
                if schema["minItems"].as_u64().is_some_and(|least| count < least)
                    || schema["maxItems"].as_u64().is_some_and(|most| count > most)
                {
                    self.fault(at, "does not have so many items");
                }
                for (place, item) in items.iter().enumerate() {
                    self.check(&format!("{at}/{place}"), item, &schema["items"]);
                }
            }
            (Some("string"), Value::String(text)) => self.check_text(at, text, schema),
            (Some("integer"), Value::Number(number)) => {
                let is_unsigned = schema["format"].as_str().is_some_and(|format| format.starts_with('u'));
                if !(number.is_u64() || number.is_i64() && !is_unsigned) {
                    self.fault(at, "is not such an integer");
                }
                let number = number.as_f64().unwrap();
                if schema["minimum"].as_f64().is_some_and(|minimum| number < minimum)
                    || schema["maximum"].as_f64().is_some_and(|maximum| number > maximum)
                {
                    self.fault(at, "is out of its bounds");
                }
            }
            (Some("boolean"), Value::Bool(_)) | (None, _) => {}
            (Some(wanted), _) => self.fault(at, &format!("is not of the type {wanted}")),
        }
    }

    fn check_object(&mut self, at: &str, fields: &Map<String, Value>, schema: &'a Value) {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                self.fault(&format!("{at}/{name}"), "is missing");
            }
        }
        let Some(properties) = schema["properties"].as_object() else { return };
        for (name, value) in fields {
            match properties.get(name) {
                Some(property) => self.check(&format!("{at}/{name}"), value, property),
                None => self.fault(&format!("{at}/{name}"), "is not described"),
            }
        }
    }

    fn check_text(&mut self, at: &str, text: &str, schema: &Value) {
        let length = u64::try_from(text.chars().count()).unwrap();
        if schema["minLength"].as_u64().is_some_and(|least| length < least)
            || schema["maxLength"].as_u64().is_some_and(|most| length > most)
        {
            self.fault(at, "does not have the length");
        }
        let has_format = match schema["format"].as_str() {
            Some("uuid") => text.parse::<Uuid>().is_ok_and(|id| id.to_string() == text),
            // In the published form only: UTC, milliseconds.
            Some("date-time") => Timestamp::parse(text).is_some_and(|instant| instant.to_string() == text),
            _ => true,
        };
        if !has_format {
            self.fault(at, "does not have the format");
        }
    }
}

#[test]
fn the_checker_finds_what_a_schema_forbids() {
    use serde_json::json;
    let document = json!({ "components": { "schemas": { "Id": { "type": "string", "format": "uuid" } } } });
    let schema = json!({
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": { "allOf": [{ "$ref": "#/components/schemas/Id" }], "description": "Id." },
            "at": { "type": "string", "format": "date-time" },
            "names": { "type": "array", "items": { "type": "string", "minLength": 1, "maxLength": 2 } },
            "count": { "type": "integer", "format": "uint32" },
            "size": { "type": "integer", "minimum": 1, "maximum": 9 },
            "kind": { "type": "string", "enum": ["a"] },
            "flag": { "type": "boolean" },
        },
    });
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let good = json!({"id": id, "at": "2026-01-02T03:04:05.678Z", "names": ["ab"], "count": 1, "kind": "a", "flag": true});
    assert_eq!(faults(&good, &schema, &document), Vec::<String>::new());
    for bad in [
        json!({}),
        json!([]),
        json!({"id": "x"}),
        json!({"id": id, "at": "2026-01-02"}),
        json!({"id": id, "at": "2026-01-02T03:04:05Z"}),
        json!({"id": id, "names": ["abc"]}),
        json!({"id": id, "names": [""]}),
        json!({"id": id, "names": null}),
        json!({"id": id, "count": -1}),
        json!({"id": id, "count": 0.5}),
        json!({"id": id, "size": 0}),
        json!({"id": id, "size": 10}),
        json!({"id": id, "kind": "b"}),
        json!({"id": id, "flag": "true"}),
        json!({"id": id, "extra": 1}),
    ] {
        assert_eq!(faults(&bad, &schema, &document).len(), 1, "{bad}");
    }
}
