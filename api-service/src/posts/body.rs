use domain::Problem;
use domain::posts::{LikeState, NewPost, PostChange, PostContent, PostTitle, PostView};
use domain::text::{Fields, Text};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::instant::Instant;
use crate::text_field::TextField;
use crate::users::body::UserSummaryBody;

/// The order of a list of posts
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
pub(crate) enum PostSort {
    /// The latest first
    Latest,
}

/// What to post
#[derive(Object)]
#[oai(rename = "CreatePost")]
pub(crate) struct CreatePostBody {
    title: TextField<PostTitle>,
    /// Plain text
    content: TextField<PostContent>,
}

impl CreatePostBody {
    pub(crate) fn into_new_post(self) -> Result<NewPost, Problem> {
        let mut fields = Fields::default();
        let title = fields.take(self.title.parse("/title"));
        let content = fields.take(self.content.parse("/content"));
        fields.finish(title.zip(content).map(|(title, content)| NewPost { title, content }))
    }
}

/// What to change of a post; what is absent stays
#[derive(Object)]
#[oai(rename = "UpdatePost")]
pub(crate) struct UpdatePostBody {
    title: Option<TextField<PostTitle>>,
    content: Option<TextField<PostContent>>,
}

impl UpdatePostBody {
    pub(crate) fn into_change(self) -> Result<PostChange, Problem> {
        let mut fields = Fields::default();
        let title = self.title.and_then(|field| fields.take(field.parse("/title")));
        let content = self.content.and_then(|field| fields.take(field.parse("/content")));
        fields.finish(Some(PostChange { title, content }))
    }
}

/// The counters of a post
#[derive(Object)]
#[oai(rename = "PostCounts")]
pub(crate) struct PostCountsBody {
    likes: i64,
    /// Live comments and live replies
    comments: i64,
}

/// What you have to do with a post
#[derive(Object)]
#[oai(rename = "PostViewer")]
#[expect(clippy::struct_excessive_bools, reason = "four answers to four questions")]
pub(crate) struct PostViewerBody {
    liked: bool,
    can_edit: bool,
    can_delete: bool,
    following_author: bool,
}

/// A post
#[derive(Object)]
#[oai(rename = "Post")]
pub(crate) struct PostBody {
    id: Uuid,
    author: UserSummaryBody,
    title: String,
    content: String,
    counts: PostCountsBody,
    /// Absent for the anonymous
    #[oai(skip_serializing_if_is_none)]
    viewer: Option<PostViewerBody>,
    created_at: Instant,
    /// Absent where it was never edited
    #[oai(skip_serializing_if_is_none)]
    edited_at: Option<Instant>,
    /// Rises with every edit, not with a like or a comment; for If-Match
    version: String,
}

impl From<PostView> for PostBody {
    fn from(PostView { post, author, viewer }: PostView) -> Self {
        Self {
            id: post.id.0,
            author: author.into(),
            title: post.title.as_str().into(),
            content: post.content.as_str().into(),
            counts: PostCountsBody { likes: post.likes_count, comments: post.comments_count },
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

/// How many like a post, and whether you do
#[derive(Object)]
#[oai(rename = "LikeState")]
pub(crate) struct LikeStateBody {
    liked: bool,
    likes_count: i64,
}

impl From<LikeState> for LikeStateBody {
    fn from(state: LikeState) -> Self {
        Self { liked: state.liked, likes_count: state.likes_count }
    }
}
