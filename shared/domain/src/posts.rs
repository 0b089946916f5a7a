//! Posts and likes.

mod selection;
mod views;

use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::{PostId, UserId};
use crate::problem::{Problem, ProblemCode};
use crate::text::define_text;
use crate::users::{UserSummary, define_names};

pub use selection::{Feed, MOST_IDS, PopularWindow, PostFilter, PostList, PostSort};
pub use views::{VIEW_WINDOW, counts_as_viewer, is_automatic, view_day};

define_text! {
    /// The title of a post.
    PostTitle: 1..=200, One;
    /// The content of a post: plain text.
    PostContent: 1..=20_000, Many;
}

/// The input of a new post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPost {
    /// The title.
    pub title: PostTitle,
    /// The content.
    pub content: PostContent,
}

/// The input of an edit. An absent field is not changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PostChange {
    /// The new title.
    pub title: Option<PostTitle>,
    /// The new content.
    pub content: Option<PostContent>,
}

/// A stored post that is not deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The id.
    pub id: PostId,
    /// The author.
    pub author_id: UserId,
    /// The title.
    pub title: PostTitle,
    /// The content.
    pub content: PostContent,
    /// The number of likes.
    pub likes_count: i64,
    /// The number of comments and replies that are not deleted.
    pub comments_count: i64,
    /// The number of views, which follows the readings within a minute.
    pub views_count: i64,
    /// Incremented by every edit, but not by likes and comments.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last edited; `None` if never.
    pub edited_at: Option<Timestamp>,
}

/// The viewer's relation to a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostViewer {
    /// Whether the viewer likes it.
    pub liked: bool,
    /// Whether the viewer follows its author.
    pub following_author: bool,
    /// Whether the viewer wrote it, and may edit and delete it.
    pub is_author: bool,
}

/// A post as a viewer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostView {
    /// The post.
    pub post: Post,
    /// The author.
    pub author: UserSummary,
    /// The viewer's relation to it; `None` for anonymous viewers.
    pub viewer: Option<PostViewer>,
}

impl PostView {
    /// Returns a post as its author sees it right after it was created.
    pub fn of_new(post: Post, author: UserSummary) -> Self {
        let viewer = PostViewer { liked: false, following_author: false, is_author: true };
        Self { post, author, viewer: Some(viewer) }
    }
}

/// The likes of a post as a caller sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LikeState {
    /// Whether the caller likes it.
    pub liked: bool,
    /// The number of likes.
    pub likes_count: i64,
}

/// Period after its deletion in which the author may restore a post (rule PO3).
pub const RESTORE_WINDOW: Duration = Duration::from_hours(30 * 24);

define_names! {
    /// Who deleted a post.
    DeletedBy {
        /// Its author.
        Author = "author",
    }
}

/// The deletion of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// When it was deleted.
    pub at: Timestamp,
    /// Who deleted it.
    pub by: DeletedBy,
}

/// Checks that a post may still be restored at `now` (rule PO3).
pub fn may_restore(deletion: Deletion, now: Timestamp) -> Result<(), Problem> {
    if now.since(deletion.at) > RESTORE_WINDOW {
        return Err(ProblemCode::RestoreWindowPassed.into());
    }
    Ok(())
}

/// Checks that the caller may edit or delete something written by `author` (rule PO1).
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

    /// Rule PO3.
    #[test]
    fn a_post_is_restored_within_30_days_of_its_deletion() {
        let deletion = Deletion { at: Timestamp(1_000), by: DeletedBy::Author };
        let last = Timestamp(1_000).plus(RESTORE_WINDOW);
        assert_eq!(may_restore(deletion, last), Ok(()));
        assert_eq!(
            may_restore(deletion, Timestamp(last.0 + 1)),
            Err(ProblemCode::RestoreWindowPassed.into())
        );
    }
}
