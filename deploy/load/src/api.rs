use std::time::Duration;

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::LoadFault;

/// Deadline of one call.
const DEADLINE: Duration = Duration::from_secs(15);
/// How often the mail page is polled before the mail is given up, and the interval.
const MAIL_LOOKS: (u32, Duration) = (100, Duration::from_millis(50));

/// A client of one system's API.
#[derive(Clone)]
pub struct Api {
    client: Client,
    url: String,
}

/// A person who signed up.
#[derive(Clone, Debug)]
pub struct Person {
    /// The id.
    pub id: String,
    /// The access token.
    pub token: String,
}

/// A response of the API.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The header `Retry-After`, if there is one.
    pub retry_after: Option<String>,
    /// The body; null if there is none.
    pub body: Value,
}

impl Answer {
    /// Returns the text at a JSON Pointer of the body.
    pub fn text(&self, pointer: &str) -> Result<String, LoadFault> {
        let text = self.body.pointer(pointer).and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| LoadFault::Unexpected(format!("no {pointer} in {self:?}")))
    }

    /// Returns `self` if the status is the expected one, otherwise an error.
    pub fn expect(self, status: u16) -> Result<Self, LoadFault> {
        if self.status == status { Ok(self) } else { Err(LoadFault::Unexpected(format!("{self:?}"))) }
    }
}

impl Api {
    /// Creates a client of the system at `url`, which must not end with a slash.
    pub fn new(url: &str) -> Result<Self, LoadFault> {
        let client = Client::builder().timeout(DEADLINE).build()?;
        Ok(Self { client, url: url.trim_end_matches('/').to_owned() })
    }

    /// Returns the URL of the system.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Calls the API, with the person's access token if there is one.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        who: Option<&Person>,
        body: Option<Value>,
    ) -> Result<Answer, LoadFault> {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(person) = who {
            request = request.bearer_auth(&person.token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request.send().await?).await
    }

    /// Signs a person up: requests a code, reads it on the mail page, sends the password.
    pub async fn sign_up(&self, name: &str) -> Result<Person, LoadFault> {
        let email = format!("{name}@example.com");
        let wanted = json!({ "email": email, "purpose": "signup" });
        let requested = self.call(Method::POST, "/api/v1/auth/email-codes", None, Some(wanted)).await?;
        let flow = requested.expect(202)?.text("/flow_id")?;
        let code = self.code_for(&email).await?;
        let body = json!({
            "email": email, "flow_id": flow, "code": code, "password": "blue otters paint slowly", "nickname": name,
        });
        let tokens = self.call(Method::POST, "/api/v1/auth/signups", None, Some(body)).await?.expect(201)?;
        Ok(Person { id: tokens.text("/user/id")?, token: tokens.text("/access_token")? })
    }

    /// Creates a post and returns its id.
    pub async fn post(&self, author: &Person, title: &str) -> Result<String, LoadFault> {
        let body = json!({ "title": title, "content": "…" });
        let created = self.call(Method::POST, "/api/v1/posts", Some(author), Some(body)).await?;
        created.expect(201)?.text("/id")
    }

    /// Requests a ticket for a socket.
    pub async fn ticket(&self, person: &Person) -> Result<Answer, LoadFault> {
        self.call(Method::POST, "/api/v1/realtime/tickets", Some(person), None).await?.expect(201)
    }

    /// Waits for the mail with the code.
    async fn code_for(&self, email: &str) -> Result<String, LoadFault> {
        let (looks, between) = MAIL_LOOKS;
        for _ in 0..looks {
            let mails = self.call(Method::GET, "/dev/mail.json", None, None).await?.expect(200)?;
            let code = mails.body.as_array().into_iter().flatten().find_map(|mail| {
                let to = mail.get("to").and_then(Value::as_str);
                let text = mail.get("text").and_then(Value::as_str).filter(|_| to == Some(email))?;
                let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
                text.split_whitespace().find(is_code).map(str::to_owned)
            });
            if let Some(code) = code {
                return Ok(code);
            }
            tokio::time::sleep(between).await;
        }
        Err(LoadFault::Unexpected(format!("no mail to {email}")))
    }
}

async fn answer(response: Response) -> Result<Answer, LoadFault> {
    let status = response.status().as_u16();
    let retry_after =
        response.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let text = response.text().await?;
    let body = if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    };
    Ok(Answer { status, retry_after, body })
}
