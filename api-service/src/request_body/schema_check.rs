use domain::Timestamp;
use domain::ids::UserId;
use domain::problem::{FieldFault, FieldProblem};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use serde_json::Value;

/// The maximum number of reported faults: the size of an answer must not depend on the size of the request.
const MAX_FAULTS: usize = 20;

/// Returns the differences between a value and its published schema: missing, unknown and mistyped fields, values outside
/// of an enumeration, malformed ids and times, and arrays of a wrong length. Lengths of texts are checked by the domain,
/// after normalisation.
pub(super) fn check(value: &Value, schema: &MetaSchemaRef, schemas: &Registry) -> Vec<FieldProblem> {
    let mut faults = Vec::new();
    check_at("", value, schema, schemas, &mut faults);
    faults
}

fn check_at(
    pointer: &str,
    value: &Value,
    schema: &MetaSchemaRef,
    schemas: &Registry,
    faults: &mut Vec<FieldProblem>,
) {
    if faults.len() >= MAX_FAULTS {
        return;
    }
    let schema = match schema {
        MetaSchemaRef::Inline(schema) => schema,
        MetaSchemaRef::Reference(name) => match schemas.schemas.get(name) {
            Some(schema) => schema,
            None => return,
        },
    };
    // A property with its own description refers to its schema through `allOf`.
    for part in &schema.all_of {
        check_at(pointer, value, part, schemas, faults);
    }
    let has_type = match schema.ty {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => true,
    };
    if !has_type {
        if !(schema.nullable && value.is_null()) {
            faults.push(FieldProblem::at(pointer, FieldFault::BadFormat).with("type", schema.ty));
        }
        return;
    }
    if !schema.enum_items.is_empty() && !schema.enum_items.contains(value) {
        let allowed = Value::Array(schema.enum_items.clone());
        faults.push(FieldProblem::at(pointer, FieldFault::NotAllowed).with("allowed", allowed));
    }
    match value {
        Value::Object(fields) => check_object(pointer, fields, schema, schemas, faults),
        Value::String(text) if !has_format(text, schema.format) => {
            faults.push(FieldProblem::at(pointer, FieldFault::BadFormat).with("format", schema.format));
        }
        Value::Array(items)
            if schema.min_items.is_some_and(|min| items.len() < min)
                || schema.max_items.is_some_and(|max| items.len() > max) =>
        {
            let fault = FieldProblem::at(pointer, FieldFault::OutOfRange);
            faults.push(fault.with("min", schema.min_items.unwrap_or(0)).with("max", schema.max_items));
        }
        Value::Array(items) => {
            if let Some(item_schema) = &schema.items {
                for (place, item) in items.iter().enumerate() {
                    if faults.len() >= MAX_FAULTS {
                        return;
                    }
                    check_at(&format!("{pointer}/{place}"), item, item_schema, schemas, faults);
                }
            }
        }
        _ => {}
    }
}

fn check_object(
    pointer: &str,
    fields: &serde_json::Map<String, Value>,
    schema: &MetaSchema,
    schemas: &Registry,
    faults: &mut Vec<FieldProblem>,
) {
    for name in &schema.required {
        if !fields.contains_key(*name) {
            faults.push(FieldProblem::at(format!("{pointer}/{name}"), FieldFault::Required));
        }
    }
    for (name, value) in fields {
        if faults.len() >= MAX_FAULTS {
            return;
        }
        let place = format!("{pointer}/{}", escape(name));
        match schema.properties.iter().find(|(known, _)| known == name) {
            Some((_, schema)) => check_at(&place, value, schema, schemas, faults),
            None => faults.push(FieldProblem::at(place, FieldFault::UnknownField)),
        }
    }
}

/// Returns whether a text has the format of its schema. Other formats are checked by the domain.
fn has_format(text: &str, format: Option<&str>) -> bool {
    match format {
        Some("uuid") => text.parse::<UserId>().is_ok(),
        Some("date-time") => Timestamp::parse(text).is_some(),
        _ => true,
    }
}

/// Escapes a field's name for a JSON Pointer (RFC 6901 section 3) and truncates it to 100 characters.
fn escape(name: &str) -> String {
    let shown: String = name.chars().take(100).collect();
    shown.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use domain::ids::PostId;
    use poem_openapi::types::Type;
    use poem_openapi::{Enum, Object};
    use serde_json::json;

    use super::*;
    use crate::id::Id;
    use crate::instant::Instant;

    #[derive(Object)]
    struct Shape {
        name: String,
        count: Option<i64>,
        color: Option<Color>,
        inner: Option<Inner>,
        list: Option<Vec<String>>,
        /// A description makes the property refer to its schema through `allOf`.
        shade: Option<Color>,
        id: Option<Id<PostId>>,
        at: Option<Instant>,
        #[oai(validator(min_items = 1, max_items = 2))]
        pair: Option<Vec<String>>,
    }

    #[derive(Object)]
    struct Inner {
        flag: bool,
    }

    #[derive(Enum)]
    #[oai(rename_all = "snake_case")]
    enum Color {
        Red,
        Blue,
    }

    fn faults(value: &Value) -> Vec<(String, &'static str)> {
        let mut registry = Registry::new();
        Shape::register(&mut registry);
        let fault = |fault: FieldProblem| match fault.place {
            domain::problem::FieldPlace::Pointer(pointer) => (pointer, fault.fault.code()),
            other => panic!("{other:?}"),
        };
        check(value, &Shape::schema_ref(), &registry).into_iter().map(fault).collect()
    }

    #[test]
    fn a_value_that_matches_its_schema_has_no_faults() {
        assert_eq!(faults(&json!({"name": "x"})), []);
        assert_eq!(
            faults(
                &json!({"name": "x", "count": 3, "color": "red", "inner": {"flag": true}, "list": ["a"], "shade": "blue"})
            ),
            []
        );
    }

    #[test]
    fn every_fault_is_reported_with_its_pointer() {
        let value = json!({"count": "3", "color": "green", "inner": {"flag": 1, "x/y": 2}, "list": [1, "a"], "shade": "green", "extra": 1});
        let mut found = faults(&value);
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("/color".into(), "not_allowed"),
                ("/count".into(), "bad_format"),
                ("/extra".into(), "unknown_field"),
                ("/inner/flag".into(), "bad_format"),
                ("/inner/x~1y".into(), "unknown_field"),
                ("/list/0".into(), "bad_format"),
                ("/name".into(), "required"),
                ("/shade".into(), "not_allowed"),
            ]
        );
    }

    #[test]
    fn ids_times_and_lengths_of_arrays_are_checked() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let good = json!({"name": "x", "id": id, "at": "2026-01-02T03:04:05Z", "pair": ["a", "b"]});
        assert_eq!(faults(&good), []);
        assert_eq!(faults(&json!({"name": "x", "id": id.to_uppercase()})), []);
        for wrong in ["", "1", &id.replace('-', "")] {
            assert_eq!(faults(&json!({"name": "x", "id": wrong})), [("/id".into(), "bad_format")], "{wrong}");
        }
        for wrong in ["", "yesterday", "2026-02-30T00:00:00Z", "2026-01-02"] {
            assert_eq!(faults(&json!({"name": "x", "at": wrong})), [("/at".into(), "bad_format")], "{wrong}");
        }
        for wrong in [json!([]), json!(["a", "b", "c"])] {
            assert_eq!(faults(&json!({"name": "x", "pair": wrong})), [("/pair".into(), "out_of_range")]);
        }
    }

    #[test]
    fn the_number_of_reported_faults_is_bounded() {
        let unknown: serde_json::Map<_, _> = (0..10_000).map(|n| (format!("x{n}"), json!(n))).collect();
        assert_eq!(faults(&Value::Object(unknown)).len(), MAX_FAULTS);
        assert_eq!(faults(&json!({ "name": "x", "list": vec![0; 10_000] })).len(), MAX_FAULTS);
    }

    #[test]
    fn values_are_not_converted_between_types() {
        for wrong in [json!(1), json!(true), json!(null), json!([])] {
            assert_eq!(faults(&json!({ "name": wrong })), [("/name".into(), "bad_format")]);
            assert_eq!(faults(&json!({ "name": "x", "shade": wrong })), [("/shade".into(), "bad_format")]);
        }
        assert_eq!(faults(&json!("text")), [(String::new(), "bad_format")]);
    }
}
