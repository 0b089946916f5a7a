//! Profiles and follows.

use serde_json::json;
use testkit::TestDatabase;

use crate::answer::faults;
use crate::test_api::TestApi;

const NOBODY: &str = "0198c0de-0000-7000-8000-000000000000";

#[testkit::both_databases]
async fn an_edit_changes_only_the_fields_in_the_body(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = api.person("미나").await;
    let before = api.get("/api/v1/users/me").by(&mina).send().await.expect(200);
    let body = json!({"about": "\u{1112}\u{1161}\u{11ab}글로 배워요\n매일"});
    let after = api.patch("/api/v1/users/me", &body).by(&mina).send().await.expect(200);
    assert_eq!((&after["about"], &after["nickname"]), (&json!("한글로 배워요\n매일"), &before["nickname"]));
    assert_eq!((&before["version"], &after["version"]), (&json!("1"), &json!("2")));
    let body = json!({"nickname": "달", "locale": "en", "about": ""});
    let after = api.patch("/api/v1/users/me", &body).by(&mina).send().await.expect(200);
    assert_eq!(after["version"], "3");
    assert_eq!(
        (&after["nickname"], &after["locale"], &after["about"]),
        (&json!("달"), &json!("en"), &json!(""))
    );
    // Equal values and an empty body are not edits.
    for body in [body, json!({})] {
        assert_eq!(api.patch("/api/v1/users/me", &body).by(&mina).send().await.expect(200), after);
    }
    assert_eq!(api.get("/api/v1/users/me").by(&mina).send().await.expect(200), after);
}

/// Rule AP9.
#[testkit::both_databases]
async fn an_edit_of_an_account_based_on_an_old_version_is_refused(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = api.person("미나").await;
    let edit = |version: &'static str, name: &'static str| {
        api.patch("/api/v1/users/me", &json!({"nickname": name})).by(&mina).header("if-match", version).send()
    };
    assert_eq!(edit("\"1\"", "하나").await.expect(200)["version"], "2");
    let problem = edit("\"1\"", "둘").await.problem(412, "version_mismatch");
    assert_eq!(problem["params"]["current_version"], "2");
    assert_eq!(edit("*", "셋").await.expect(200)["version"], "3");
    assert_eq!(api.get("/api/v1/users/me").by(&mina).send().await.expect(200)["nickname"], "셋");
}

#[testkit::both_databases]
async fn following_is_idempotent_and_shown_on_both_profiles(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let path = format!("/api/v1/users/me/following/{}", jun.id);
    for _ in 0..2 {
        let state = api.put(&path).by(&mina).send().await.expect(200);
        assert_eq!(state, json!({"user_id": jun.id, "following": true, "followed_by": false}));
    }
    let profile = api.get(&format!("/api/v1/users/{}", jun.id)).by(&mina).send().await.expect(200);
    assert_eq!(profile["counts"], json!({"posts": 0, "followers": 1, "following": 0}));
    assert_eq!(profile["viewer"], json!({"user_id": jun.id, "following": true, "followed_by": false}));
    let back = api.get(&format!("/api/v1/users/{}", mina.id)).by(&jun).send().await.expect(200);
    assert_eq!(back["viewer"], json!({"user_id": mina.id, "following": false, "followed_by": true}));
    assert_eq!(back["counts"]["following"], 1);
    for (list, whose, who) in [("followers", &jun, &mina), ("following", &mina, &jun)] {
        let page = api.get(&format!("/api/v1/users/{}/{list}", whose.id)).send().await.expect(200);
        let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|user| user["id"].clone()).collect();
        assert_eq!(ids, [who.id.as_str()]);
    }
    for _ in 0..2 {
        let state = api.delete(&path).by(&mina).send().await.expect(200);
        assert_eq!(state, json!({"user_id": jun.id, "following": false, "followed_by": false}));
    }
    let profile = api.get(&format!("/api/v1/users/{}", jun.id)).send().await.expect(200);
    assert_eq!(profile["counts"]["followers"], 0);
    assert!(profile.get("viewer").is_none(), "the anonymous have nothing to do with anybody");
}

#[testkit::both_databases]
async fn following_oneself_or_a_missing_person_is_refused(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, gone) = (api.person("미나").await, api.person("떠난").await);
    api.parts.database.execute("UPDATE users SET state = 'deleted' WHERE nickname = '떠난'").await;
    for method in ["PUT", "DELETE"] {
        let path = |id: &str| format!("/api/v1/users/me/following/{id}");
        api.call(method, &path(&mina.id)).by(&mina).send().await.problem(422, "self_follow");
        for id in [NOBODY, &gone.id] {
            api.call(method, &path(id)).by(&mina).send().await.problem(404, "not_found");
        }
    }
    assert_eq!(api.parts.database.number("SELECT count(*) FROM follows").await, 0);
    for path in ["", "/followers", "/following"] {
        for id in [NOBODY, &gone.id] {
            api.get(&format!("/api/v1/users/{id}{path}")).send().await.problem(404, "not_found");
        }
    }
}

#[tokio::test]
async fn texts_of_a_profile_have_bounds_counted_in_characters() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mina = api.person("미나").await;
    for (body, fault) in [
        (json!({"nickname": ""}), ("/nickname", "required")),
        (json!({"nickname": " \t "}), ("/nickname", "required")),
        (json!({"nickname": "가".repeat(51)}), ("/nickname", "too_long")),
        (json!({"nickname": "a\nb"}), ("/nickname", "not_allowed")),
        (json!({"nickname": "a\u{202e}b"}), ("/nickname", "not_allowed")),
        (json!({"nickname": "a\u{0}b"}), ("/nickname", "not_allowed")),
        (json!({"about": "가".repeat(501)}), ("/about", "too_long")),
        (json!({"about": "\u{feff}x"}), ("/about", "not_allowed")),
        (json!({"locale": "KO"}), ("/locale", "not_allowed")),
        (json!({"email": "new@example.com"}), ("/email", "unknown_field")),
        (json!({"role": "admin"}), ("/role", "unknown_field")),
        (json!({"version": "9"}), ("/version", "unknown_field")),
    ] {
        let answer = api.patch("/api/v1/users/me", &body).by(&mina).send().await;
        assert_eq!(answer.faults(422, "validation_failed"), faults([fault]), "{body}");
    }
    let body = json!({"nickname": "\u{1100}\u{1161}".repeat(50), "about": "가".repeat(500)});
    let me = api.patch("/api/v1/users/me", &body).by(&mina).send().await.expect(200);
    assert_eq!(me["nickname"], "가".repeat(50));
}
