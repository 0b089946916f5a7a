//! Posts and likes.

use crate::clock::Timestamp;
use crate::ids::{PostId, UserId};
use crate::problem::{Problem, ProblemCode};
use crate::text::define_text;
use crate::users::UserSummary;

define_text! {
    /// What a post is called.
    PostTitle: 1..=200, One;
    /// What a post says: plain text.
    PostContent: 1..=20_000, Many;
}

/// What somebody wants to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPost {
    /// What it is called.
    pub title: PostTitle,
    /// What it says.
    pub content: PostContent,
}

/// What somebody wants to change of a post; what is not there stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PostChange {
    /// The new title.
    pub title: Option<PostTitle>,
    /// The new content.
    pub content: Option<PostContent>,
}

/// A live post as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Which one.
    pub id: PostId,
    /// Who wrote it.
    pub author_id: UserId,
    /// What it is called.
    pub title: PostTitle,
    /// What it says.
    pub content: PostContent,
    /// How many people like it.
    pub likes_count: i64,
    /// How many live comments and live replies it has.
    pub comments_count: i64,
    /// Rises with every edit; a like or a comment leaves it.
    pub version: i64,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was edited last, if it was.
    pub edited_at: Option<Timestamp>,
}

/// What the one who looks has to do with a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostViewer {
    /// Whether they like it.
    pub liked: bool,
    /// Whether they follow its author.
    pub following_author: bool,
    /// Whether they may edit and delete it.
    pub is_author: bool,
}

/// A post as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostView {
    /// The post.
    pub post: Post,
    /// Who wrote it.
    pub author: UserSummary,
    /// What the one who looks has to do with it; nothing for the anonymous.
    pub viewer: Option<PostViewer>,
}

/// How many like a post, and whether the one who asks does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LikeState {
    /// Whether the one who asks likes it.
    pub liked: bool,
    /// How many like it.
    pub likes_count: i64,
}

/// Decides whether somebody may edit or delete what `author` wrote (rule PO1).
pub fn may_change(author: UserId, who: UserId) -> Result<(), Problem> {
    if author == who { Ok(()) } else { Err(ProblemCode::NotAuthor.into()) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_the_author_changes_a_post() {
        let (mina, jun) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        assert_eq!(may_change(mina, mina), Ok(()));
        assert_eq!(may_change(mina, jun), Err(ProblemCode::NotAuthor.into()));
    }
}
