use api_service::{Parts, Service, Settings, ShowsMail, routes};
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

/// The service on a database of its own. Every answer is checked against the OpenAPI document.
pub(crate) struct TestApi {
    /// The parts that the service is made of.
    pub(crate) parts: TestApp,
    /// The service.
    pub(crate) service: Service,
    client: TestClient<BoxEndpoint<'static, Response>>,
}

/// A person who is logged in.
#[derive(Clone)]
pub(crate) struct Actor {
    /// Id of the person.
    pub(crate) id: String,
    /// Access token.
    pub(crate) token: String,
}

impl TestApi {
    /// Builds a service that sends mails.
    pub(crate) fn new(database: TestDatabase) -> Self {
        Self::with(database, ShowsMail::No)
    }

    /// Builds a service that sends mails or shows them.
    pub(crate) fn with(database: TestDatabase, shows_mail: ShowsMail) -> Self {
        let parts = TestApp::new(database);
        let (service, client) = process(&parts, shows_mail);
        Self { parts, service, client }
    }

    /// Builds another process of the service on the same database.
    pub(crate) fn other_process(&self) -> (Service, TestClient<BoxEndpoint<'static, Response>>) {
        process(&self.parts, ShowsMail::No)
    }

    /// Returns the OpenAPI document.
    pub(crate) fn contract(&self) -> &'static Contract {
        Contract::of(&self.service)
    }

    /// Inserts a person with a session. It skips the sign-up, because hashing a password is slow.
    pub(crate) async fn person(&self, nickname: &str) -> Actor {
        self.people(&[nickname]).await.remove(0)
    }

    /// Inserts people with a session each.
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

    /// Creates a post and returns its id.
    pub(crate) async fn post_by(&self, author: &Actor, title: &str) -> String {
        let post =
            self.post("/api/v1/posts", &json!({"title": title, "content": "…"})).by(author).send().await;
        id_of(&post.expect(201))
    }

    /// Creates a comment or a reply and returns its id.
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

    /// Follows a person.
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

/// Builds a process of the service.
fn process(parts: &TestApp, shows_mail: ShowsMail) -> (Service, TestClient<BoxEndpoint<'static, Response>>) {
    let service = Service::new(Parts {
        app: parts.app.clone(),
        credentials: parts.credentials.clone(),
        cursors: CursorSeal::new(&parts.secret),
        settings: Settings {
            edge: edge::Settings {
                allowed_origins: vec!["https://app.example.com".parse().unwrap()],
                // The client of a test has no address: it is trusted as a proxy that sends one.
                trusted_proxies: vec!["0.0.0.0".parse().unwrap()],
                ..edge::Settings::new(PUBLIC_URL)
            },
            shows_mail,
        },
    });
    let client = TestClient::new(routes(&service, None).boxed());
    (service, client)
}

/// Returns the id in a body.
pub(crate) fn id_of(thing: &Value) -> String {
    thing["id"].as_str().unwrap().to_owned()
}

/// A request before it is sent.
pub(crate) struct Call<'a> {
    api: &'a TestApi,
    method: Method,
    path: String,
    headers: Vec<(String, HeaderValue)>,
    body: Body,
}

impl Call<'_> {
    /// Authenticates the request.
    pub(crate) fn by(self, actor: &Actor) -> Self {
        self.header("authorization", &format!("Bearer {}", actor.token))
    }

    /// Adds a header, even if there is one of that name.
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        self.header_bytes(name, value.as_bytes())
    }

    /// Adds a header whose value may be any bytes.
    pub(crate) fn header_bytes(mut self, name: &str, value: &[u8]) -> Self {
        self.headers.push((name.to_owned(), HeaderValue::from_bytes(value).unwrap()));
        self
    }

    /// Sets a JSON body.
    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Sets a body.
    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    /// Sends the request and asserts that the OpenAPI document allows the answer.
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
