//! Requests with unknown paths, methods, ids and query parameters (rule AP6).

use std::collections::{BTreeMap, BTreeSet};

use testkit::TestDatabase;

use crate::answer::faults;
use crate::posts::NOTHING;
use crate::test_api::TestApi;

/// Returns a path whose parameters are ids that do not exist.
fn filled(template: &str) -> String {
    let fill = |part: &str| if part.starts_with('{') { NOTHING.to_owned() } else { part.to_owned() };
    template.split('/').map(fill).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mina = api.person("미나").await;
    for path in [
        "/nothing",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v2/posts",
        "/API/V1/posts",
        "/api/v1/posts/",
        "/api/v1//posts",
        "/api/v1/posts/../users/me",
        "/api/v1/posts%2F",
        "/ws",
        "/admin",
        "/.env",
        "/openapi.yaml",
        "/docs/../etc/passwd",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = api.call(method, path).by(&mina).send().await;
            answer.problem(404, "not_found");
        }
    }
}

#[tokio::test]
async fn a_malformed_id_is_answered_with_404() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mina = api.person("미나").await;
    let templates: Vec<_> = api.contract().operations().filter(|(_, path, _)| path.contains('{')).collect();
    assert!(templates.len() > 10);
    for (method, template, operation) in templates {
        let start = template.split('{').next().unwrap();
        let end = template.rsplit('}').next().unwrap();
        let upper = NOTHING.to_uppercase();
        let bare = NOTHING.replace('-', "");
        for id in [
            "1",
            "0",
            "-1",
            "x",
            "null",
            "%00",
            "%FF",
            "%F0%9F%98%80",
            "%27%20OR%201=1--",
            "a%2Fb",
            &upper,
            &bare,
        ] {
            let body = crate::mistyped_fields::good_body(operation["operationId"].as_str().unwrap());
            let method = method.to_ascii_uppercase();
            let mut call = api.call(&method, &format!("{start}{id}{end}")).by(&mina);
            if let Some(body) = body {
                call = call.json(&body);
            }
            call.send().await.problem(404, "not_found");
        }
    }
}

#[tokio::test]
async fn an_unsupported_method_is_answered_with_the_allowed_ones() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mut offered: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (method, path, _) in api.contract().operations() {
        // A literal path hides the template that fits it, too.
        for known in [path, if path == "/api/v1/users/{user_id}" { "/api/v1/users/me" } else { path }] {
            offered.entry(filled(known)).or_default().insert(method.to_ascii_uppercase());
        }
    }
    for page in ["/", "/docs", "/openapi.json", "/asyncapi.json", "/problems", "/problems/not_found"] {
        offered.entry(page.into()).or_default().insert("GET".into());
    }
    for (path, methods) in offered {
        let mut allowed = methods.clone();
        if methods.contains("GET") {
            allowed.insert("HEAD".into());
        }
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
            if methods.contains(method) {
                continue;
            }
            let answer = api.call(method, &path).send().await;
            let told: Option<BTreeSet<_>> =
                answer.header("allow").map(|list| list.split(", ").map(str::to_owned).collect());
            assert_eq!(told.as_ref(), Some(&allowed), "{method} {path} {}", answer.body);
            answer.problem(405, "method_not_allowed");
        }
    }
}

#[tokio::test]
async fn unknown_and_repeated_query_parameters_are_refused_by_every_operation() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    for (method, template, operation) in api.contract().operations() {
        let path = filled(template);
        let method = method.to_ascii_uppercase();
        for (query, name) in [
            ("utm_source=x", "utm_source"),
            ("Limit=5", "Limit"),
            ("limit%20=5", "limit "),
            ("user_id=7", "user_id"),
            ("%00=1", "\u{0}"),
            ("=1", ""),
        ] {
            let answer = api.call(&method, &format!("{path}?{query}")).send().await;
            assert_eq!(
                answer.faults(400, "unknown_parameter"),
                faults([(name, "unknown_field")]),
                "{path}?{query}"
            );
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] == "query" {
                let name = parameter["name"].as_str().unwrap();
                let answer = api.call(&method, &format!("{path}?{name}=1&{name}=2")).send().await;
                assert_eq!(answer.faults(400, "malformed_request"), faults([(name, "duplicate")]), "{path}");
            }
        }
        // An empty query has no parameters.
        let answer = api.call(&method, &format!("{path}?")).send().await;
        assert!(answer.json["code"] != "unknown_parameter", "{path}");
    }
}
