//! Sign-up, log-in, refresh and log-out.

mod credentials;
mod email_codes;
mod guessing;
mod log_in;
mod notices;
mod refresh_tokens;
mod sessions;
mod sign_up;

use domain::Problem;
use domain::auth::CodePurpose;
use domain::ids::CodeFlowId;
use domain::users::EmailAddress;
use identity::codes::Code;
use identity::passwords::Password;
use operations::OperationError;
use operations::auth::{self, CodeRequested, LogIn, SessionTokens, SignUp, TypedCode};
use testkit::TestApp;

use crate::fixtures::problem;

pub(crate) const PASSWORD: &str = "blue otters paint slowly";

pub(crate) fn address(text: &str) -> EmailAddress {
    EmailAddress::parse("/email", text).unwrap()
}

pub(crate) async fn request_code(app: &TestApp, email: &str) -> Result<CodeRequested, OperationError> {
    request_code_for(app, email, CodePurpose::SignUp).await
}

pub(crate) async fn request_code_for(
    app: &TestApp,
    email: &str,
    purpose: CodePurpose,
) -> Result<CodeRequested, OperationError> {
    let visitor = app.visitor(email);
    auth::request_email_code(&app.app, &app.credentials, &visitor, address(email), purpose).await
}

/// A flow and the code that was mailed for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) id: CodeFlowId,
    pub(crate) code: String,
}

impl Flow {
    /// Returns the flow with another code, which is wrong.
    pub(crate) fn with_wrong_code(&self) -> Self {
        Self { id: self.id, code: other_than(&self.code).to_owned() }
    }

    /// Returns the proof that operations take.
    pub(crate) fn proof(&self) -> TypedCode {
        TypedCode { flow_id: self.id, code: Code::parse(&self.code).unwrap() }
    }
}

/// Requests a code and returns the one that was mailed.
pub(crate) async fn mailed_code(app: &TestApp, email: &str) -> Flow {
    mailed_code_for(app, email, CodePurpose::SignUp).await
}

pub(crate) async fn mailed_code_for(app: &TestApp, email: &str, purpose: CodePurpose) -> Flow {
    let requested = request_code_for(app, email, purpose).await.unwrap();
    app.run_jobs().await;
    Flow { id: requested.flow_id, code: app.mailbox.code_for(address(email).as_str()) }
}

pub(crate) fn sign_up_input(email: &str, flow: &Flow) -> SignUp {
    SignUp {
        email: address(email),
        proof: flow.proof(),
        password: Password::parse(PASSWORD).unwrap(),
        nickname: None,
        locale: None,
    }
}

pub(crate) async fn sign_up(
    app: &TestApp,
    email: &str,
    flow: &Flow,
) -> Result<SessionTokens, OperationError> {
    auth::sign_up(&app.app, &app.credentials, &app.visitor(email), sign_up_input(email, flow)).await
}

pub(crate) fn log_in_input(email: &str, password: &str, device_token: Option<&String>) -> LogIn {
    let device_token = device_token.cloned();
    LogIn { email: address(email), password: password.to_owned(), device_token }
}

pub(crate) async fn log_in(
    app: &TestApp,
    email: &str,
    password: &str,
) -> Result<SessionTokens, OperationError> {
    let input = log_in_input(email, password, None);
    auth::log_in(&app.app, &app.credentials, &app.visitor(email), input).await
}

pub(crate) async fn refresh(app: &TestApp, token: &str) -> Result<SessionTokens, OperationError> {
    auth::refresh_tokens(&app.app, &app.credentials, &app.visitor("refresher"), token).await
}

/// Returns six digits that differ from `code`.
pub(crate) fn other_than(code: &str) -> &'static str {
    if code == "314159" { "271828" } else { "314159" }
}

/// Returns the problem and its number of attempts left.
pub(crate) fn tries_left<T>(answer: Result<T, OperationError>) -> (Problem, Option<i64>) {
    let problem = problem(answer);
    let left = problem.params.get("attempts_left").and_then(serde_json::Value::as_i64);
    (problem, left)
}
