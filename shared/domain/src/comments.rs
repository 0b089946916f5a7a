//! Comments and replies: two levels, no deeper.

use crate::clock::Timestamp;
use crate::ids::{CommentId, PostId, UserId};
use crate::notifications::NotificationType;
use crate::problem::{Problem, ProblemCode};
use crate::text::define_text;
use crate::users::{UserSummary, define_names};

define_text! {
    /// What a comment says: plain text.
    CommentContent: 1..=1_000, Many;
}

define_names! {
    /// Whether a comment can be read.
    CommentState {
        /// It can.
        Active = "active",
        /// Its author took it back; it stands only for the replies below it.
        Deleted = "deleted",
    }
}

/// What somebody wants to say, and under what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewComment {
    /// The words.
    pub content: CommentContent,
    /// The comment or reply answered, if one is.
    pub parent_id: Option<CommentId>,
}

/// A comment as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Which one.
    pub id: CommentId,
    /// Under which post.
    pub post_id: PostId,
    /// Under which top-level comment, if it is a reply.
    pub parent_id: Option<CommentId>,
    /// Whose reply it answers, if it answers a reply.
    pub reply_to: Option<UserId>,
    /// Who wrote it.
    pub author_id: UserId,
    /// The words.
    pub content: CommentContent,
    /// Whether it can be read.
    pub state: CommentState,
    /// How many live replies it has.
    pub replies_count: i64,
    /// When it was written.
    pub created_at: Timestamp,
}

/// A comment as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentView {
    /// The comment.
    pub comment: Comment,
    /// Who wrote it.
    pub author: UserSummary,
    /// Whose reply it answers, if it answers a reply.
    pub reply_to: Option<UserSummary>,
    /// Whether the one who looks wrote it; nothing for the anonymous.
    pub is_author: Option<bool>,
}

/// Where a reply hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyPlace {
    /// The top-level comment above it.
    pub root: CommentId,
    /// Whose reply it answers, if it answers a reply.
    pub reply_to: Option<UserId>,
    /// Who is answered.
    pub answered: UserId,
}

/// Decides where a reply to `parent` under `post` hangs (rule PO4): an answer to a reply joins that reply's root.
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

/// Decides who is told of a comment, and as what (rule NO2): the one answered, else the post's author, never oneself.
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
            created_at: Timestamp(0),
        }
    }

    /// Rule PO4.
    #[test]
    fn an_answer_to_a_reply_joins_its_root_and_names_whom_it_answers() {
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
    fn the_one_answered_is_told_else_the_author_and_never_oneself() {
        use NotificationType::{CommentReplied, PostCommented};
        assert_eq!(recipient(JUN, MINA, None), Some((MINA, PostCommented)));
        assert_eq!(recipient(MINA, MINA, None), None);
        assert_eq!(recipient(JUN, MINA, Some(SORA)), Some((SORA, CommentReplied)));
        assert_eq!(recipient(JUN, MINA, Some(JUN)), None);
        assert_eq!(recipient(JUN, MINA, Some(MINA)), Some((MINA, CommentReplied)));
    }
}
