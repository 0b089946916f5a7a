use domain::problem::{FieldFault, FieldProblem};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use serde_json::Value;

/// How many faults are named: an answer must not grow with what it answers.
const MOST_FAULTS: usize = 20;

/// Returns every way in which a value does not have the published shape: missing, unknown and mistyped fields and
/// values outside an enumeration. Lengths and forms are the domain's to judge, after normalisation.
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
    if faults.len() >= MOST_FAULTS {
        return;
    }
    let schema = match schema {
        MetaSchemaRef::Inline(schema) => schema,
        MetaSchemaRef::Reference(name) => match schemas.schemas.get(name) {
            Some(schema) => schema,
            None => return,
        },
    };
    // A reference with a description of its own is published as both together.
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
        Value::Array(items) if schema.max_items.is_some_and(|most| items.len() > most) => {
            let fault =
                FieldProblem::at(pointer, FieldFault::OutOfRange).with("min", schema.min_items.unwrap_or(0));
            faults.push(fault.with("max", schema.max_items));
        }
        Value::Array(items) => {
            if let Some(item_schema) = &schema.items {
                for (place, item) in items.iter().enumerate() {
                    if faults.len() >= MOST_FAULTS {
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
        if faults.len() >= MOST_FAULTS {
            return;
        }
        let place = format!("{pointer}/{}", escape(name));
        match schema.properties.iter().find(|(known, _)| known == name) {
            Some((_, schema)) => check_at(&place, value, schema, schemas, faults),
            None => faults.push(FieldProblem::at(place, FieldFault::UnknownField)),
        }
    }
}

/// Writes a field's name as a part of a JSON Pointer (RFC 6901 section 3), cut where it is absurdly long.
fn escape(name: &str) -> String {
    let shown: String = name.chars().take(100).collect();
    shown.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use poem_openapi::types::Type;
    use poem_openapi::{Enum, Object};
    use serde_json::json;

    use super::*;

    #[derive(Object)]
    struct Shape {
        name: String,
        count: Option<i64>,
        color: Option<Color>,
        inner: Option<Inner>,
        list: Option<Vec<String>>,
        /// Described where it stands
        shade: Option<Color>,
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
    fn a_value_of_the_published_shape_has_no_faults() {
        assert_eq!(faults(&json!({"name": "x"})), []);
        assert_eq!(
            faults(
                &json!({"name": "x", "count": 3, "color": "red", "inner": {"flag": true}, "list": ["a"], "shade": "blue"})
            ),
            []
        );
    }

    #[test]
    fn every_fault_is_named_with_its_pointer() {
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
    fn an_answer_does_not_grow_with_what_it_answers() {
        let unknown: serde_json::Map<_, _> = (0..10_000).map(|n| (format!("x{n}"), json!(n))).collect();
        assert_eq!(faults(&Value::Object(unknown)).len(), MOST_FAULTS);
        assert_eq!(faults(&json!({ "name": "x", "list": vec![0; 10_000] })).len(), MOST_FAULTS);
    }

    #[test]
    fn numbers_and_booleans_are_not_taken_for_text_nor_null_for_anything() {
        for wrong in [json!(1), json!(true), json!(null), json!([])] {
            assert_eq!(faults(&json!({ "name": wrong })), [("/name".into(), "bad_format")]);
            assert_eq!(faults(&json!({ "name": "x", "shade": wrong })), [("/shade".into(), "bad_format")]);
        }
        assert_eq!(faults(&json!("text")), [(String::new(), "bad_format")]);
    }
}
