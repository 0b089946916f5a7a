//! The published rate limits are enforced.

use std::time::Duration;

use api_service::contract::operations;
use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::mistyped_fields::good_body;
use crate::test_api::TestApi;

#[tokio::test]
async fn every_operation_refuses_more_calls_than_its_smallest_published_quota() {
    let mut tried = 0;
    for operation in operations() {
        let Some(quota) = operation.rate_limits.iter().map(|limit| limit.quota).min() else { continue };
        let api = TestApi::new(TestDatabase::sqlite().await);
        let mina = api.person("미나").await;
        let (method, path, description) = api.contract().operation(operation.id);
        let body = good_body(operation.id);
        let needs_token = !description["security"].as_array().unwrap().is_empty();
        let mut counted = 0;
        let refused = loop {
            let mut call = api.call(&method.to_ascii_uppercase(), path);
            // Failures of one account are delayed before the limit is reached.
            let body = body.clone().map(|mut body| {
                if operation.id == "logIn" {
                    body["email"] = format!("person{counted}@example.com").into();
                }
                body
            });
            if let Some(body) = &body {
                call = call.json(body);
            }
            let answer = if needs_token { call.by(&mina) } else { call }.send().await;
            match answer.json["code"].as_str() {
                Some("rate_limited") => break answer,
                // Not a rate limit: the pause between two codes.
                Some("code_cooldown") => api.parts.clock.advance(Duration::from_mins(1)),
                _ => counted += 1,
            }
            assert!(counted <= quota, "{} is not limited to {quota}", operation.id);
        };
        assert_eq!(counted, quota, "{}", operation.id);
        assert!(refused.header("retry-after").is_some(), "{}", operation.id);
        tried += 1;
    }
    assert!(tried >= 5, "{tried}");
}

#[tokio::test]
async fn the_document_states_name_quota_and_window_of_every_rate_limit() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    for operation in operations() {
        let (.., description) = api.contract().operation(operation.id);
        let expected: Vec<_> = operation
            .rate_limits
            .iter()
            .map(|limit| json!({"name": limit.name, "quota": limit.quota, "window_seconds": limit.per.as_secs()}))
            .collect();
        let published = description.get("x-rate-limits").cloned().unwrap_or_else(|| json!([]));
        assert_eq!(published, Value::Array(expected), "{}", operation.id);
    }
}
