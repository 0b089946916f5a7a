use domain::Problem;
use domain::comments::{CommentContent, CommentState, CommentView, NewComment};
use domain::problem::{FieldFault, FieldProblem};
use domain::text::{Fields, Text};
use poem_openapi::Object;
use uuid::Uuid;

use crate::instant::Instant;
use crate::text_field::TextField;
use crate::users::body::UserSummaryBody;

/// What to say, and to what
#[derive(Object)]
#[oai(rename = "CreateComment")]
pub(crate) struct CreateCommentBody {
    /// Plain text
    content: TextField<CommentContent>,
    /// The comment or reply answered; absent for a comment on the post itself
    parent_id: Option<String>,
}

impl CreateCommentBody {
    pub(crate) fn into_new_comment(self) -> Result<NewComment, Problem> {
        let mut fields = Fields::default();
        let content = fields.take(self.content.parse("/content"));
        let parent_id = self.parent_id.and_then(|text| {
            let bad = |_not_an_id| FieldProblem::at("/parent_id", FieldFault::BadFormat);
            fields.take(text.parse().map_err(bad))
        });
        fields.finish(content.map(|content| NewComment { content, parent_id }))
    }
}

/// The counters of a comment
#[derive(Object)]
#[oai(rename = "CommentCounts")]
pub(crate) struct CommentCountsBody {
    /// Live replies
    replies: i64,
}

/// What you have to do with a comment
#[derive(Object)]
#[oai(rename = "CommentViewer")]
pub(crate) struct CommentViewerBody {
    can_delete: bool,
}

/// A comment or a reply
#[derive(Object)]
#[oai(rename = "Comment")]
pub(crate) struct CommentBody {
    id: Uuid,
    post_id: Uuid,
    /// The top-level comment above it; absent for a top-level comment
    #[oai(skip_serializing_if_is_none)]
    parent_id: Option<Uuid>,
    /// Whose reply it answers; absent where it answers none
    #[oai(skip_serializing_if_is_none)]
    reply_to: Option<UserSummaryBody>,
    author: UserSummaryBody,
    /// Absent where the comment is deleted
    #[oai(skip_serializing_if_is_none)]
    content: Option<String>,
    /// active or deleted; more may come
    state: String,
    counts: CommentCountsBody,
    /// Absent for the anonymous
    #[oai(skip_serializing_if_is_none)]
    viewer: Option<CommentViewerBody>,
    created_at: Instant,
}

impl From<CommentView> for CommentBody {
    fn from(CommentView { comment, author, reply_to, is_author }: CommentView) -> Self {
        let is_active = comment.state == CommentState::Active;
        Self {
            id: comment.id.0,
            post_id: comment.post_id.0,
            parent_id: comment.parent_id.map(|id| id.0),
            reply_to: reply_to.map(Into::into),
            author: author.into(),
            content: is_active.then(|| comment.content.as_str().to_owned()),
            state: comment.state.as_str().into(),
            counts: CommentCountsBody { replies: comment.replies_count },
            viewer: is_author.map(|is_author| CommentViewerBody { can_delete: is_author && is_active }),
            created_at: comment.created_at.into(),
        }
    }
}
