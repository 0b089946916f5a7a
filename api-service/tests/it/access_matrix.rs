//! The authorisation matrix (rule AP2): every operation, called by every actor. The expected statuses stand with the operations.

use api_service::contract::{Actor as Role, Operation, operation, operations};
use domain::ids::{SessionId, UserId};
use identity::passwords::Password;
use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::auth::{PASSWORD, holder};
use crate::test_api::{Actor, TestApi};

/// The account of the example bodies.
const KNOWN: &str = "mina@example.com";

impl TestApi {
    /// Returns the path of an operation on new resources of the owner.
    pub(crate) async fn path_on_things_of(&self, owner: &Actor, template: &str) -> String {
        let mut path = template.replace("{user_id}", &owner.id);
        if path.contains("{session_id}") {
            path = path.replace("{session_id}", &self.session_of(owner).await);
        }
        if path.contains("{post_id}") {
            path = path.replace("{post_id}", &self.post_by(owner, "글").await);
        }
        if path.contains("{comment_id}") {
            let post = self.post_by(owner, "글").await;
            path = path.replace("{comment_id}", &self.comment_by(owner, &post, None).await);
        }
        path
    }

    /// Gives people the password of the example bodies.
    async fn give_password(&self, people: &[&Actor]) {
        let hash = self.parts.credentials.passwords.hash(&Password::parse(PASSWORD).unwrap()).await.unwrap();
        let unit = self.parts.app.store.begin(self.parts.now()).await.unwrap();
        for person in people {
            store::users::set_password(&unit, UserId(person.id.parse().unwrap()), &hash).await.unwrap();
        }
        unit.commit().await.unwrap();
    }

    /// Returns the example body of an operation, with secrets that are currently valid. `email` is the address of a new
    /// account.
    async fn working_body(&self, operation: &Operation, email: &str) -> Option<Value> {
        let mut body = operation.example_body?();
        if body.get("email").is_some() && body.get("password").is_none() || operation.id == "signUp" {
            body["email"] = email.into();
        }
        if body.get("code").is_some() {
            let (purpose, email) = match operation.id {
                "resetPassword" => ("password_reset", KNOWN),
                "changeEmail" => ("email_change", email),
                _ => ("signup", email),
            };
            let flow = self.code_to(purpose, email).await;
            body["flow_id"] = flow.id.into();
            body["code"] = flow.code.into();
        }
        if body.get("refresh_token").is_some() {
            let tokens = self.log_in(KNOWN, PASSWORD).await.expect(201);
            body["refresh_token"] = tokens["refresh_token"].clone();
        }
        Some(body)
    }
}

async fn assert_access(api: &TestApi, operation: &Operation) {
    let id = operation.id;
    let (method, template, _) = api.contract().operation(id);
    for role in Role::ALL {
        let (owner, other) = (api.person("주인").await, api.person("다른 이").await);
        let path = api.path_on_things_of(&owner, template).await;
        if operation.example_body.is_some_and(|example| example().get("current_password").is_some()) {
            api.give_password(&[&owner, &other]).await;
        }
        let body = api.working_body(operation, &format!("{}@new.example.com", owner.id)).await;
        let mut call = api.call(&method.to_ascii_uppercase(), &path);
        if let Some(body) = &body {
            call = call.json(body);
        }
        call = match role {
            Role::Anonymous => call,
            Role::Other => call.by(&other),
            Role::Owner => call.by(&owner),
            Role::LoggedOut => {
                api.delete("/api/v1/auth/sessions/current").by(&owner).send().await;
                call.by(&owner)
            }
        };
        let answer = call.send().await;
        let expected = operation.access.status(role);
        assert_eq!(answer.status, expected, "{id} by {role:?}: {}", answer.body);
        let code = answer.json["code"].as_str();
        match (expected, role) {
            (401, Role::Anonymous) => assert_eq!(code, Some("unauthenticated"), "{id}"),
            (401, _) => assert_eq!(code, Some("session_revoked"), "{id}"),
            (403, _) => {
                let own: Vec<_> = operation.failures.iter().map(|failure| failure.as_str()).collect();
                assert!(own.contains(&code.unwrap()), "{id}: {code:?} is not among its failures");
            }
            _ => {}
        }
        // Spreads the log-ins and mails of one account over time, so that no rate limit interferes.
        api.parts.clock.advance(std::time::Duration::from_mins(21));
    }
}

#[testkit::both_databases]
async fn every_operation_answers_each_actor_as_listed(database: TestDatabase) {
    let api = TestApi::new(database);
    let known = holder(&api.sign_up(KNOWN).await);
    for operation in operations() {
        assert_access(&api, operation).await;
        if operation.id == "resetPassword" {
            api.give_password(&[&known]).await;
        }
    }
}

#[tokio::test]
async fn the_published_security_is_the_one_of_the_matrix() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    for (.., description) in api.contract().operations() {
        let id = description["operationId"].as_str().unwrap();
        let access = operation(id).unwrap().access;
        let schemes = description["security"].as_array().unwrap();
        let is_open = schemes.is_empty() || schemes.contains(&json!({}));
        assert_eq!(access.status(Role::Anonymous) != 401, is_open, "{id}");
        assert_eq!(access.status(Role::LoggedOut) == 401, !schemes.is_empty(), "{id}");
    }
}

/// Rule AP7.
#[tokio::test]
async fn anonymous_callers_never_see_more_than_logged_in_ones() {
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

/// Returns whether everything in `less` is also in `more`.
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
