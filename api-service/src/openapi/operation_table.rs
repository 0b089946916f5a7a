use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The methods of every path and the query parameters of every operation with their defaults, taken from the OpenAPI
/// document.
pub(crate) struct OperationTable(Vec<PathRow>);

struct PathRow {
    segments: Vec<Segment>,
    methods: BTreeMap<String, Query>,
}

/// The query parameters of an operation.
struct Query {
    names: Vec<String>,
    /// Names and default values of those that have a default.
    defaults: Vec<(String, String)>,
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
    pub(crate) fn query_parameters(&self, method: &str, path: &str) -> Option<&[String]> {
        self.query(method, path).map(|query| query.names.as_slice())
    }

    /// Returns whether a query parameter of an operation has its default value.
    pub(crate) fn is_default(&self, method: &str, path: &str, name: &str, value: &str) -> bool {
        let query = self.query(method, path);
        query.is_some_and(|query| {
            query.defaults.iter().any(|default| (&*default.0, &*default.1) == (name, value))
        })
    }

    fn query(&self, method: &str, path: &str) -> Option<&Query> {
        let method = if method == "HEAD" { "GET" } else { method };
        self.matching(path).find_map(|row| row.methods.get(method))
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

    fn matching<'a>(&'a self, path: &str) -> impl Iterator<Item = &'a PathRow> {
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

fn method((name, operation): (&String, &Value)) -> (String, Query) {
    let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let in_query =
        parameters.filter(|parameter| parameter.get("in").and_then(Value::as_str) == Some("query"));
    let mut query = Query { names: Vec::new(), defaults: Vec::new() };
    for parameter in in_query {
        let Some(name) = parameter.get("name").and_then(Value::as_str) else { continue };
        query.names.push(name.to_owned());
        let default = match parameter.pointer("/schema/default") {
            None | Some(Value::Null) => continue,
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        query.defaults.push((name.to_owned(), default));
    }
    (name.to_ascii_uppercase(), query)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_matches_its_template_and_has_its_methods() {
        let table = OperationTable::of(&json!({ "paths": {
            "/posts": { "get": { "parameters": [
                { "name": "limit", "in": "query", "schema": { "default": 20 } },
                { "name": "sort", "in": "query", "schema": { "default": "latest" } },
                { "name": "author_id", "in": "query", "schema": {} },
            ] }, "post": {} },
            "/posts/{id}": { "get": { "parameters": [{ "name": "id", "in": "path" }] } },
            "/posts/mine": { "get": {}, "delete": {} },
        }}));
        assert_eq!(
            table.query_parameters("GET", "/posts"),
            Some(&["limit", "sort", "author_id"].map(str::to_owned)[..])
        );
        for (name, value, expected) in [
            ("limit", "20", true),
            ("limit", "21", false),
            ("sort", "latest", true),
            ("author_id", "", false),
        ] {
            assert_eq!(table.is_default("GET", "/posts", name, value), expected, "{name}={value}");
        }
        assert!(!table.is_default("POST", "/posts", "limit", "20"));
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
