use serde_json::Value;

/// Writes texts and numbers of the document in their plain form: poem-openapi keeps the line breaks of doc comments in
/// descriptions, and publishes the bounds of integers as floating-point numbers.
pub(super) fn plain(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if name == "description" => *text = unwrapped(text),
                    Value::Number(bound) if name == "minimum" || name == "maximum" => {
                        let text = bound.to_string();
                        if let Some(Ok(integer)) = text.strip_suffix(".0").map(str::parse::<i64>) {
                            *field = integer.into();
                        }
                    }
                    _ => plain(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}

/// Joins the lines of each paragraph.
fn unwrapped(text: &str) -> String {
    let paragraphs: Vec<_> = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect();
    paragraphs.join("\n\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_of_a_paragraph_are_joined_and_integral_bounds_are_integers() {
        let mut value =
            json!({ "description": "one\ntwo\n\nthree", "schema": { "minimum": 1.0, "maximum": 0.5 } });
        plain(&mut value);
        let expected =
            json!({ "description": "one two\n\nthree", "schema": { "minimum": 1, "maximum": 0.5 } });
        assert_eq!(value, expected);
    }
}
