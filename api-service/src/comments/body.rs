use domain::Problem;
use domain::comments::{CommentChange, CommentContent, CommentState, CommentView, NewComment};
use domain::ids::{CommentId, PostId};
use domain::text::{Fields, Text};
use poem_openapi::Object;

use crate::id::Id;
use crate::instant::Instant;
use crate::request_body::IntoInput;
use crate::text_field::TextField;
use crate::users::body::UserSummaryBody;

/// A comment or a reply to create.
#[derive(Object)]
#[oai(rename = "CreateComment")]
pub(crate) struct CreateCommentBody {
    /// Plain text. Line breaks are allowed.
    content: TextField<CommentContent>,
    /// Id of the comment or reply that is answered. Absent for a comment on the post itself.
    parent_id: Option<Id<CommentId>>,
}

impl IntoInput for CreateCommentBody {
    type Input = NewComment;

    fn into_input(self) -> Result<NewComment, Problem> {
        let mut fields = Fields::default();
        let content = fields.take(self.content.parse("/content"));
        let parent_id = self.parent_id.map(|id| id.0);
        fields.finish(content.map(|content| NewComment { content, parent_id }))
    }
}

/// Changes to a comment. Absent fields keep their values.
#[derive(Object)]
#[oai(rename = "UpdateComment")]
pub(crate) struct UpdateCommentBody {
    /// Plain text. Line breaks are allowed.
    content: Option<TextField<CommentContent>>,
}

impl IntoInput for UpdateCommentBody {
    type Input = CommentChange;

    fn into_input(self) -> Result<CommentChange, Problem> {
        let mut fields = Fields::default();
        let content = self.content.and_then(|field| fields.take(field.parse("/content")));
        fields.finish(Some(CommentChange { content }))
    }
}

/// The counters of a comment.
#[derive(Object)]
#[oai(rename = "CommentCounts")]
pub(crate) struct CommentCountsBody {
    /// Number of people who like the comment.
    likes: i64,
    /// Number of live replies.
    replies: i64,
}

/// The relation of the caller to a comment.
#[derive(Object)]
#[oai(rename = "CommentViewer")]
pub(crate) struct CommentViewerBody {
    /// Whether the caller likes the comment.
    liked: bool,
    /// Whether the caller may edit the comment.
    can_edit: bool,
    /// Whether the caller may delete the comment.
    can_delete: bool,
}

/// A comment or a reply.
#[derive(Object)]
#[oai(rename = "Comment")]
pub(crate) struct CommentBody {
    /// Id of the comment.
    id: Id<CommentId>,
    /// Id of the post.
    post_id: Id<PostId>,
    /// Id of the top-level comment of a reply. Absent for a top-level comment.
    #[oai(skip_serializing_if_is_none)]
    parent_id: Option<Id<CommentId>>,
    /// Author of the reply that this reply answers. Absent where it answers the top-level comment.
    #[oai(skip_serializing_if_is_none)]
    reply_to: Option<UserSummaryBody>,
    /// Author of the comment.
    author: UserSummaryBody,
    /// Plain text. Absent if the comment is deleted.
    #[oai(skip_serializing_if_is_none)]
    content: Option<String>,
    /// `active` or `deleted`. Values may be added.
    state: String,
    /// Counters.
    counts: CommentCountsBody,
    /// Relation of the caller to the comment. Absent without an access token.
    #[oai(skip_serializing_if_is_none)]
    viewer: Option<CommentViewerBody>,
    /// Time of creation.
    created_at: Instant,
    /// Time of the last edit. Absent if the comment was never edited.
    #[oai(skip_serializing_if_is_none)]
    edited_at: Option<Instant>,
    /// Version for `If-Match`. An edit raises it; likes and replies do not.
    version: String,
}

impl From<CommentView> for CommentBody {
    fn from(CommentView { comment, author, reply_to, viewer }: CommentView) -> Self {
        let is_active = comment.state == CommentState::Active;
        Self {
            id: comment.id.into(),
            post_id: comment.post_id.into(),
            parent_id: comment.parent_id.map(Into::into),
            reply_to: reply_to.map(Into::into),
            author: author.into(),
            content: is_active.then(|| comment.content.as_str().to_owned()),
            state: comment.state.as_str().into(),
            counts: CommentCountsBody { likes: comment.likes_count, replies: comment.replies_count },
            viewer: viewer.map(|viewer| CommentViewerBody {
                liked: viewer.liked,
                can_edit: viewer.is_author && is_active,
                can_delete: viewer.is_author && is_active,
            }),
            created_at: comment.created_at.into(),
            edited_at: comment.edited_at.map(Into::into),
            version: comment.version.to_string(),
        }
    }
}
