//! Profiles and follows.

pub(crate) mod body;
mod credentials_body;

use domain::ProblemCode as P;
use domain::ids::UserId;
use operations::auth::{self, limits};
use operations::users;
use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, OpenApi, Tags};
use serde_json::json;

use crate::Service;
use crate::caller::{Caller, MaybeCaller};
use crate::contract::{Access, Counting, Feature, Operation};
use crate::id::Id;
use crate::if_match::IfMatch;
use crate::json::Json;
use crate::pagination::{PageQuery, PageResponse};
use crate::problem::ApiProblem;
use crate::request_body::RequestBody;
use crate::visitor::FromVisitor;
use body::{MeBody, RelationshipBody, UpdateMeBody, UserProfileBody, UserSummaryBody};
use credentials_body::{ChangeEmailBody, ChangePasswordBody};

#[derive(Tags)]
enum Tag {
    /// Profiles and follows.
    Users,
}

#[derive(ApiResponse)]
enum PasswordChanged {
    /// The password was replaced, and the other sessions were ended.
    #[oai(status = 204)]
    NoContent,
}

pub(crate) struct UsersApi(pub(crate) Service);

impl Feature for UsersApi {
    const OPERATIONS: &'static [Operation] = &[
        Operation::new("getMe", Access::required(200)),
        Operation::new("updateMe", Access::required(200))
            .failures(&[P::VersionMismatch])
            .example_body(|| json!({"nickname": "달", "about": "Rust를 배우는 중", "locale": "en"})),
        Operation::new("changePassword", Access::required(204))
            .failures(&[P::InvalidCredentials, P::PasswordUnchanged, P::PasswordWeak])
            .rate_limits(&[limits::CONFIRM_PASSWORD])
            .example_body(|| {
                json!({
                    "current_password": "blue otters paint slowly",
                    "new_password": "seven herons read aloud",
                })
            }),
        Operation::new("changeEmail", Access::required(200))
            .failures(&[P::InvalidCredentials, P::CodeInvalid, P::CodeAttemptsExhausted, P::EmailTaken])
            .rate_limits(&[limits::CONFIRM_PASSWORD])
            .example_body(|| {
                json!({
                    "current_password": "blue otters paint slowly",
                    "flow_id": "3f2c8a52-7d0e-4c1b-9a6f-5e8d2b7c4a10",
                    "code": "048151",
                })
            }),
        Operation::new("getUser", Access::optional(200)),
        Operation::new("listFollowers", Access::optional(200)),
        Operation::new("listFollowing", Access::optional(200)),
        // The owner of `user_id` is the caller here, so that the answer is 422 `self_follow`.
        Operation::new("follow", Access::required(200).owner(422))
            .counting(Counting::Reaction)
            .failures(&[P::SelfFollow]),
        Operation::new("unfollow", Access::required(200).owner(422))
            .counting(Counting::Reaction)
            .failures(&[P::SelfFollow]),
    ];
}

#[OpenApi(prefix_path = "/api/v1/users", tag = "Tag::Users")]
impl UsersApi {
    /// Returns the caller's account
    ///
    /// The account contains the public profile and what only its owner sees: e-mail address, language and version.
    #[oai(path = "/me", method = "get", operation_id = "getMe")]
    async fn get_me(&self, caller: Caller) -> Result<Json<MeBody>, ApiProblem> {
        Ok(Json::of(users::get_me(self.0.app(), &caller.0).await?))
    }

    /// Edits the caller's account
    ///
    /// Fields that are absent from the body keep their values. An edit that changes a value raises `version`.
    #[oai(path = "/me", method = "patch", operation_id = "updateMe")]
    async fn update_me(
        &self,
        caller: Caller,
        /// Version of the account that the edit is based on. If the current version is another one, the answer is 412. Without this
        /// header, the edit applies to any version.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: RequestBody<UpdateMeBody>,
    ) -> Result<Json<MeBody>, ApiProblem> {
        Ok(Json::of(users::update_me(self.0.app(), &caller.0, body.0, if_match.0).await?))
    }

    /// Changes the caller's password
    ///
    /// Needs the present password. Ends all sessions of the caller but the one of the access token.
    #[oai(path = "/me/password", method = "put", operation_id = "changePassword")]
    async fn change_password(
        &self,
        visitor: FromVisitor,
        caller: Caller,
        body: RequestBody<ChangePasswordBody>,
    ) -> Result<PasswordChanged, ApiProblem> {
        let (app, credentials) = (self.0.app(), self.0.credentials());
        auth::change_password(app, credentials, &visitor.0, &caller.0, body.0).await?;
        Ok(PasswordChanged::NoContent)
    }

    /// Changes the caller's e-mail address
    ///
    /// Needs the password, a flow of `requestEmailCode` for the new address with the purpose `email_change`, and the mailed
    /// code. The old address gets a notice. Sessions stay.
    #[oai(path = "/me/email", method = "put", operation_id = "changeEmail")]
    async fn change_email(
        &self,
        visitor: FromVisitor,
        caller: Caller,
        body: RequestBody<ChangeEmailBody>,
    ) -> Result<Json<MeBody>, ApiProblem> {
        let (app, credentials) = (self.0.app(), self.0.credentials());
        Ok(Json::of(auth::change_email(app, credentials, &visitor.0, &caller.0, body.0).await?))
    }

    /// Returns a person's public profile
    ///
    /// Logged-in callers also get `viewer`: who of the two follows the other.
    #[oai(path = "/:user_id", method = "get", operation_id = "getUser")]
    async fn get_user(
        &self,
        caller: MaybeCaller,
        /// Id of the person.
        Path(user_id): Path<Id<UserId>>,
    ) -> Result<Json<UserProfileBody>, ApiProblem> {
        Ok(Json::of(users::get_user(self.0.app(), caller.0.as_ref(), user_id.0).await?))
    }

    /// Lists the followers of a person
    ///
    /// Returns the newest follower first.
    #[oai(path = "/:user_id/followers", method = "get", operation_id = "listFollowers")]
    async fn list_followers(
        &self,
        // Unused: the extractor refuses a bad access token.
        _caller: MaybeCaller,
        /// Id of the person.
        Path(user_id): Path<Id<UserId>>,
        page: PageQuery,
    ) -> Result<PageResponse<UserSummaryBody>, ApiProblem> {
        Ok(page.respond(users::list_followers(self.0.app(), user_id.0, page.request()).await?))
    }

    /// Lists the people whom a person follows
    ///
    /// Sorted by the time of the follow, newest first.
    #[oai(path = "/:user_id/following", method = "get", operation_id = "listFollowing")]
    async fn list_following(
        &self,
        // Unused: the extractor refuses a bad access token.
        _caller: MaybeCaller,
        /// Id of the person.
        Path(user_id): Path<Id<UserId>>,
        page: PageQuery,
    ) -> Result<PageResponse<UserSummaryBody>, ApiProblem> {
        Ok(page.respond(users::list_following(self.0.app(), user_id.0, page.request()).await?))
    }

    /// Follows a person
    ///
    /// Idempotent. The person is notified, unless the caller has stopped following them within the last 24 hours.
    #[oai(path = "/me/following/:user_id", method = "put", operation_id = "follow")]
    async fn follow(
        &self,
        caller: Caller,
        /// Id of the person to follow.
        Path(user_id): Path<Id<UserId>>,
    ) -> Result<Json<RelationshipBody>, ApiProblem> {
        Ok(Json::of(users::follow(self.0.app(), &caller.0, user_id.0).await?))
    }

    /// Stops following a person
    ///
    /// Idempotent. The notification of the follow no longer names the caller.
    #[oai(path = "/me/following/:user_id", method = "delete", operation_id = "unfollow")]
    async fn unfollow(
        &self,
        caller: Caller,
        /// Id of the person.
        Path(user_id): Path<Id<UserId>>,
    ) -> Result<Json<RelationshipBody>, ApiProblem> {
        Ok(Json::of(users::unfollow(self.0.app(), &caller.0, user_id.0).await?))
    }
}
