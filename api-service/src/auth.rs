//! Signing up, logging in, staying in.

mod body;

use operations::auth;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi, Tags};

use crate::Service;
use crate::caller::Caller;
use crate::problem::ApiProblem;
use crate::request_body::RequestBody;
use crate::visitor::FromVisitor;
use body::{
    EmailCodeRequestedBody, LogInBody, RefreshTokensBody, RequestEmailCodeBody, SessionTokensBody, SignUpBody,
};

#[derive(Tags)]
enum Tag {
    /// Signing up, logging in, staying in
    Auth,
}

#[derive(ApiResponse)]
enum CodeRequested {
    /// A mail is on its way, whether or not the address has an account
    #[oai(status = 202)]
    Accepted(Json<EmailCodeRequestedBody>),
}

#[derive(ApiResponse)]
enum SignedUp {
    /// The account is made and you are logged in
    #[oai(status = 201)]
    Created(
        Json<SessionTokensBody>,
        /// Where the profile is
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum LoggedIn {
    /// You are logged in
    #[oai(status = 201)]
    Created(Json<SessionTokensBody>),
}

#[derive(ApiResponse)]
enum LoggedOut {
    /// The session has ended
    #[oai(status = 204)]
    NoContent,
}

pub(crate) struct AuthApi(pub(crate) Service);

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Auth")]
impl AuthApi {
    /// Mails a code that proves an address; a code never logs anybody in
    #[oai(path = "/email-codes", method = "post", operation_id = "requestEmailCode")]
    async fn request_email_code(
        &self,
        visitor: FromVisitor,
        body: RequestBody<RequestEmailCodeBody>,
    ) -> Result<CodeRequested, ApiProblem> {
        let (email, purpose) = body.0.into_input()?;
        let (app, credentials) = (self.0.app(), self.0.credentials());
        let requested = auth::request_email_code(app, credentials, &visitor.0, email, purpose).await?;
        Ok(CodeRequested::Accepted(Json(requested.into())))
    }

    /// Makes an account at a proven address and logs in to it
    #[oai(path = "/signups", method = "post", operation_id = "signUp")]
    async fn sign_up(
        &self,
        visitor: FromVisitor,
        body: RequestBody<SignUpBody>,
    ) -> Result<SignedUp, ApiProblem> {
        let input = body.0.into_input()?;
        let tokens = auth::sign_up(self.0.app(), self.0.credentials(), &visitor.0, input).await?;
        let location = format!("/api/v1/users/{}", tokens.user.id);
        Ok(SignedUp::Created(Json(SessionTokensBody::of(tokens, self.0.app().clock.now())), location))
    }

    /// Logs in with address and password
    #[oai(path = "/sessions", method = "post", operation_id = "logIn")]
    async fn log_in(
        &self,
        visitor: FromVisitor,
        body: RequestBody<LogInBody>,
    ) -> Result<LoggedIn, ApiProblem> {
        let input = body.0.into_input()?;
        let tokens = auth::log_in(self.0.app(), self.0.credentials(), &visitor.0, input).await?;
        Ok(LoggedIn::Created(Json(SessionTokensBody::of(tokens, self.0.app().clock.now()))))
    }

    /// Logs out: ends the session, its tokens and its sockets
    #[oai(path = "/sessions/current", method = "delete", operation_id = "logOut")]
    async fn log_out(&self, caller: Caller) -> Result<LoggedOut, ApiProblem> {
        auth::log_out(self.0.app(), &caller.0).await?;
        Ok(LoggedOut::NoContent)
    }

    /// Takes a refresh token for the next pair of tokens
    #[oai(path = "/tokens/refresh", method = "post", operation_id = "refreshTokens")]
    async fn refresh_tokens(
        &self,
        visitor: FromVisitor,
        body: RequestBody<RefreshTokensBody>,
    ) -> Result<Json<SessionTokensBody>, ApiProblem> {
        let (app, credentials) = (self.0.app(), self.0.credentials());
        let tokens = auth::refresh_tokens(app, credentials, &visitor.0, &body.0.refresh_token).await?;
        Ok(Json(SessionTokensBody::of(tokens, app.clock.now())))
    }
}
