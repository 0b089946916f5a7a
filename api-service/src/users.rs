//! Profiles, and who follows whom.

pub(crate) mod body;

use domain::ids::UserId;
use operations::users;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{OpenApi, Tags};

use crate::Service;
use crate::caller::{Caller, MaybeCaller};
use crate::if_match::IfMatch;
use crate::pagination::{List, PageResponse};
use crate::path_id::PathId;
use crate::problem::ApiProblem;
use crate::request_body::RequestBody;
use body::{MeBody, RelationshipBody, UpdateMeBody, UserProfileBody, UserSummaryBody};

#[derive(Tags)]
enum Tag {
    /// Profiles, and who follows whom
    Users,
}

pub(crate) struct UsersApi(pub(crate) Service);

#[OpenApi(prefix_path = "/api/v1/users", tag = "Tag::Users")]
impl UsersApi {
    /// Returns your own account
    #[oai(path = "/me", method = "get", operation_id = "getMe")]
    async fn get_me(&self, caller: Caller) -> Result<Json<MeBody>, ApiProblem> {
        Ok(Json(users::get_me(self.0.app(), &caller.0).await?.into()))
    }

    /// Edits your profile; what is not in the body stays
    #[oai(path = "/me", method = "patch", operation_id = "updateMe")]
    async fn update_me(
        &self,
        caller: Caller,
        /// The version the edit is meant for, in quotes; without it, any
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: RequestBody<UpdateMeBody>,
    ) -> Result<Json<MeBody>, ApiProblem> {
        Ok(Json(users::update_me(self.0.app(), &caller.0, body.0.into_change()?, if_match.0).await?.into()))
    }

    /// Returns somebody's profile
    #[oai(path = "/:user_id", method = "get", operation_id = "getUser")]
    async fn get_user(
        &self,
        caller: MaybeCaller,
        user_id: Path<PathId>,
    ) -> Result<Json<UserProfileBody>, ApiProblem> {
        Ok(Json(users::get_user(self.0.app(), caller.0.as_ref(), user_id.get()?).await?.into()))
    }

    /// Lists those who follow somebody, the latest first
    #[oai(path = "/:user_id/followers", method = "get", operation_id = "listFollowers")]
    async fn list_followers(
        &self,
        // A bad token is refused though nobody is asked for.
        _caller: MaybeCaller,
        user_id: Path<PathId>,
        /// How many at the most: 1 to 100, 20 where nothing is said
        limit: Query<Option<u32>>,
        /// Where to go on
        cursor: Query<Option<String>>,
    ) -> Result<PageResponse<UserSummaryBody>, ApiProblem> {
        let person: UserId = user_id.get()?;
        let list = List::at(&self.0, format!("/api/v1/users/{person}/followers"));
        let request = list.request(*limit, cursor.as_deref())?;
        let page = users::list_followers(self.0.app(), person, &request).await?;
        Ok(list.respond(&request, page, Into::into))
    }

    /// Lists those whom somebody follows, the latest first
    #[oai(path = "/:user_id/following", method = "get", operation_id = "listFollowing")]
    async fn list_following(
        &self,
        // A bad token is refused though nobody is asked for.
        _caller: MaybeCaller,
        user_id: Path<PathId>,
        /// How many at the most: 1 to 100, 20 where nothing is said
        limit: Query<Option<u32>>,
        /// Where to go on
        cursor: Query<Option<String>>,
    ) -> Result<PageResponse<UserSummaryBody>, ApiProblem> {
        let person: UserId = user_id.get()?;
        let list = List::at(&self.0, format!("/api/v1/users/{person}/following"));
        let request = list.request(*limit, cursor.as_deref())?;
        let page = users::list_following(self.0.app(), person, &request).await?;
        Ok(list.respond(&request, page, Into::into))
    }

    /// Follows somebody; again changes nothing
    #[oai(path = "/me/following/:user_id", method = "put", operation_id = "follow")]
    async fn follow(
        &self,
        caller: Caller,
        user_id: Path<PathId>,
    ) -> Result<Json<RelationshipBody>, ApiProblem> {
        Ok(Json(users::follow(self.0.app(), &caller.0, user_id.get()?).await?.into()))
    }

    /// Stops following somebody; again changes nothing
    #[oai(path = "/me/following/:user_id", method = "delete", operation_id = "unfollow")]
    async fn unfollow(
        &self,
        caller: Caller,
        user_id: Path<PathId>,
    ) -> Result<Json<RelationshipBody>, ApiProblem> {
        Ok(Json(users::unfollow(self.0.app(), &caller.0, user_id.get()?).await?.into()))
    }
}
