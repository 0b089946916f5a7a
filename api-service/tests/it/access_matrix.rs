//! Who may call what (rule AP2). An operation without a row here fails the test, and so does a row without an operation.

use std::collections::BTreeSet;

use domain::ids::{SessionId, UserId};
use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::auth::PASSWORD;
use crate::mistyped_fields::good_body;
use crate::test_api::{Actor, TestApi};

/// The operation, and what it answers the anonymous, somebody else, the owner of the thing, and the owner after they
/// logged out.
const MATRIX: [(&str, [u16; 4]); 33] = [
    ("createComment", [401, 201, 201, 401]),
    ("createPost", [401, 201, 201, 401]),
    ("createRealtimeTicket", [401, 201, 201, 401]),
    ("deleteComment", [401, 403, 204, 401]),
    ("deletePost", [401, 403, 204, 401]),
    // Nobody can follow themselves.
    ("follow", [401, 200, 422, 401]),
    ("getHealth", [200, 200, 200, 200]),
    ("getKeys", [200, 200, 200, 200]),
    ("getMe", [401, 200, 200, 401]),
    ("getMeta", [200, 200, 200, 200]),
    ("getPost", [200, 200, 200, 401]),
    ("getReadiness", [200, 200, 200, 200]),
    ("getUnread", [401, 200, 200, 401]),
    ("getUser", [200, 200, 200, 401]),
    ("likePost", [401, 200, 200, 401]),
    ("listComments", [200, 200, 200, 401]),
    ("listFollowers", [200, 200, 200, 401]),
    ("listFollowing", [200, 200, 200, 401]),
    ("listNotifications", [401, 200, 200, 401]),
    ("listPostLikes", [200, 200, 200, 401]),
    ("listPosts", [200, 200, 200, 401]),
    ("listReplies", [200, 200, 200, 401]),
    ("logIn", [201, 201, 201, 201]),
    ("logOut", [401, 204, 204, 401]),
    ("readNotifications", [401, 200, 200, 401]),
    ("refreshTokens", [200, 200, 200, 200]),
    ("requestEmailCode", [202, 202, 202, 202]),
    ("seeNotifications", [401, 200, 200, 401]),
    ("signUp", [201, 201, 201, 201]),
    ("unfollow", [401, 200, 422, 401]),
    ("unlikePost", [401, 200, 200, 401]),
    ("updateMe", [401, 200, 200, 401]),
    ("updatePost", [401, 403, 200, 401]),
];

const ACTORS: [&str; 4] = ["anonymous", "other", "owner", "logged out"];

impl TestApi {
    /// Returns the path of an operation on new things of the owner's.
    async fn path_on_things_of(&self, owner: &Actor, template: &str) -> String {
        let mut path = template.replace("{user_id}", &owner.id);
        if path.contains("{post_id}") {
            path = path.replace("{post_id}", &self.post_by(owner, "글").await);
        }
        if path.contains("{comment_id}") {
            let post = self.post_by(owner, "글").await;
            path = path.replace("{comment_id}", &self.comment_by(owner, &post, None).await);
        }
        path
    }

    /// Returns a body that works at this moment.
    async fn body_of(&self, operation: &str, email: &str) -> Option<Value> {
        Some(match operation {
            "requestEmailCode" => json!({"email": email, "purpose": "signup"}),
            "signUp" => json!({"email": email, "code": self.code_for(email).await, "password": PASSWORD}),
            "logIn" => json!({"email": "known@example.com", "password": PASSWORD}),
            "refreshTokens" => {
                let tokens = self.log_in("known@example.com", PASSWORD).await.expect(201);
                json!({"refresh_token": tokens["refresh_token"]})
            }
            _ => return good_body(operation),
        })
    }
}

async fn assert_row(api: &TestApi, id: &str, expected: [u16; 4]) {
    let (method, template, _) = api.contract().operation(id);
    for (actor, expected) in ACTORS.into_iter().zip(expected) {
        let (owner, other) = (api.person("주인").await, api.person("다른 이").await);
        let path = api.path_on_things_of(&owner, template).await;
        let body = api.body_of(id, &format!("{}@new.example.com", owner.id)).await;
        let mut call = api.call(&method.to_ascii_uppercase(), &path);
        if let Some(body) = &body {
            call = call.json(body);
        }
        call = match actor {
            "anonymous" => call,
            "other" => call.by(&other),
            "owner" => call.by(&owner),
            _ => {
                api.delete("/api/v1/auth/sessions/current").by(&owner).send().await;
                call.by(&owner)
            }
        };
        let answer = call.send().await;
        assert_eq!(answer.status, expected, "{id} by {actor}: {}", answer.body);
        let code = answer.json["code"].as_str();
        match (expected, actor) {
            (401, "anonymous") => assert_eq!(code, Some("unauthenticated"), "{id}"),
            (401, _) => assert_eq!(code, Some("session_revoked"), "{id}"),
            (403, _) => assert_eq!(code, Some("not_author"), "{id}"),
            _ => {}
        }
        // One person's log-ins are counted; here they are not what is looked at.
        api.parts.clock.advance(std::time::Duration::from_secs(15));
    }
}

#[testkit::both_databases]
async fn every_operation_answers_everybody_as_it_should(database: TestDatabase) {
    let api = TestApi::new(database);
    api.sign_up("known@example.com").await;
    for (id, expected) in MATRIX {
        assert_row(&api, id, expected).await;
    }
}

#[tokio::test]
async fn every_operation_has_a_row_and_every_row_an_operation() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let operations: BTreeSet<_> = api
        .contract()
        .operations()
        .map(|(.., operation)| operation["operationId"].as_str().unwrap())
        .collect();
    let rows: BTreeSet<_> = MATRIX.iter().map(|(id, _)| *id).collect();
    assert_eq!(operations, rows);
    assert_eq!(rows.len(), MATRIX.len(), "a row is there twice");
    for (id, [anonymous, ..]) in MATRIX {
        let (.., operation) = api.contract().operation(id);
        let security = operation["security"].as_array();
        let is_open = security.is_none_or(|ways| ways.contains(&json!({})));
        assert_eq!(anonymous != 401, is_open, "{id}: the description says otherwise");
    }
}

/// Rule AP7.
#[tokio::test]
async fn leaving_the_token_out_never_shows_more() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let (owner, other) = (api.person("주인").await, api.person("다른 이").await);
    let post = api.post_by(&owner, "글").await;
    let comment = api.comment_by(&owner, &post, None).await;
    api.comment_by(&owner, &post, Some(&comment)).await;
    for person in [&owner, &other] {
        api.like(person, &post).await;
    }
    api.follow(&other, &owner).await;
    for (method, template, _) in api.contract().operations() {
        if method != "get" {
            continue;
        }
        let path = template.replace("{user_id}", &owner.id).replace("{post_id}", &post);
        let path = path.replace("{comment_id}", &comment);
        let without = api.get(&path).send().await;
        for person in [&owner, &other] {
            let with = api.get(&path).by(person).send().await;
            assert!(with.status <= without.status, "{path}");
            if without.status == 200 {
                assert!(
                    is_part_of(&without.json, &with.json),
                    "{path}: {} is not part of {}",
                    without.body,
                    with.body
                );
            }
        }
    }
}

/// Tells whether everything in `less` is in `more` too.
fn is_part_of(less: &Value, more: &Value) -> bool {
    match (less, more) {
        (Value::Object(less), Value::Object(more)) => {
            less.iter().all(|(name, value)| more.get(name).is_some_and(|other| is_part_of(value, other)))
        }
        (Value::Array(less), Value::Array(more)) => {
            less.len() == more.len() && less.iter().zip(more).all(|(less, more)| is_part_of(less, more))
        }
        _ => less == more,
    }
}

#[tokio::test]
async fn a_token_of_one_person_with_the_session_of_another_is_refused() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let tokens = api.sign_up("mina@example.com").await;
    let jun = api.person("준").await;
    let claims = identity::access_tokens::AccessClaims {
        user: UserId(jun.id.parse().unwrap()),
        session: SessionId(tokens["session_id"].as_str().unwrap().parse().unwrap()),
        role: domain::users::Role::Admin,
        authenticated_at: api.parts.now(),
    };
    let issued = api.parts.credentials.access_tokens.issue(&claims, api.parts.now()).unwrap();
    let mixed = Actor { id: jun.id, token: issued.token };
    api.get("/api/v1/users/me").by(&mixed).send().await.problem(401, "session_revoked");
}
