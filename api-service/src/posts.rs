//! Posts and likes.

mod body;

use domain::ProblemCode as P;
use domain::ids::{PostId, UserId};
use operations::posts;
use poem_openapi::param::{Path, Query};
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
use crate::users::body::UserSummaryBody;
use body::{CreatePostBody, LikeStateBody, PostBody, PostSort, UpdatePostBody};

#[derive(Tags)]
enum Tag {
    /// Posts and their likes.
    Posts,
}

#[derive(ApiResponse)]
enum PostCreated {
    /// The post was created.
    #[oai(status = 201)]
    Created(
        Json<PostBody>,
        /// Path of the new post.
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum PostDeleted {
    /// The post was deleted.
    #[oai(status = 204)]
    NoContent,
}

pub(crate) struct PostsApi(pub(crate) Service);

impl Feature for PostsApi {
    const OPERATIONS: &'static [Operation] = &[
        Operation::new("listPosts", Access::optional(200)),
        Operation::new("createPost", Access::required(201))
            .takes_idempotency_key()
            .example_body(|| json!({"title": "첫 글", "content": "안녕하세요!"})),
        Operation::new("getPost", Access::optional(200)),
        Operation::new("updatePost", Access::owner_only(200))
            .failures(&[P::NotAuthor, P::VersionMismatch])
            .example_body(|| json!({"title": "고친 제목", "content": "고친 글"})),
        Operation::new("deletePost", Access::owner_only(204)).failures(&[P::NotAuthor, P::VersionMismatch]),
        Operation::new("likePost", Access::required(200)).counting(Counting::Reaction),
        Operation::new("unlikePost", Access::required(200)).counting(Counting::Reaction),
        Operation::new("listPostLikes", Access::optional(200)),
    ];
}

#[OpenApi(prefix_path = "/api/v1/posts", tag = "Tag::Posts")]
impl PostsApi {
    /// Lists posts
    ///
    /// Returns the posts that are not deleted, newest first. Logged-in callers also get `viewer`: whether they liked
    /// the post, may edit it and follow its author.
    #[oai(path = "/", method = "get", operation_id = "listPosts")]
    async fn list_posts(
        &self,
        caller: MaybeCaller,
        /// Order of the list. Default `latest`.
        #[oai(name = "sort")]
        _sort: Query<Option<PostSort>>,
        /// Id of a person: lists only the posts of this author.
        author_id: Query<Option<Id<UserId>>>,
        page: PageQuery,
    ) -> Result<PageResponse<PostBody>, ApiProblem> {
        let author = author_id.0.map(|id| id.0);
        let posts = posts::list_posts(self.0.app(), caller.0.as_ref(), author, page.request()).await?;
        Ok(page.respond(posts))
    }

    /// Creates a post
    ///
    /// The caller becomes its author. Title and content are plain text, stored in Unicode normalisation form C without
    /// leading and trailing white space.
    #[oai(path = "/", method = "post", operation_id = "createPost")]
    async fn create_post(
        &self,
        caller: Caller,
        body: RequestBody<CreatePostBody>,
    ) -> Result<PostCreated, ApiProblem> {
        let view = posts::create_post(self.0.app(), &caller.0, body.0).await?;
        let location = format!("/api/v1/posts/{}", view.post.id);
        Ok(PostCreated::Created(Json::of(view), location))
    }

    /// Returns a post
    ///
    /// A deleted post is answered with 404.
    #[oai(path = "/:post_id", method = "get", operation_id = "getPost")]
    async fn get_post(
        &self,
        caller: MaybeCaller,
        /// Id of the post.
        Path(post_id): Path<Id<PostId>>,
    ) -> Result<Json<PostBody>, ApiProblem> {
        Ok(Json::of(posts::get_post(self.0.app(), caller.0.as_ref(), post_id.0).await?))
    }

    /// Edits a post
    ///
    /// Only the author may edit a post. Fields that are absent from the body keep their values. An edit that changes a
    /// value raises `version`.
    #[oai(path = "/:post_id", method = "patch", operation_id = "updatePost")]
    async fn update_post(
        &self,
        caller: Caller,
        /// Id of the post.
        Path(post_id): Path<Id<PostId>>,
        /// Version of the post that the edit is based on. If the current version is another one, the answer is 412. Without this
        /// header, the edit applies to any version.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: RequestBody<UpdatePostBody>,
    ) -> Result<Json<PostBody>, ApiProblem> {
        Ok(Json::of(posts::update_post(self.0.app(), &caller.0, post_id.0, body.0, if_match.0).await?))
    }

    /// Deletes a post
    ///
    /// Only the author may delete a post. Its comments and likes are no longer shown.
    #[oai(path = "/:post_id", method = "delete", operation_id = "deletePost")]
    async fn delete_post(
        &self,
        caller: Caller,
        /// Id of the post.
        Path(post_id): Path<Id<PostId>>,
        /// Version of the post to delete. If the current version is another one, the answer is 412. Without this header, any
        /// version is deleted.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
    ) -> Result<PostDeleted, ApiProblem> {
        posts::delete_post(self.0.app(), &caller.0, post_id.0, if_match.0).await?;
        Ok(PostDeleted::NoContent)
    }

    /// Likes a post
    ///
    /// Idempotent. The author of the post is notified, unless the caller is the author, or has withdrawn a like of this
    /// post within the last 24 hours.
    #[oai(path = "/:post_id/like", method = "put", operation_id = "likePost")]
    async fn like_post(
        &self,
        caller: Caller,
        /// Id of the post.
        Path(post_id): Path<Id<PostId>>,
    ) -> Result<Json<LikeStateBody>, ApiProblem> {
        Ok(Json::of(posts::like_post(self.0.app(), &caller.0, post_id.0).await?))
    }

    /// Withdraws a like
    ///
    /// Idempotent. The notification of the like no longer names the caller.
    #[oai(path = "/:post_id/like", method = "delete", operation_id = "unlikePost")]
    async fn unlike_post(
        &self,
        caller: Caller,
        /// Id of the post.
        Path(post_id): Path<Id<PostId>>,
    ) -> Result<Json<LikeStateBody>, ApiProblem> {
        Ok(Json::of(posts::unlike_post(self.0.app(), &caller.0, post_id.0).await?))
    }

    /// Lists the people who like a post
    ///
    /// Returns the newest like first.
    #[oai(path = "/:post_id/likes", method = "get", operation_id = "listPostLikes")]
    async fn list_post_likes(
        &self,
        // Unused: the extractor refuses a bad access token.
        _caller: MaybeCaller,
        /// Id of the post.
        Path(post_id): Path<Id<PostId>>,
        page: PageQuery,
    ) -> Result<PageResponse<UserSummaryBody>, ApiProblem> {
        Ok(page.respond(posts::list_post_likes(self.0.app(), post_id.0, page.request()).await?))
    }
}
