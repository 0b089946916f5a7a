//! Comments and replies.

mod body;

use domain::ids::{CommentId, PostId};
use operations::comments;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi, Tags};

use crate::Service;
use crate::caller::{Caller, MaybeCaller};
use crate::pagination::{List, PageResponse};
use crate::path_id::PathId;
use crate::problem::ApiProblem;
use crate::request_body::RequestBody;
use body::{CommentBody, CreateCommentBody};

#[derive(Tags)]
enum Tag {
    /// Comments and replies
    Comments,
}

#[derive(ApiResponse)]
enum CommentCreated {
    /// The comment is written
    #[oai(status = 201)]
    Created(Json<CommentBody>),
}

#[derive(ApiResponse)]
enum CommentDeleted {
    /// The comment is out of sight
    #[oai(status = 204)]
    NoContent,
}

pub(crate) struct CommentsApi(pub(crate) Service);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Comments")]
impl CommentsApi {
    /// Lists the comments of a post, the oldest first; deleted ones stand where live replies are below them
    #[oai(path = "/posts/:post_id/comments", method = "get", operation_id = "listComments")]
    async fn list_comments(
        &self,
        caller: MaybeCaller,
        post_id: Path<PathId>,
        /// How many at the most: 1 to 100, 20 where nothing is said
        limit: Query<Option<u32>>,
        /// Where to go on
        cursor: Query<Option<String>>,
    ) -> Result<PageResponse<CommentBody>, ApiProblem> {
        let post: PostId = post_id.get()?;
        let list = List::at(&self.0, format!("/api/v1/posts/{post}/comments"));
        let request = list.request(*limit, cursor.as_deref())?;
        let page = comments::list_comments(self.0.app(), caller.0.as_ref(), post, &request).await?;
        Ok(list.respond(&request, page, Into::into))
    }

    /// Comments on a post, or answers a comment of it
    #[oai(path = "/posts/:post_id/comments", method = "post", operation_id = "createComment")]
    async fn create_comment(
        &self,
        caller: Caller,
        post_id: Path<PathId>,
        body: RequestBody<CreateCommentBody>,
    ) -> Result<CommentCreated, ApiProblem> {
        let (post, new) = (post_id.get()?, body.0.into_new_comment()?);
        let view = comments::create_comment(self.0.app(), &caller.0, post, new).await?;
        Ok(CommentCreated::Created(Json(view.into())))
    }

    /// Lists the live replies below a comment, the oldest first
    #[oai(path = "/comments/:comment_id/replies", method = "get", operation_id = "listReplies")]
    async fn list_replies(
        &self,
        caller: MaybeCaller,
        comment_id: Path<PathId>,
        /// How many at the most: 1 to 100, 20 where nothing is said
        limit: Query<Option<u32>>,
        /// Where to go on
        cursor: Query<Option<String>>,
    ) -> Result<PageResponse<CommentBody>, ApiProblem> {
        let comment: CommentId = comment_id.get()?;
        let list = List::at(&self.0, format!("/api/v1/comments/{comment}/replies"));
        let request = list.request(*limit, cursor.as_deref())?;
        let page = comments::list_replies(self.0.app(), caller.0.as_ref(), comment, &request).await?;
        Ok(list.respond(&request, page, Into::into))
    }

    /// Deletes a comment of your own
    #[oai(path = "/comments/:comment_id", method = "delete", operation_id = "deleteComment")]
    async fn delete_comment(
        &self,
        caller: Caller,
        comment_id: Path<PathId>,
    ) -> Result<CommentDeleted, ApiProblem> {
        comments::delete_comment(self.0.app(), &caller.0, comment_id.get()?).await?;
        Ok(CommentDeleted::NoContent)
    }
}
