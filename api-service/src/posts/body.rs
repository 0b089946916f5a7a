use domain::Problem;
use domain::ids::PostId;
use domain::posts::{LikeState, NewPost, PostChange, PostContent, PostTitle, PostView};
use domain::text::{Fields, Text};
use poem_openapi::Object;

use crate::id::Id;
use crate::instant::Instant;
use crate::request_body::IntoInput;
use crate::text_field::TextField;
use crate::users::body::UserSummaryBody;

/// A post to create.
#[derive(Object)]
#[oai(rename = "CreatePost")]
pub(crate) struct CreatePostBody {
    /// One line of plain text.
    title: TextField<PostTitle>,
    /// Plain text. Line breaks are allowed.
    content: TextField<PostContent>,
}

impl IntoInput for CreatePostBody {
    type Input = NewPost;

    fn into_input(self) -> Result<NewPost, Problem> {
        let mut fields = Fields::default();
        let title = fields.take(self.title.parse("/title"));
        let content = fields.take(self.content.parse("/content"));
        fields.finish(title.zip(content).map(|(title, content)| NewPost { title, content }))
    }
}

/// Changes to a post. Absent fields keep their values.
#[derive(Object)]
#[oai(rename = "UpdatePost")]
pub(crate) struct UpdatePostBody {
    /// One line of plain text.
    title: Option<TextField<PostTitle>>,
    /// Plain text. Line breaks are allowed.
    content: Option<TextField<PostContent>>,
}

impl IntoInput for UpdatePostBody {
    type Input = PostChange;

    fn into_input(self) -> Result<PostChange, Problem> {
        let mut fields = Fields::default();
        let title = self.title.and_then(|field| fields.take(field.parse("/title")));
        let content = self.content.and_then(|field| fields.take(field.parse("/content")));
        fields.finish(Some(PostChange { title, content }))
    }
}

/// The counters of a post.
#[derive(Object)]
#[oai(rename = "PostCounts")]
pub(crate) struct PostCountsBody {
    /// Number of people who like the post.
    likes: i64,
    /// Number of live comments and replies.
    comments: i64,
    /// Number of views, at most one minute old.
    views: i64,
}

/// The relation of the caller to a post.
#[derive(Object)]
#[oai(rename = "PostViewer")]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts of the published contract")]
pub(crate) struct PostViewerBody {
    /// Whether the caller likes the post.
    liked: bool,
    /// Whether the caller may edit the post.
    can_edit: bool,
    /// Whether the caller may delete the post.
    can_delete: bool,
    /// Whether the caller follows the author.
    following_author: bool,
}

/// A post with its author and its counters.
#[derive(Object)]
#[oai(rename = "Post")]
pub(crate) struct PostBody {
    /// Id of the post.
    id: Id<PostId>,
    /// Author of the post.
    author: UserSummaryBody,
    /// One line of plain text.
    title: String,
    /// Plain text.
    content: String,
    /// Counters.
    counts: PostCountsBody,
    /// Relation of the caller to the post. Absent without an access token.
    #[oai(skip_serializing_if_is_none)]
    viewer: Option<PostViewerBody>,
    /// Time of creation.
    created_at: Instant,
    /// Time of the last edit. Absent if the post was never edited.
    #[oai(skip_serializing_if_is_none)]
    edited_at: Option<Instant>,
    /// Version for `If-Match`. An edit raises it; likes and comments do not.
    version: String,
}

impl From<PostView> for PostBody {
    fn from(PostView { post, author, viewer }: PostView) -> Self {
        Self {
            id: post.id.into(),
            author: author.into(),
            title: post.title.as_str().into(),
            content: post.content.as_str().into(),
            counts: PostCountsBody {
                likes: post.likes_count,
                comments: post.comments_count,
                views: post.views_count,
            },
            viewer: viewer.map(|viewer| PostViewerBody {
                liked: viewer.liked,
                can_edit: viewer.is_author,
                can_delete: viewer.is_author,
                following_author: viewer.following_author,
            }),
            created_at: post.created_at.into(),
            edited_at: post.edited_at.map(Into::into),
            version: post.version.to_string(),
        }
    }
}

/// The likes of a post or comment after a change.
#[derive(Object)]
#[oai(rename = "LikeState")]
pub(crate) struct LikeStateBody {
    /// Whether the caller likes it.
    liked: bool,
    /// Number of people who like it.
    likes_count: i64,
}

impl From<LikeState> for LikeStateBody {
    fn from(state: LikeState) -> Self {
        Self { liked: state.liked, likes_count: state.likes_count }
    }
}
