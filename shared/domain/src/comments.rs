//! Comments and replies, in two levels (rule PO4).

use crate::clock::Timestamp;
use crate::ids::{CommentId, PostId, UserId};
use crate::notifications::NotificationType;
use crate::problem::{Problem, ProblemCode};
use crate::text::define_text;
use crate::users::{UserSummary, define_names};

define_text! {
    /// The content of a comment: plain text.
    CommentContent: 1..=1_000, Many;
}

define_names! {
    /// The state of a comment.
    CommentState {
        /// Visible.
        Active = "active",
        /// Deleted by its author; shown as a placeholder while it has replies.
        Deleted = "deleted",
    }
}

/// The input of a new comment or reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewComment {
    /// The content.
    pub content: CommentContent,
    /// The comment or reply that it answers; `None` for a top-level comment.
    pub parent_id: Option<CommentId>,
}

/// The input of an edit. An absent field is not changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommentChange {
    /// The new content.
    pub content: Option<CommentContent>,
}

/// A stored comment or reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The id.
    pub id: CommentId,
    /// The post.
    pub post_id: PostId,
    /// The top-level comment above it; `None` if it is one itself.
    pub parent_id: Option<CommentId>,
    /// The author of the reply that it answers; `None` if it does not answer a reply.
    pub reply_to: Option<UserId>,
    /// The author.
    pub author_id: UserId,
    /// The content.
    pub content: CommentContent,
    /// The state.
    pub state: CommentState,
    /// The number of replies that are not deleted.
    pub replies_count: i64,
    /// The number of likes.
    pub likes_count: i64,
    /// Incremented by every edit, but not by likes and replies.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last edited; `None` if never.
    pub edited_at: Option<Timestamp>,
}

/// The viewer's relation to a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommentViewer {
    /// Whether the viewer likes it.
    pub liked: bool,
    /// Whether the viewer wrote it, and may edit and delete it.
    pub is_author: bool,
}

/// A comment as a viewer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentView {
    /// The comment.
    pub comment: Comment,
    /// The author.
    pub author: UserSummary,
    /// The author of the reply that it answers; `None` if it does not answer a reply.
    pub reply_to: Option<UserSummary>,
    /// The viewer's relation to it; `None` for anonymous viewers.
    pub viewer: Option<CommentViewer>,
}

/// The place of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyPlace {
    /// The top-level comment above it.
    pub root: CommentId,
    /// The author of the reply that it answers; `None` if it does not answer a reply.
    pub reply_to: Option<UserId>,
    /// The author of the comment or reply that is answered.
    pub answered: UserId,
}

/// Returns the place of a reply to `parent` under `post` (rule PO4). A reply to a reply is placed under the same
/// top-level comment.
pub fn place_reply(post: PostId, parent: Option<&Comment>) -> Result<ReplyPlace, Problem> {
    let parent = parent
        .filter(|parent| parent.post_id == post && parent.state == CommentState::Active)
        .ok_or(ProblemCode::ParentMismatch)?;
    Ok(ReplyPlace {
        root: parent.parent_id.unwrap_or(parent.id),
        reply_to: parent.parent_id.map(|_| parent.author_id),
        answered: parent.author_id,
    })
}

/// Returns who is notified of a comment, and with which type (rules NO1, NO2): the author who is answered, otherwise
/// the author of the post. `None` if that is the writer.
pub fn recipient(
    writer: UserId,
    post_author: UserId,
    answered: Option<UserId>,
) -> Option<(UserId, NotificationType)> {
    let (recipient, kind) = match answered {
        Some(answered) => (answered, NotificationType::CommentReplied),
        None => (post_author, NotificationType::PostCommented),
    };
    (recipient != writer).then_some((recipient, kind))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::text::Text;

    const POST: PostId = PostId(Uuid::from_u128(1));
    const MINA: UserId = UserId(Uuid::from_u128(2));
    const JUN: UserId = UserId(Uuid::from_u128(3));
    const SORA: UserId = UserId(Uuid::from_u128(4));

    fn comment(id: u128, parent: Option<u128>, author_id: UserId) -> Comment {
        Comment {
            id: CommentId(Uuid::from_u128(id)),
            post_id: POST,
            parent_id: parent.map(|id| CommentId(Uuid::from_u128(id))),
            reply_to: None,
            author_id,
            content: CommentContent::from_stored("…".into()),
            state: CommentState::Active,
            replies_count: 0,
            likes_count: 0,
            version: 1,
            created_at: Timestamp(0),
            edited_at: None,
        }
    }

    /// Rule PO4.
    #[test]
    fn a_reply_to_a_reply_is_placed_under_its_root_and_names_the_author_answered() {
        let root = comment(10, None, MINA);
        let reply = comment(11, Some(10), JUN);
        let place = place_reply(POST, Some(&root)).unwrap();
        assert_eq!((place.root, place.reply_to, place.answered), (root.id, None, MINA));
        let place = place_reply(POST, Some(&reply)).unwrap();
        assert_eq!((place.root, place.reply_to, place.answered), (root.id, Some(JUN), JUN));
    }

    #[test]
    fn a_parent_is_a_live_comment_of_the_same_post() {
        let mismatch = Err(ProblemCode::ParentMismatch.into());
        let elsewhere = Comment { post_id: PostId(Uuid::from_u128(99)), ..comment(10, None, MINA) };
        let deleted = Comment { state: CommentState::Deleted, ..comment(10, None, MINA) };
        for parent in [None, Some(&elsewhere), Some(&deleted)] {
            assert_eq!(place_reply(POST, parent), mismatch);
        }
    }

    /// Rules NO1, NO2.
    #[test]
    fn a_reply_notifies_the_author_answered_and_a_comment_the_author_of_the_post_but_never_the_writer() {
        use NotificationType::{CommentReplied, PostCommented};
        assert_eq!(recipient(JUN, MINA, None), Some((MINA, PostCommented)));
        assert_eq!(recipient(MINA, MINA, None), None);
        assert_eq!(recipient(JUN, MINA, Some(SORA)), Some((SORA, CommentReplied)));
        assert_eq!(recipient(JUN, MINA, Some(JUN)), None);
        assert_eq!(recipient(JUN, MINA, Some(MINA)), Some((MINA, CommentReplied)));
    }
}
