use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The methods of every path and the query parameters of every operation, taken from the OpenAPI document.
pub(crate) struct OperationTable(Vec<PathRow>);

struct PathRow {
    segments: Vec<Segment>,
    methods: BTreeMap<String, Vec<String>>,
}

enum Segment {
    Literal(String),
    Any,
}

impl OperationTable {
    /// Builds the table from the OpenAPI document.
    pub(crate) fn of(document: &Value) -> Self {
        let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
        let rows = paths.map(|(path, methods)| PathRow {
            segments: path.split('/').map(segment).collect(),
            methods: methods.as_object().into_iter().flatten().map(method).collect(),
        });
        Self(rows.collect())
    }

    /// Returns the query parameters of an operation, or `None` if there is no such operation.
    pub(crate) fn query_parameters<'a>(&'a self, method: &str, path: &'a str) -> Option<&'a [String]> {
        let method = if method == "HEAD" { "GET" } else { method };
        self.matching(path).find_map(|row| row.methods.get(method)).map(Vec::as_slice)
    }

    /// Returns the value of the `Allow` header for a path (RFC 9110 section 10.2.1), or `None` for an unknown path.
    pub(crate) fn allowed(&self, path: &str) -> Option<String> {
        let mut methods: BTreeSet<_> =
            self.matching(path).flat_map(|row| row.methods.keys().map(String::as_str)).collect();
        if methods.contains("GET") {
            methods.insert("HEAD");
        }
        (!methods.is_empty()).then(|| methods.into_iter().collect::<Vec<_>>().join(", "))
    }

    fn matching<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a PathRow> {
        self.0.iter().filter(move |row| {
            let mut parts = path.split('/');
            let all = row.segments.iter().all(|segment| match (segment, parts.next()) {
                (Segment::Literal(literal), Some(part)) => literal == part,
                (Segment::Any, Some(part)) => !part.is_empty(),
                (_, None) => false,
            });
            all && parts.next().is_none()
        })
    }
}

fn segment(text: &str) -> Segment {
    if text.starts_with('{') { Segment::Any } else { Segment::Literal(text.into()) }
}

fn method((name, operation): (&String, &Value)) -> (String, Vec<String>) {
    let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let in_query =
        parameters.filter(|parameter| parameter.get("in").and_then(Value::as_str) == Some("query"));
    let names = in_query.filter_map(|parameter| parameter.get("name")?.as_str().map(str::to_owned));
    (name.to_ascii_uppercase(), names.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_matches_its_template_and_has_its_methods() {
        let table = OperationTable::of(&json!({ "paths": {
            "/posts": { "get": { "parameters": [{ "name": "limit", "in": "query" }] }, "post": {} },
            "/posts/{id}": { "get": { "parameters": [{ "name": "id", "in": "path" }] } },
            "/posts/mine": { "get": {}, "delete": {} },
        }}));
        assert_eq!(table.query_parameters("GET", "/posts"), Some(&["limit".to_owned()][..]));
        assert_eq!(table.query_parameters("HEAD", "/posts/7"), Some(&[][..]));
        for (method, path) in [("GET", "/posts/"), ("GET", "/posts/7/x"), ("DELETE", "/posts"), ("GET", "/")]
        {
            assert_eq!(table.query_parameters(method, path), None, "{method} {path}");
        }
        assert_eq!(table.allowed("/posts").as_deref(), Some("GET, HEAD, POST"));
        assert_eq!(table.allowed("/posts/mine").as_deref(), Some("DELETE, GET, HEAD"));
        assert_eq!(table.allowed("/nothing"), None);
    }
}
