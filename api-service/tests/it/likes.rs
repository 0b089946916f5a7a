//! Likes.

use serde_json::json;
use testkit::TestDatabase;

use crate::posts::NOTHING;
use crate::test_api::TestApi;

#[testkit::both_databases]
async fn liking_and_unliking_are_idempotent(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let post = api.post_by(&mina, "글").await;
    let like = format!("/api/v1/posts/{post}/like");
    for _ in 0..2 {
        let state = api.put(&like).by(&jun).send().await.expect(200);
        assert_eq!(state, json!({"liked": true, "likes_count": 1}));
    }
    assert_eq!(api.put(&like).by(&mina).send().await.expect(200)["likes_count"], 2);
    let seen = api.get(&format!("/api/v1/posts/{post}")).by(&jun).send().await.expect(200);
    assert_eq!((&seen["counts"]["likes"], &seen["viewer"]["liked"]), (&json!(2), &json!(true)));
    let page = api.get(&format!("/api/v1/posts/{post}/likes")).send().await.expect(200);
    let names: Vec<_> = page["items"].as_array().unwrap().iter().map(|user| &user["nickname"]).collect();
    assert_eq!(names, ["미나", "준"]);
    for _ in 0..2 {
        let state = api.delete(&like).by(&jun).send().await.expect(200);
        assert_eq!(state, json!({"liked": false, "likes_count": 1}));
    }
}

#[testkit::both_databases]
async fn likes_of_missing_posts_are_answered_with_404(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = api.person("미나").await;
    let post = api.post_by(&mina, "글").await;
    assert_eq!(api.delete(&format!("/api/v1/posts/{post}")).by(&mina).send().await.status, 204);
    for id in [NOTHING, &post, "me", "1"] {
        for method in ["PUT", "DELETE"] {
            let path = format!("/api/v1/posts/{id}/like");
            api.call(method, &path).by(&mina).send().await.problem(404, "not_found");
        }
        api.get(&format!("/api/v1/posts/{id}/likes")).send().await.problem(404, "not_found");
    }
    assert_eq!(api.parts.database.number("SELECT count(*) FROM post_likes").await, 0);
}
