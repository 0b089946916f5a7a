//! Posts and likes.

pub(crate) mod body;
mod filter;

use domain::ProblemCode as P;
use domain::ids::{PostId, UserId};
use domain::posts::PostFilter;
use operations::posts;
use poem_openapi::param::{Path, Query};
use poem_openapi::{ApiResponse, OpenApi, Tags};
use serde_json::json;

use crate::Service;
use crate::caller::{Caller, MaybeCaller};
use crate::contract::{Access, Counting, Feature, Operation};
use crate::id::Id;
use crate::id_list::IdList;
use crate::if_match::IfMatch;
use crate::json::Json;
use crate::middleware::Viewing;
use crate::pagination::{PageQuery, PageResponse};
use crate::problem::ApiProblem;
use crate::request_body::RequestBody;
use crate::users::body::UserSummaryBody;
use crate::visitor::FromViewer;
use body::{CreatePostBody, LikeStateBody, PostBody, UpdatePostBody};
use filter::{FeedParameter, SortParameter, WindowParameter};

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
        Operation::new("restorePost", Access::owner_only(200))
            .failures(&[P::NotAuthor, P::RestoreWindowPassed]),
        Operation::new("likePost", Access::required(200)).counting(Counting::Reaction),
        Operation::new("unlikePost", Access::required(200)).counting(Counting::Reaction),
        Operation::new("listPostLikes", Access::optional(200)),
    ];
}

#[OpenApi(prefix_path = "/api/v1/posts", tag = "Tag::Posts")]
impl PostsApi {
    /// Lists posts
    ///
    /// Returns the posts that are not deleted, newest first unless requested otherwise. Logged-in callers also get
    /// `viewer`: whether they liked the post, may edit it and follow its author.
    ///
    /// Allowed together: nothing, `author_id`, `feed`, or `sort=popular` with or without `window`, each with `limit` and
    /// `cursor`; `ids` alone. Other combinations are answered with 422, and `params.allowed` names the allowed ones.
    ///
    /// `sort=popular` with a `window` other than `all` lists the 1,000 posts at most that gained most likes in that period;
    /// posts without a like in it are not listed. Equal numbers are ordered by comments, then newest first. The ranking is
    /// taken once a minute from the latest 200,000 likes of the period. A cursor continues the ranking that it began with
    /// for 15 minutes; later it is answered with 400 `invalid_cursor`. With `window=all` the order is the present one: a post
    /// whose number of likes changes during a walk may be repeated or skipped.
    #[oai(path = "/", method = "get", operation_id = "listPosts")]
    #[expect(clippy::too_many_arguments, reason = "one argument for each parameter of the contract")]
    async fn list_posts(
        &self,
        caller: MaybeCaller,
        /// Order of the list.
        #[oai(default)]
        sort: Query<SortParameter>,
        /// With `sort=popular`: the period whose likes count.
        #[oai(default)]
        window: Query<WindowParameter>,
        /// Id of a person: lists only the posts of this author.
        author_id: Query<Option<Id<UserId>>>,
        /// Lists only the posts of the people whom the caller follows. Anonymous callers are answered with 401.
        feed: Query<Option<FeedParameter>>,
        /// Ids of posts, 1–100, separated by commas. Returns these posts in this order on one page, each once. Posts that do
        /// not exist are omitted.
        #[oai(explode = false, default)]
        ids: Query<Option<IdList<PostId>>>,
        page: PageQuery,
    ) -> Result<PageResponse<PostBody>, ApiProblem> {
        let filter = PostFilter {
            author_id: author_id.0.map(|id| id.0),
            feed: feed.0.map(Into::into),
            ids: ids.0.map(|ids| ids.0),
            sort: sort.0.into(),
            window: window.0.into(),
            has_limit: page.has_limit(),
            has_cursor: page.request().cursor.is_some(),
        };
        let list = filter.list()?;
        Ok(page.respond(posts::list_posts(self.0.app(), caller.0.as_ref(), list, page.request()).await?))
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
    ///
    /// Counts as a view, which `counts.views` shows within a minute: once in 24 hours for each logged-in person, once in a
    /// day (UTC) for each anonymous address and user agent; never for the author, crawlers, `HEAD`, answers with 304, and
    /// requests with `Sec-Purpose: prefetch`.
    #[oai(path = "/:post_id", method = "get", operation_id = "getPost")]
    async fn get_post(
        &self,
        caller: MaybeCaller,
        viewer: FromViewer,
        viewing: Viewing,
        /// Id of the post.
        Path(post_id): Path<Id<PostId>>,
    ) -> Result<Json<PostBody>, ApiProblem> {
        let (app, credentials, caller) = (self.0.app(), self.0.credentials(), caller.0.as_ref());
        let view = posts::get_post(app, caller, post_id.0).await?;
        viewing.note(|| posts::view_of(app, credentials, &view.post, caller, &viewer.0));
        Ok(Json::of(view))
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
    /// Only the author may delete a post. Its comments and likes are no longer shown. The author may restore it within 30
    /// days.
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

    /// Restores a deleted post
    ///
    /// Only the author may restore a post, within 30 days of deleting it; later the answer is 410
    /// `restore_window_passed`. Comments, likes and counters are as before the deletion. A post that is not deleted is
    /// returned unchanged. To others, a deleted post is answered with 404.
    #[oai(path = "/:post_id/restoration", method = "post", operation_id = "restorePost")]
    async fn restore_post(
        &self,
        caller: Caller,
        /// Id of the post.
        Path(post_id): Path<Id<PostId>>,
    ) -> Result<Json<PostBody>, ApiProblem> {
        Ok(Json::of(posts::restore_post(self.0.app(), &caller.0, post_id.0).await?))
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
