//! Notifications. Unread ones about the same thing are grouped (rule NO4).

use serde::Serialize;

use crate::clock::Timestamp;
use crate::ids::{CommentId, NotificationId, PostId, UserId};
use crate::users::{UserSummary, define_names};

define_names! {
    /// The type of a notification.
    NotificationType {
        /// A comment on the recipient's post.
        PostCommented = "post_commented",
        /// A reply to the recipient's comment or reply.
        CommentReplied = "comment_replied",
        /// A like of the recipient's post.
        PostLiked = "post_liked",
        /// A new follower of the recipient.
        Followed = "followed",
    }
    /// The type of the thing that a notification is about.
    TargetType {
        /// A post.
        Post = "post",
        /// A comment.
        Comment = "comment",
        /// A person.
        User = "user",
    }
}

/// The number of latest actors that a notification names.
pub const ACTORS_SHOWN: usize = 3;

/// An action of which a person is notified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// A like of a post.
    PostLiked(PostId),
    /// A comment on a post.
    PostCommented(PostId, CommentId),
    /// A reply to a comment or reply.
    CommentReplied(PostId, CommentId),
    /// A follow by this person, and its day (UTC), counted from 1970-01-01.
    Followed(UserId, i64),
}

impl Occasion {
    /// Returns the occasion of a follow at `now`.
    pub fn followed(follower: UserId, now: Timestamp) -> Self {
        Self::Followed(follower, now.0.div_euclid(24 * 60 * 60 * 1000))
    }

    /// Returns the type of its notification.
    pub fn kind(self) -> NotificationType {
        match self {
            Self::PostLiked(_) => NotificationType::PostLiked,
            Self::PostCommented(..) => NotificationType::PostCommented,
            Self::CommentReplied(..) => NotificationType::CommentReplied,
            Self::Followed(..) => NotificationType::Followed,
        }
    }

    /// Returns the key by which unread notifications are grouped (rule NO4): the post for likes, the day for
    /// follows. A comment has a key of its own, because comments differ in their texts.
    pub fn group_key(self) -> String {
        match self {
            Self::PostLiked(post) => format!("post_liked:{post}"),
            Self::PostCommented(_, comment) => format!("post_commented:{comment}"),
            Self::CommentReplied(_, comment) => format!("comment_replied:{comment}"),
            Self::Followed(_, day) => format!("followed:{day}"),
        }
    }

    /// Returns the thing that its notification links to.
    pub fn target(self) -> Target {
        match self {
            Self::PostLiked(post) => Target { kind: TargetType::Post, id: post.0, post_id: Some(post) },
            Self::PostCommented(post, comment) | Self::CommentReplied(post, comment) => {
                Target { kind: TargetType::Comment, id: comment.0, post_id: Some(post) }
            }
            Self::Followed(follower, _) => Target { kind: TargetType::User, id: follower.0, post_id: None },
        }
    }
}

/// The thing that a notification links to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Target {
    /// The type of the thing.
    #[serde(rename = "type")]
    pub kind: TargetType,
    /// The id.
    pub id: uuid::Uuid,
    /// The post to which the thing belongs; absent for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_id: Option<PostId>,
}

/// A notification as its recipient sees it, in the list and on the socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotificationView {
    /// The id.
    pub id: NotificationId,
    /// The type.
    #[serde(rename = "type")]
    pub kind: NotificationType,
    /// The key by which it is grouped while it is unread.
    pub group_key: String,
    /// The latest actors, at most [`ACTORS_SHOWN`].
    pub actors: Vec<UserSummary>,
    /// The number of actors.
    pub actor_count: i64,
    /// The thing that it links to.
    pub target: Target,
    /// When the list that contains it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<Timestamp>,
    /// When it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
    /// When the first action happened.
    pub created_at: Timestamp,
    /// When the latest action happened.
    pub updated_at: Timestamp,
}

/// The numbers of unseen and unread notifications of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct UnreadCounts {
    /// Notifications that were not seen in the list.
    pub unseen: i64,
    /// Notifications that were not read.
    pub unread: i64,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn likes_group_by_post_and_follows_by_day() {
        let (post, other) = (PostId(Uuid::from_u128(1)), PostId(Uuid::from_u128(2)));
        assert_eq!(Occasion::PostLiked(post).group_key(), Occasion::PostLiked(post).group_key());
        assert_ne!(Occasion::PostLiked(post).group_key(), Occasion::PostLiked(other).group_key());
        let (mina, jun) = (UserId(Uuid::from_u128(3)), UserId(Uuid::from_u128(4)));
        let day = 86_400_000;
        let key = |who, at| Occasion::followed(who, Timestamp(at)).group_key();
        assert_eq!(key(mina, 5 * day), key(jun, 6 * day - 1));
        assert_ne!(key(mina, 5 * day), key(mina, 6 * day));
    }
}
