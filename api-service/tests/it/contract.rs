//! The published OpenAPI document, against which every answer is checked.

use std::sync::OnceLock;

use serde_json::Value;

use crate::answer::Answer;
use crate::json_schema;

/// The security headers of every answer.
const SAID_TO_BROWSERS: [&str; 6] = [
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "x-frame-options",
    "strict-transport-security",
    "cache-control",
];

/// Words that would show the implementation in a problem.
const INSIDES: [&str; 12] = [
    "SELECT ", "INSERT ", "UPDATE ", "sqlx", "sea_orm", "sqlite", "postgres", "panicked", "/src/", ".rs:",
    "poem", "serde",
];

/// The published description.
pub(crate) struct Contract {
    document: Value,
}

impl Contract {
    /// Returns the document of the service; built once.
    pub(crate) fn of(service: &api_service::Service) -> &'static Self {
        static CONTRACT: OnceLock<Contract> = OnceLock::new();
        CONTRACT.get_or_init(|| Self { document: api_service::document(service) })
    }

    /// Returns the document.
    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    /// Returns every operation with its method and path.
    pub(crate) fn operations(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        self.document["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
            methods
                .as_object()
                .unwrap()
                .iter()
                .map(|(method, operation)| (method.as_str(), path.as_str(), operation))
        })
    }

    /// Returns the operation with that id.
    pub(crate) fn operation(&self, id: &str) -> (&str, &str, &Value) {
        let found = self.operations().find(|(.., operation)| operation["operationId"] == id);
        found.unwrap_or_else(|| panic!("no operation {id}"))
    }

    /// Asserts that the document allows this answer to this request.
    pub(crate) fn check(&self, method: &str, path: &str, answer: &Answer) {
        let what = format!("{method} {path} → {} {}", answer.status, answer.body);
        for name in SAID_TO_BROWSERS {
            assert!(answer.header(name).is_some(), "{what}: no {name}");
        }
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
        assert!(answer.header("x-request-id").is_some_and(|id| !id.is_empty()), "{what}: no request id");
        if answer.status >= 400 && method != "HEAD" {
            self.check_problem(path, answer, &what);
        }
        let Some(operation) = self.find(method, path) else { return };
        let Some(described) = operation["responses"].get(answer.status.to_string()) else {
            // Methods and origins are refused before there is an operation.
            assert!([403, 405].contains(&answer.status), "{what}: the status is not described");
            return;
        };
        for (name, header) in described["headers"].as_object().into_iter().flatten() {
            let is_required = json_schema::resolved(header, &self.document)["required"] == true;
            assert!(!is_required || answer.header(name).is_some(), "{what}: no {name}");
        }
        if answer.status >= 400 {
            let codes = described["x-codes"].as_array().unwrap();
            assert!(
                method == "HEAD" || codes.contains(&answer.json["code"]),
                "{what}: the code is not described"
            );
            return;
        }
        match described["content"].as_object().and_then(|content| content.iter().next()) {
            None => assert_eq!((answer.body.as_str(), answer.header("content-type")), ("", None), "{what}"),
            Some((content_type, _)) => {
                assert_eq!(answer.header("content-type"), Some(content_type.as_str()), "{what}");
                if method != "HEAD" {
                    let schema = &described["content"][content_type]["schema"];
                    let faults = json_schema::faults(&answer.json, schema, &self.document);
                    assert!(faults.is_empty(), "{what}: {faults:?}");
                }
            }
        }
    }

    fn check_problem(&self, path: &str, answer: &Answer, what: &str) {
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
        let schema = &self.document["components"]["schemas"]["Problem"];
        let faults = json_schema::faults(&answer.json, schema, &self.document);
        assert!(faults.is_empty(), "{what}: {faults:?}");
        let problem = &answer.json;
        assert_eq!(problem["status"], answer.status, "{what}");
        assert_eq!(problem["request_id"].as_str(), answer.header("x-request-id"), "{what}");
        let code = problem["code"].as_str().unwrap();
        assert_eq!(problem["type"], format!("{}/problems/{code}", testkit::PUBLIC_URL), "{what}");
        assert_eq!(problem["instance"], path.split('?').next().unwrap(), "{what}");
        assert_eq!(answer.status == 401, answer.header("www-authenticate").is_some(), "{what}");
        assert_eq!(answer.status == 405, answer.header("allow").is_some(), "{what}");
        let retry_after = answer.header("retry-after").map(|seconds| seconds.parse::<u64>().unwrap());
        assert_eq!(problem["retry_after"].as_u64(), retry_after, "{what}");
        let known = api_service::problem_parameters(code).unwrap_or_else(|| panic!("{what}: unknown code"));
        for name in problem["params"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()) {
            assert!(known.contains(&name), "{what}: the page of {code} does not describe {name}");
        }
        for word in INSIDES {
            assert!(!answer.body.contains(word), "{what}: shows {word}");
        }
    }

    fn find(&self, method: &str, path: &str) -> Option<&Value> {
        let method = if method == "HEAD" { "get".to_owned() } else { method.to_ascii_lowercase() };
        let path = path.split('?').next().unwrap();
        let fits = |template: &str| {
            let (wanted, given): (Vec<_>, Vec<_>) =
                (template.split('/').collect(), path.split('/').collect());
            let mut pairs = wanted.iter().zip(&given);
            wanted.len() == given.len()
                && pairs.all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
        };
        // Literal paths come before templates: `me` before `{user_id}`.
        let fitting = self.operations().filter(|(name, template, _)| *name == method && fits(template));
        fitting.min_by_key(|(_, template, _)| template.matches('{').count()).map(|(.., operation)| operation)
    }
}
