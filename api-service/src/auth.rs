//! Sign-up, log-in and sessions.

mod body;
pub(crate) mod fields;

use domain::ProblemCode as P;
use domain::ids::SessionId;
use operations::auth::{self, limits};
use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, OpenApi, Tags};
use serde_json::json;

use crate::Service;
use crate::caller::Caller;
use crate::contract::{Access, Feature, Operation};
use crate::id::Id;
use crate::json::Json;
use crate::problem::ApiProblem;
use crate::request_body::RequestBody;
use crate::visitor::FromVisitor;
use body::{
    EmailCodeRequestedBody, LogInBody, RefreshTokensBody, RequestEmailCodeBody, ResetPasswordBody,
    SessionListBody, SessionTokensBody, SignUpBody,
};

#[derive(Tags)]
enum Tag {
    /// Sign-up, log-in and sessions.
    Auth,
}

#[derive(ApiResponse)]
enum CodeRequested {
    /// The code will be mailed. The answer does not depend on whether the address has an account.
    #[oai(status = 202)]
    Accepted(Json<EmailCodeRequestedBody>),
}

#[derive(ApiResponse)]
enum SignedUp {
    /// The account was created and a session was started.
    #[oai(status = 201)]
    Created(
        Json<SessionTokensBody>,
        /// Path of the new profile.
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum PasswordReset {
    /// The password was replaced, and all sessions were ended.
    #[oai(status = 204)]
    NoContent,
}

#[derive(ApiResponse)]
enum LoggedIn {
    /// A session was started.
    #[oai(status = 201)]
    Created(Json<SessionTokensBody>),
}

#[derive(ApiResponse)]
enum SessionsEnded {
    /// No session of those meant is live any more.
    #[oai(status = 204)]
    NoContent,
}

pub(crate) struct AuthApi(pub(crate) Service);

impl Feature for AuthApi {
    const OPERATIONS: &'static [Operation] = &[
        Operation::new("requestEmailCode", Access::public(202))
            .failures(&[P::CodeCooldown])
            .rate_limits(&[limits::CODE_MAILBOX, limits::CODE_ADDRESS])
            .example_body(|| json!({"email": "mina@example.com", "purpose": "signup"})),
        Operation::new("signUp", Access::public(201))
            .failures(&[P::CodeInvalid, P::CodeAttemptsExhausted, P::PasswordWeak, P::EmailTaken])
            .rate_limits(&[limits::SIGN_UP_ADDRESS])
            .example_body(|| {
                json!({
                    "email": "mina@example.com",
                    "flow_id": "3f2c8a52-7d0e-4c1b-9a6f-5e8d2b7c4a10",
                    "code": "048151",
                    "password": "blue otters paint slowly",
                    "nickname": "미나",
                    "locale": "ko",
                })
            }),
        Operation::new("resetPassword", Access::public(204))
            .failures(&[P::CodeInvalid, P::CodeAttemptsExhausted, P::PasswordWeak])
            .rate_limits(&[limits::PASSWORD_RESET_ADDRESS])
            .example_body(|| {
                json!({
                    "flow_id": "3f2c8a52-7d0e-4c1b-9a6f-5e8d2b7c4a10",
                    "code": "048151",
                    "new_password": "seven herons read aloud",
                })
            }),
        Operation::new("logIn", Access::public(201))
            .failures(&[P::InvalidCredentials])
            .rate_limits(&[limits::LOG_IN_ADDRESS])
            .example_body(|| json!({"email": "mina@example.com", "password": "blue otters paint slowly"})),
        Operation::new("listSessions", Access::required(200)),
        Operation::new("logOut", Access::required(204)),
        Operation::new("revokeSession", Access::required(404).owner(204)),
        Operation::new("revokeOtherSessions", Access::required(204)),
        Operation::new("refreshTokens", Access::public(200))
            .failures(&[P::RefreshTokenInvalid, P::RefreshTokenReused])
            .rate_limits(&[limits::REFRESH_ADDRESS])
            .example_body(|| json!({"refresh_token": "v1.AZpGxGsAcAC8HsyPTdN4cA.0.q3Pp0p3QzDkV0Xr1m2nA5w"})),
    ];
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Auth")]
impl AuthApi {
    /// Mails a code that proves an e-mail address
    ///
    /// Begins a flow. The mail holds six digits, valid for 10 minutes and 5 attempts with the `flow_id` of the response;
    /// other flows neither use nor end them. A mailbox gets 3 mails an hour, with 60 seconds between two. A code never
    /// starts a session by itself. A code that is not six digits is refused without counting an attempt.
    #[oai(path = "/email-codes", method = "post", operation_id = "requestEmailCode")]
    async fn request_email_code(
        &self,
        visitor: FromVisitor,
        body: RequestBody<RequestEmailCodeBody>,
    ) -> Result<CodeRequested, ApiProblem> {
        let (email, purpose) = body.0;
        let (app, credentials) = (self.0.app(), self.0.credentials());
        let requested = auth::request_email_code(app, credentials, &visitor.0, email, purpose).await?;
        Ok(CodeRequested::Accepted(Json::of(requested)))
    }

    /// Creates an account
    ///
    /// Needs the flow of `requestEmailCode` for the same address and the mailed code. Also starts a session, as `logIn` does.
    #[oai(path = "/signups", method = "post", operation_id = "signUp")]
    async fn sign_up(
        &self,
        visitor: FromVisitor,
        body: RequestBody<SignUpBody>,
    ) -> Result<SignedUp, ApiProblem> {
        let tokens = auth::sign_up(self.0.app(), self.0.credentials(), &visitor.0, body.0).await?;
        let location = format!("/api/v1/users/{}", tokens.user.id);
        Ok(SignedUp::Created(self.session_tokens(tokens), location))
    }

    /// Replaces a forgotten password
    ///
    /// Needs a flow of `requestEmailCode` for the purpose `password_reset` and the mailed code. Ends all sessions of the
    /// person. An address without an account gets no code, and every code is answered as a wrong one.
    #[oai(path = "/password-resets", method = "post", operation_id = "resetPassword")]
    async fn reset_password(
        &self,
        visitor: FromVisitor,
        body: RequestBody<ResetPasswordBody>,
    ) -> Result<PasswordReset, ApiProblem> {
        auth::reset_password(self.0.app(), self.0.credentials(), &visitor.0, body.0).await?;
        Ok(PasswordReset::NoContent)
    }

    /// Logs in with e-mail address and password
    ///
    /// Starts a session. An unknown address and a wrong password get the same answer. After 5 failures in a row from one
    /// network (/24 or /64), the next attempt for the account has to wait for one second; the delay doubles with every
    /// failure, up to 15 minutes. After 100 failures in a row, the network has to wait for 7 days without an attempt. A
    /// client that sends the `device_token` of an earlier log-in has failures of its own, and others cannot delay it.
    #[oai(path = "/sessions", method = "post", operation_id = "logIn")]
    async fn log_in(
        &self,
        visitor: FromVisitor,
        body: RequestBody<LogInBody>,
    ) -> Result<LoggedIn, ApiProblem> {
        let tokens = auth::log_in(self.0.app(), self.0.credentials(), &visitor.0, body.0).await?;
        Ok(LoggedIn::Created(self.session_tokens(tokens)))
    }

    /// Lists the caller's sessions
    ///
    /// Returns the live sessions, the one used last first. A person has at most 10; a further log-in ends the oldest.
    #[oai(path = "/sessions", method = "get", operation_id = "listSessions")]
    async fn list_sessions(&self, caller: Caller) -> Result<Json<SessionListBody>, ApiProblem> {
        Ok(Json::of(auth::list_sessions(self.0.app(), &caller.0).await?))
    }

    /// Logs out
    ///
    /// Ends the session of the access token. Its tokens are refused from now on, and its sockets are closed.
    #[oai(path = "/sessions/current", method = "delete", operation_id = "logOut")]
    async fn log_out(&self, caller: Caller) -> Result<SessionsEnded, ApiProblem> {
        auth::log_out(self.0.app(), &caller.0).await?;
        Ok(SessionsEnded::NoContent)
    }

    /// Ends one of the caller's sessions
    ///
    /// Its tokens are refused from now on, and its sockets are closed. Idempotent.
    #[oai(path = "/sessions/:session_id", method = "delete", operation_id = "revokeSession")]
    async fn revoke_session(
        &self,
        caller: Caller,
        /// Id of the session.
        Path(session_id): Path<Id<SessionId>>,
    ) -> Result<SessionsEnded, ApiProblem> {
        auth::revoke_session(self.0.app(), &caller.0, session_id.0).await?;
        Ok(SessionsEnded::NoContent)
    }

    /// Ends all other sessions of the caller
    ///
    /// The session of the access token stays. Idempotent.
    #[oai(path = "/sessions", method = "delete", operation_id = "revokeOtherSessions")]
    async fn revoke_other_sessions(&self, caller: Caller) -> Result<SessionsEnded, ApiProblem> {
        auth::revoke_other_sessions(self.0.app(), &caller.0).await?;
        Ok(SessionsEnded::NoContent)
    }

    /// Exchanges a refresh token for new tokens
    ///
    /// The refresh token is replaced by the returned one. Within 30 seconds, the replaced token returns the same
    /// refresh token again, with a new access token, because an answer may have been lost; using an older token
    /// ends the session.
    #[oai(path = "/tokens/refresh", method = "post", operation_id = "refreshTokens")]
    async fn refresh_tokens(
        &self,
        visitor: FromVisitor,
        body: RequestBody<RefreshTokensBody>,
    ) -> Result<Json<SessionTokensBody>, ApiProblem> {
        let (app, credentials) = (self.0.app(), self.0.credentials());
        let tokens = auth::refresh_tokens(app, credentials, &visitor.0, &body.0).await?;
        Ok(self.session_tokens(tokens))
    }
}

impl AuthApi {
    /// Builds the answer that holds tokens; `expires_in` counts from now.
    fn session_tokens(&self, tokens: auth::SessionTokens) -> Json<SessionTokensBody> {
        Json(SessionTokensBody::of(tokens, self.0.app().clock.now()))
    }
}
