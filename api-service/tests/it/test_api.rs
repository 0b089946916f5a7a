use api_service::{Parts, Service, ShowsMail, Tuning, routes};
use identity::access_tokens::AccessClaims;
use identity::cursors::CursorSeal;
use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderValue, Method};
use poem::test::TestClient;
use poem::{Body, EndpointExt, Response};
use serde_json::{Value, json};
use testkit::{Checksum, PUBLIC_URL, TestApp, TestDatabase};

use crate::answer::Answer;
use crate::contract::Contract;

/// The service on a database of one test's own. Every answer it gives is held against the published description.
pub(crate) struct TestApi {
    /// The parts below it.
    pub(crate) parts: TestApp,
    /// The service.
    pub(crate) service: Service,
    client: TestClient<BoxEndpoint<'static, Response>>,
}

/// Somebody logged in.
#[derive(Clone)]
pub(crate) struct Actor {
    /// Their id.
    pub(crate) id: String,
    /// Their access token.
    pub(crate) token: String,
}

impl TestApi {
    /// Puts one together that sends mails.
    pub(crate) fn new(database: TestDatabase) -> Self {
        Self::with(database, ShowsMail::No)
    }

    /// Puts one together that sends mails, or shows them.
    pub(crate) fn with(database: TestDatabase, shows_mail: ShowsMail) -> Self {
        let parts = TestApp::new(database);
        let service = Service::new(Parts {
            app: parts.app.clone(),
            credentials: parts.credentials.clone(),
            cursors: CursorSeal::new(&parts.secret),
            tuning: Tuning {
                public_url: PUBLIC_URL.into(),
                allowed_origins: vec!["https://app.example.com".into()],
                trusted_proxies: Vec::new(),
                shows_mail,
            },
        });
        let client = TestClient::new(routes(&service, None).boxed());
        Self { parts, service, client }
    }

    /// Returns the published description.
    pub(crate) fn contract(&self) -> &'static Contract {
        Contract::of(&self.service)
    }

    /// Adds somebody logged in, past the sign-up: hashing a password takes long.
    pub(crate) async fn person(&self, nickname: &str) -> Actor {
        self.people(&[nickname]).await.remove(0)
    }

    /// Adds people logged in.
    pub(crate) async fn people(&self, nicknames: &[&str]) -> Vec<Actor> {
        let app = &self.parts.app;
        let unit = app.store.begin(app.clock.now()).await.unwrap();
        let mut people = Vec::new();
        for nickname in nicknames {
            let caller = self.parts.insert_caller(&unit, nickname).await;
            let claims = AccessClaims {
                user: caller.user_id,
                session: caller.session_id,
                role: caller.role,
                authenticated_at: unit.now(),
            };
            let issued = self.parts.credentials.access_tokens.issue(&claims, unit.now()).unwrap();
            people.push(Actor { id: caller.user_id.to_string(), token: issued.token });
        }
        unit.commit().await.unwrap();
        people
    }

    /// Writes a post and returns its id.
    pub(crate) async fn post_by(&self, author: &Actor, title: &str) -> String {
        let post =
            self.post("/api/v1/posts", &json!({"title": title, "content": "…"})).by(author).send().await;
        id_of(&post.expect(201))
    }

    /// Comments on a post, or answers a comment of it, and returns the comment's id.
    pub(crate) async fn comment_by(&self, author: &Actor, post: &str, parent: Option<&str>) -> String {
        let mut body = json!({"content": "words"});
        if let Some(parent) = parent {
            body["parent_id"] = parent.into();
        }
        let comment = self.post(&format!("/api/v1/posts/{post}/comments"), &body).by(author).send().await;
        id_of(&comment.expect(201))
    }

    /// Likes a post.
    pub(crate) async fn like(&self, actor: &Actor, post: &str) {
        self.put(&format!("/api/v1/posts/{post}/like")).by(actor).send().await.expect(200);
    }

    /// Follows somebody.
    pub(crate) async fn follow(&self, actor: &Actor, person: &Actor) {
        self.put(&format!("/api/v1/users/me/following/{}", person.id)).by(actor).send().await.expect(200);
    }

    /// Returns a checksum of all tables.
    pub(crate) async fn checksum(&self) -> Checksum {
        self.parts.database.checksum().await
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call("GET", path)
    }

    pub(crate) fn put(&self, path: &str) -> Call<'_> {
        self.call("PUT", path)
    }

    pub(crate) fn delete(&self, path: &str) -> Call<'_> {
        self.call("DELETE", path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Call<'_> {
        self.call("POST", path).json(body)
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Call<'_> {
        self.call("PATCH", path).json(body)
    }

    pub(crate) fn call(&self, method: &str, path: &str) -> Call<'_> {
        let method = method.parse().unwrap();
        Call { api: self, method, path: path.to_owned(), headers: Vec::new(), body: Body::empty() }
    }
}

/// Returns the id of a thing.
pub(crate) fn id_of(thing: &Value) -> String {
    thing["id"].as_str().unwrap().to_owned()
}

/// A request that is about to be sent.
pub(crate) struct Call<'a> {
    api: &'a TestApi,
    method: Method,
    path: String,
    headers: Vec<(String, HeaderValue)>,
    body: Body,
}

impl Call<'_> {
    /// Sends it as somebody.
    pub(crate) fn by(self, actor: &Actor) -> Self {
        self.header("authorization", &format!("Bearer {}", actor.token))
    }

    /// Adds a header, beside others of that name.
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        self.header_bytes(name, value.as_bytes())
    }

    /// Adds a header that need not be text.
    pub(crate) fn header_bytes(mut self, name: &str, value: &[u8]) -> Self {
        self.headers.push((name.to_owned(), HeaderValue::from_bytes(value).unwrap()));
        self
    }

    /// Sends JSON along.
    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Sends anything along.
    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    /// Sends it, and asserts that the answer is one the description allows.
    pub(crate) async fn send(self) -> Answer {
        let mut request = self.api.client.request(self.method.clone(), &self.path).body(self.body);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let response = request.send().await.0;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.into_body().into_string().await.unwrap();
        let json = serde_json::from_str(&body).unwrap_or_default();
        let answer = Answer { status, headers, body, json };
        self.api.contract().check(self.method.as_str(), &self.path, &answer);
        answer
    }
}
