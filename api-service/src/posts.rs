//! Posts and likes.

mod body;

use domain::ids::{PostId, UserId};
use domain::problem::{FieldFault, FieldProblem};
use domain::{Problem, ProblemCode};
use operations::posts;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi, Tags};

use crate::Service;
use crate::caller::{Caller, MaybeCaller};
use crate::if_match::IfMatch;
use crate::pagination::{List, PageResponse};
use crate::path_id::PathId;
use crate::problem::ApiProblem;
use crate::request_body::RequestBody;
use crate::users::body::UserSummaryBody;
use body::{CreatePostBody, LikeStateBody, PostBody, PostSort, UpdatePostBody};

#[derive(Tags)]
enum Tag {
    /// Posts and likes
    Posts,
}

#[derive(ApiResponse)]
enum PostCreated {
    /// The post is written
    #[oai(status = 201)]
    Created(
        Json<PostBody>,
        /// Where it is
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum PostDeleted {
    /// The post is out of sight
    #[oai(status = 204)]
    NoContent,
}

pub(crate) struct PostsApi(pub(crate) Service);

#[OpenApi(prefix_path = "/api/v1/posts", tag = "Tag::Posts")]
impl PostsApi {
    /// Lists posts, the latest first
    #[oai(path = "/", method = "get", operation_id = "listPosts")]
    async fn list_posts(
        &self,
        caller: MaybeCaller,
        /// Only latest for now
        #[oai(name = "sort")]
        _sort: Query<Option<PostSort>>,
        /// Only those of this person
        author_id: Query<Option<String>>,
        /// How many at the most: 1 to 100, 20 where nothing is said
        limit: Query<Option<u32>>,
        /// Where to go on
        cursor: Query<Option<String>>,
    ) -> Result<PageResponse<PostBody>, ApiProblem> {
        let author: Option<UserId> = match author_id.as_deref() {
            None => None,
            Some(text) => Some(text.parse().map_err(|_not_an_id| Problem {
                fields: vec![FieldProblem::parameter("author_id", FieldFault::BadFormat)],
                ..Problem::new(ProblemCode::MalformedRequest)
            })?),
        };
        let list =
            List::at(&self.0, "/api/v1/posts").with("author_id", author.map(|author| author.to_string()));
        let request = list.request(*limit, cursor.as_deref())?;
        let page = posts::list_posts(self.0.app(), caller.0.as_ref(), author, &request).await?;
        Ok(list.respond(&request, page, Into::into))
    }

    /// Writes a post
    #[oai(path = "/", method = "post", operation_id = "createPost")]
    async fn create_post(
        &self,
        caller: Caller,
        body: RequestBody<CreatePostBody>,
    ) -> Result<PostCreated, ApiProblem> {
        let view = posts::create_post(self.0.app(), &caller.0, body.0.into_new_post()?).await?;
        let location = format!("/api/v1/posts/{}", view.post.id);
        Ok(PostCreated::Created(Json(view.into()), location))
    }

    /// Returns a post
    #[oai(path = "/:post_id", method = "get", operation_id = "getPost")]
    async fn get_post(
        &self,
        caller: MaybeCaller,
        post_id: Path<PathId>,
    ) -> Result<Json<PostBody>, ApiProblem> {
        Ok(Json(posts::get_post(self.0.app(), caller.0.as_ref(), post_id.get()?).await?.into()))
    }

    /// Edits a post of your own; what is not in the body stays
    #[oai(path = "/:post_id", method = "patch", operation_id = "updatePost")]
    async fn update_post(
        &self,
        caller: Caller,
        post_id: Path<PathId>,
        /// The version the edit is meant for, in quotes; without it, any
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: RequestBody<UpdatePostBody>,
    ) -> Result<Json<PostBody>, ApiProblem> {
        let (id, change) = (post_id.get()?, body.0.into_change()?);
        Ok(Json(posts::update_post(self.0.app(), &caller.0, id, change, if_match.0).await?.into()))
    }

    /// Deletes a post of your own
    #[oai(path = "/:post_id", method = "delete", operation_id = "deletePost")]
    async fn delete_post(
        &self,
        caller: Caller,
        post_id: Path<PathId>,
        /// The version meant, in quotes; without it, any
        #[oai(name = "If-Match")]
        if_match: IfMatch,
    ) -> Result<PostDeleted, ApiProblem> {
        posts::delete_post(self.0.app(), &caller.0, post_id.get()?, if_match.0).await?;
        Ok(PostDeleted::NoContent)
    }

    /// Likes a post; again changes nothing
    #[oai(path = "/:post_id/like", method = "put", operation_id = "likePost")]
    async fn like_post(
        &self,
        caller: Caller,
        post_id: Path<PathId>,
    ) -> Result<Json<LikeStateBody>, ApiProblem> {
        Ok(Json(posts::like_post(self.0.app(), &caller.0, post_id.get()?).await?.into()))
    }

    /// Takes a like back; again changes nothing
    #[oai(path = "/:post_id/like", method = "delete", operation_id = "unlikePost")]
    async fn unlike_post(
        &self,
        caller: Caller,
        post_id: Path<PathId>,
    ) -> Result<Json<LikeStateBody>, ApiProblem> {
        Ok(Json(posts::unlike_post(self.0.app(), &caller.0, post_id.get()?).await?.into()))
    }

    /// Lists the people who like a post, the latest first
    #[oai(path = "/:post_id/likes", method = "get", operation_id = "listPostLikes")]
    async fn list_post_likes(
        &self,
        // A bad token is refused though nobody is asked for.
        _caller: MaybeCaller,
        post_id: Path<PathId>,
        /// How many at the most: 1 to 100, 20 where nothing is said
        limit: Query<Option<u32>>,
        /// Where to go on
        cursor: Query<Option<String>>,
    ) -> Result<PageResponse<UserSummaryBody>, ApiProblem> {
        let post: PostId = post_id.get()?;
        let list = List::at(&self.0, format!("/api/v1/posts/{post}/likes"));
        let request = list.request(*limit, cursor.as_deref())?;
        let page = posts::list_post_likes(self.0.app(), post, &request).await?;
        Ok(list.respond(&request, page, Into::into))
    }
}
