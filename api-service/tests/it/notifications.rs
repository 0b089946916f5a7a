//! Notifications.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::answer::faults;
use crate::posts::NOTHING;
use crate::test_api::{Actor, TestApi, id_of};

impl TestApi {
    /// Returns the notifications of a person, newest first.
    async fn told(&self, actor: &Actor, query: &str) -> Vec<Value> {
        let page = self.get(&format!("/api/v1/notifications{query}")).by(actor).send().await.expect(200);
        page["items"].as_array().unwrap().clone()
    }

    /// Returns the numbers of unseen and unread notifications.
    async fn waiting(&self, actor: &Actor) -> (i64, i64) {
        let unread = self.get("/api/v1/users/me/unread").by(actor).send().await.expect(200);
        let count = |name: &str| unread["notifications"][name].as_i64().unwrap();
        (count("unseen"), count("unread"))
    }

    async fn mark(&self, actor: &Actor, how: &str, body: &Value) -> Value {
        self.post(&format!("/api/v1/notifications/{how}"), body).by(actor).send().await.expect(200)
    }
}

#[testkit::both_databases]
async fn likes_comments_and_follows_create_notifications(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let post = api.post_by(&mina, "글").await;
    api.like(&jun, &post).await;
    api.parts.clock.advance(Duration::from_secs(1));
    let comment = api.comment_by(&jun, &post, None).await;
    api.parts.clock.advance(Duration::from_secs(1));
    api.follow(&jun, &mina).await;
    let told = api.told(&mina, "").await;
    let kinds: Vec<_> = told.iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["followed", "post_commented", "post_liked"]);
    assert_eq!(told[0]["target"], json!({"type": "user", "id": jun.id}));
    assert_eq!(told[1]["target"], json!({"type": "comment", "id": comment, "post_id": post}));
    assert_eq!(told[2]["target"], json!({"type": "post", "id": post, "post_id": post}));
    for entry in &told {
        assert_eq!((&entry["actor_count"], &entry["actors"][0]["nickname"]), (&json!(1), &json!("준")));
        assert_eq!((entry.get("seen_at"), entry.get("read_at")), (None, None));
    }
    assert_eq!(api.waiting(&mina).await, (3, 3));
    assert_eq!(api.told(&jun, "").await, Vec::<Value>::new());
}

#[testkit::both_databases]
async fn listing_notifications_changes_nothing(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let post = api.post_by(&mina, "글").await;
    api.like(&jun, &post).await;
    let first = api.told(&mina, "").await;
    assert_eq!(api.told(&mina, "?unread=true").await, first);
    assert_eq!(api.told(&mina, "?unread=false").await, first);
    assert_eq!(api.waiting(&mina).await, (1, 1));
}

#[testkit::both_databases]
async fn notifications_are_marked_by_id_or_up_to_a_time(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let mut posts = Vec::new();
    for title in ["하나", "둘", "셋"] {
        let post = api.post_by(&mina, title).await;
        api.parts.clock.advance(Duration::from_secs(1));
        api.like(&jun, &post).await;
        posts.push(post);
    }
    let told = api.told(&mina, "").await;
    let middle = json!({"up_to": told[1]["updated_at"]});
    assert_eq!(api.mark(&mina, "seen", &middle).await, json!({"unseen": 1, "unread": 3}));
    let latest = json!({"ids": [id_of(&told[0])]});
    for _ in 0..2 {
        assert_eq!(api.mark(&mina, "read", &latest).await, json!({"unseen": 0, "unread": 2}));
    }
    let entry = &api.told(&mina, "").await[0];
    assert_eq!(
        (&entry["read_at"], &entry["seen_at"]),
        (&json!(api.parts.now().to_string()), &entry["read_at"])
    );
    assert_eq!(api.told(&mina, "?unread=true").await.len(), 2);
    let everything = json!({"up_to": "9999-12-31T23:59:59.999Z"});
    assert_eq!(api.mark(&mina, "read", &everything).await, json!({"unseen": 0, "unread": 0}));
    assert_eq!(api.waiting(&mina).await, (0, 0));
}

#[testkit::both_databases]
async fn notifications_of_other_people_are_not_marked(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let post = api.post_by(&mina, "글").await;
    api.like(&jun, &post).await;
    let entry = id_of(&api.told(&mina, "").await[0]);
    for body in [json!({"ids": [entry, NOTHING]}), json!({"up_to": api.parts.now().to_string()})] {
        for how in ["seen", "read"] {
            assert_eq!(api.mark(&jun, how, &body).await, json!({"unseen": 0, "unread": 0}));
        }
    }
    assert_eq!(api.waiting(&mina).await, (1, 1));
}

#[testkit::both_databases]
async fn a_withdrawn_like_removes_its_notification(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let post = api.post_by(&mina, "글").await;
    api.like(&jun, &post).await;
    api.delete(&format!("/api/v1/posts/{post}/like")).by(&jun).send().await.expect(200);
    assert_eq!(api.told(&mina, "").await, Vec::<Value>::new());
    assert_eq!(api.waiting(&mina).await, (0, 0));
}

#[tokio::test]
async fn marking_takes_exactly_one_of_ids_and_up_to() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mina = api.person("미나").await;
    let many: Vec<_> = (0..101).map(|_| NOTHING).collect();
    for (body, expected) in [
        (json!({}), vec![("/ids", "required")]),
        (json!({"ids": []}), vec![("/ids", "out_of_range")]),
        (json!({"ids": many}), vec![("/ids", "out_of_range")]),
        (
            json!({"ids": [NOTHING, "x", "", NOTHING.replace('-', "")]}),
            vec![("/ids/1", "bad_format"), ("/ids/2", "bad_format"), ("/ids/3", "bad_format")],
        ),
        (json!({"ids": [1]}), vec![("/ids/0", "bad_format")]),
        (json!({"ids": NOTHING}), vec![("/ids", "bad_format")]),
        (json!({"ids": [NOTHING], "up_to": "2026-01-02T03:04:05Z"}), vec![("/up_to", "not_allowed")]),
        (json!({"up_to": "yesterday"}), vec![("/up_to", "bad_format")]),
        (json!({"up_to": "2026-02-30T00:00:00Z"}), vec![("/up_to", "bad_format")]),
        (json!({"up_to": 1_767_323_045}), vec![("/up_to", "bad_format")]),
        (json!({"all": true}), vec![("/all", "unknown_field")]),
    ] {
        for how in ["read", "seen"] {
            let answer = api.post(&format!("/api/v1/notifications/{how}"), &body).by(&mina).send().await;
            let expected: Vec<_> = expected.iter().flat_map(|fault| faults([*fault])).collect();
            assert_eq!(answer.faults(422, "validation_failed"), expected, "{body}");
        }
    }
    let as_many_as_allowed: Vec<_> = (0..100).map(|_| NOTHING).collect();
    api.mark(&mina, "read", &json!({"ids": as_many_as_allowed})).await;
    let answer = api.get("/api/v1/notifications?unread=maybe").by(&mina).send().await;
    assert_eq!(answer.faults(400, "malformed_request"), faults([("unread", "bad_format")]));
}
