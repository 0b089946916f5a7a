//! Comments and replies.

mod body;

use domain::ProblemCode as P;
use domain::ids::{CommentId, PostId};
use operations::comments;
use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, OpenApi, Tags};
use serde_json::json;

use crate::Service;
use crate::caller::{Caller, MaybeCaller};
use crate::contract::{Access, Feature, Operation};
use crate::id::Id;
use crate::if_match::IfMatch;
use crate::json::Json;
use crate::pagination::{PageQuery, PageResponse};
use crate::posts::body::LikeStateBody;
use crate::problem::ApiProblem;
use crate::request_body::RequestBody;
use body::{CommentBody, CreateCommentBody, UpdateCommentBody};

#[derive(Tags)]
enum Tag {
    /// Comments on posts, and replies to comments.
    Comments,
}

#[derive(ApiResponse)]
enum CommentCreated {
    /// The comment was created.
    #[oai(status = 201)]
    Created(Json<CommentBody>),
}

#[derive(ApiResponse)]
enum CommentDeleted {
    /// The comment was deleted.
    #[oai(status = 204)]
    NoContent,
}

pub(crate) struct CommentsApi(pub(crate) Service);

impl Feature for CommentsApi {
    const OPERATIONS: &'static [Operation] = &[
        Operation::new("listComments", Access::optional(200)),
        Operation::new("createComment", Access::required(201))
            .takes_idempotency_key()
            .failures(&[P::ParentMismatch])
            .example_body(|| json!({"content": "반가워요!"})),
        Operation::new("listReplies", Access::optional(200)),
        Operation::new("updateComment", Access::owner_only(200))
            .failures(&[P::NotAuthor, P::VersionMismatch])
            .example_body(|| json!({"content": "고친 댓글"})),
        Operation::new("deleteComment", Access::owner_only(204)).failures(&[P::NotAuthor]),
        Operation::new("likeComment", Access::required(200)),
        Operation::new("unlikeComment", Access::required(200)),
    ];
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Comments")]
impl CommentsApi {
    /// Lists the comments of a post
    ///
    /// Returns the top-level comments, oldest first. A deleted comment stays in the list, without content, while it has
    /// live replies.
    #[oai(path = "/posts/:post_id/comments", method = "get", operation_id = "listComments")]
    async fn list_comments(
        &self,
        caller: MaybeCaller,
        /// Id of the post.
        Path(post_id): Path<Id<PostId>>,
        page: PageQuery,
    ) -> Result<PageResponse<CommentBody>, ApiProblem> {
        let (app, caller) = (self.0.app(), caller.0.as_ref());
        Ok(page.respond(comments::list_comments(app, caller, post_id.0, page.request()).await?))
    }

    /// Creates a comment or a reply
    ///
    /// Without `parent_id` the comment belongs to the post itself. With it, the comment is a reply, listed under the
    /// top-level comment of its parent. The author of the parent, or else of the post, is notified.
    #[oai(path = "/posts/:post_id/comments", method = "post", operation_id = "createComment")]
    async fn create_comment(
        &self,
        caller: Caller,
        /// Id of the post.
        Path(post_id): Path<Id<PostId>>,
        body: RequestBody<CreateCommentBody>,
    ) -> Result<CommentCreated, ApiProblem> {
        let view = comments::create_comment(self.0.app(), &caller.0, post_id.0, body.0).await?;
        Ok(CommentCreated::Created(Json::of(view)))
    }

    /// Lists the replies to a comment
    ///
    /// Returns the live replies below a top-level comment, oldest first.
    #[oai(path = "/comments/:comment_id/replies", method = "get", operation_id = "listReplies")]
    async fn list_replies(
        &self,
        caller: MaybeCaller,
        /// Id of the top-level comment.
        Path(comment_id): Path<Id<CommentId>>,
        page: PageQuery,
    ) -> Result<PageResponse<CommentBody>, ApiProblem> {
        let (app, caller) = (self.0.app(), caller.0.as_ref());
        Ok(page.respond(comments::list_replies(app, caller, comment_id.0, page.request()).await?))
    }

    /// Edits a comment or a reply
    ///
    /// Only the author may edit a comment. Fields that are absent from the body keep their values. An edit that changes a
    /// value raises `version`. It causes no notification.
    #[oai(path = "/comments/:comment_id", method = "patch", operation_id = "updateComment")]
    async fn update_comment(
        &self,
        caller: Caller,
        /// Id of the comment or reply.
        Path(comment_id): Path<Id<CommentId>>,
        /// Version of the comment that the edit is based on. Another current version is answered with 412. Without this
        /// header, the edit applies to any version.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: RequestBody<UpdateCommentBody>,
    ) -> Result<Json<CommentBody>, ApiProblem> {
        let (app, id) = (self.0.app(), comment_id.0);
        Ok(Json::of(comments::update_comment(app, &caller.0, id, body.0, if_match.0).await?))
    }

    /// Deletes a comment or a reply
    ///
    /// Only the author may delete a comment. A comment with live replies is kept in the list of comments, with
    /// `state` `deleted` and without content.
    #[oai(path = "/comments/:comment_id", method = "delete", operation_id = "deleteComment")]
    async fn delete_comment(
        &self,
        caller: Caller,
        /// Id of the comment or reply.
        Path(comment_id): Path<Id<CommentId>>,
    ) -> Result<CommentDeleted, ApiProblem> {
        comments::delete_comment(self.0.app(), &caller.0, comment_id.0).await?;
        Ok(CommentDeleted::NoContent)
    }

    /// Likes a comment or a reply
    ///
    /// Idempotent. The author of the comment is notified, unless the caller is the author, or has withdrawn a like of this
    /// comment within the last 24 hours.
    #[oai(path = "/comments/:comment_id/like", method = "put", operation_id = "likeComment")]
    async fn like_comment(
        &self,
        caller: Caller,
        /// Id of the comment or reply.
        Path(comment_id): Path<Id<CommentId>>,
    ) -> Result<Json<LikeStateBody>, ApiProblem> {
        Ok(Json::of(comments::like_comment(self.0.app(), &caller.0, comment_id.0).await?))
    }

    /// Withdraws a like of a comment or a reply
    ///
    /// Idempotent. The notification of the like no longer names the caller.
    #[oai(path = "/comments/:comment_id/like", method = "delete", operation_id = "unlikeComment")]
    async fn unlike_comment(
        &self,
        caller: Caller,
        /// Id of the comment or reply.
        Path(comment_id): Path<Id<CommentId>>,
    ) -> Result<Json<LikeStateBody>, ApiProblem> {
        Ok(Json::of(comments::unlike_comment(self.0.app(), &caller.0, comment_id.0).await?))
    }
}
