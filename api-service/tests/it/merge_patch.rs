//! PATCH as a merge patch (rule AP12, RFC 7396).

use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::answer::faults;
use crate::json_schema::resolved;
use crate::mistyped_fields::good_body;
use crate::test_api::TestApi;

/// Rule AP12.
#[testkit::both_databases]
async fn every_patch_keeps_absent_fields_and_refuses_null_and_unknown_ones(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = api.person("미나").await;
    let mut tried = 0;
    for (method, template, operation) in api.contract().operations() {
        if method != "patch" {
            continue;
        }
        let path = api.path_on_things_of(&mina, template).await;
        let send = async |body: &Value| api.patch(&path, body).by(&mina).send().await;
        let first = send(&json!({})).await.expect(200);
        let before = api.checksum().await;
        assert_eq!(send(&json!({})).await.expect(200)["version"], first["version"], "{path}");
        let unknown = send(&json!({"unknown": 1})).await;
        assert_eq!(
            unknown.faults(422, "validation_failed"),
            faults([("/unknown", "unknown_field")]),
            "{path}"
        );
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let schema = resolved(schema, api.contract().document());
        for (name, property) in schema["properties"].as_object().unwrap() {
            if property["nullable"] == true {
                continue;
            }
            let answer = send(&json!({name: null})).await;
            let expected = faults([(&format!("/{name}"), "bad_format")]);
            assert_eq!(answer.faults(422, "validation_failed"), expected, "{path}");
        }
        assert_eq!(api.checksum().await, before, "{path}");
        // Each field by itself changes that field only.
        let mut expected = first;
        for (name, value) in
            good_body(operation["operationId"].as_str().unwrap()).unwrap().as_object().unwrap()
        {
            let changed = send(&json!({name: value})).await.expect(200);
            expected[name] = value.clone();
            for field in schema["properties"].as_object().unwrap().keys() {
                assert_eq!(changed[field], expected[field], "{path} {field}");
            }
        }
        tried += 1;
    }
    assert!(tried >= 2, "{tried}");
}
