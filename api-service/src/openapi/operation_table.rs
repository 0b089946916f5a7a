use std::collections::{BTreeMap, BTreeSet};

use poem::http::Method;
use serde_json::Value;

use crate::contract::{self, Operation};

/// The operations by method and path, taken from the OpenAPI document.
pub(crate) struct OperationTable(Vec<PathRow>);

struct PathRow {
    segments: Vec<Segment>,
    methods: BTreeMap<String, OperationRow>,
}

/// What the middleware needs to know about an operation.
#[derive(Debug)]
pub(crate) struct OperationRow {
    /// The operation's entry in the list of its feature.
    pub(crate) operation: Option<&'static Operation>,
    /// The names of its query parameters.
    pub(crate) query_parameters: Vec<String>,
    /// Names and default values of the query parameters that have a default.
    defaults: Vec<(String, String)>,
    /// Whether its successful answer has an `ETag`.
    pub(crate) has_entity_tag: bool,
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

    /// Returns whether a query parameter of an operation has its default value.
    pub(crate) fn is_default(&self, method: &Method, path: &str, name: &str, value: &str) -> bool {
        let is_it = |default: &(String, String)| (&*default.0, &*default.1) == (name, value);
        self.find(method, path).is_some_and(|row| row.defaults.iter().any(is_it))
    }

    /// Returns an operation, or `None` if there is no such operation. HEAD is answered by the operation of GET.
    pub(crate) fn find<'a>(&'a self, method: &Method, path: &'a str) -> Option<&'a OperationRow> {
        let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
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

fn method((name, description): (&String, &Value)) -> (String, OperationRow) {
    let parameters = description.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let in_query =
        parameters.filter(|parameter| parameter.get("in").and_then(Value::as_str) == Some("query"));
    let (mut query_parameters, mut defaults) = (Vec::new(), Vec::new());
    for parameter in in_query {
        let Some(name) = parameter.get("name").and_then(Value::as_str) else { continue };
        query_parameters.push(name.to_owned());
        let default = match parameter.pointer("/schema/default") {
            None | Some(Value::Null) => continue,
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        defaults.push((name.to_owned(), default));
    }
    let responses = description.get("responses").and_then(Value::as_object);
    let has_tag = |(status, response): (&String, &Value)| {
        status.starts_with('2') && response.pointer("/headers/ETag").is_some()
    };
    let row = OperationRow {
        operation: description.get("operationId").and_then(Value::as_str).and_then(contract::operation),
        query_parameters,
        defaults,
        has_entity_tag: responses.into_iter().flatten().any(has_tag),
    };
    (name.to_ascii_uppercase(), row)
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
        let query = |method: Method, path: &str| Some(table.find(&method, path)?.query_parameters.clone());
        assert_eq!(
            query(Method::GET, "/posts"),
            Some(["limit", "sort", "author_id"].map(str::to_owned).to_vec())
        );
        for (name, value, expected) in [
            ("limit", "20", true),
            ("limit", "21", false),
            ("sort", "latest", true),
            ("author_id", "", false),
        ] {
            assert_eq!(table.is_default(&Method::GET, "/posts", name, value), expected, "{name}={value}");
        }
        assert!(!table.is_default(&Method::POST, "/posts", "limit", "20"));
        assert_eq!(query(Method::HEAD, "/posts/7"), Some(Vec::new()));
        for (method, path) in [
            (Method::GET, "/posts/"),
            (Method::GET, "/posts/7/x"),
            (Method::DELETE, "/posts"),
            (Method::GET, "/"),
        ] {
            assert_eq!(query(method.clone(), path), None, "{method} {path}");
        }
        assert_eq!(table.allowed("/posts").as_deref(), Some("GET, HEAD, POST"));
        assert_eq!(table.allowed("/posts/mine").as_deref(), Some("DELETE, GET, HEAD"));
        assert_eq!(table.allowed("/nothing"), None);
    }
}
