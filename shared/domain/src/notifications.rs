//! Notifications. Unread ones about the same thing are grouped (rule NO4).

use serde::Serialize;

use crate::clock::Timestamp;
use crate::ids::{CommentId, NotificationId, PostId, UserId};
use crate::users::{UserSummary, define_names};

define_names! {
    /// Reason of a notification.
    NotificationType {
        /// A person commented on the recipient's post.
        PostCommented = "post_commented",
        /// A person replied to the recipient's comment.
        CommentReplied = "comment_replied",
        /// A person liked the recipient's post.
        PostLiked = "post_liked",
        /// A person liked the recipient's comment.
        CommentLiked = "comment_liked",
        /// A person followed the recipient.
        Followed = "followed",
    }
    /// Type of the target of a notification.
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
    /// A like of a comment or reply.
    CommentLiked(PostId, CommentId),
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
            Self::CommentLiked(..) => NotificationType::CommentLiked,
            Self::Followed(..) => NotificationType::Followed,
        }
    }

    /// Returns the key by which unread notifications are grouped (rule NO4): the post or comment
    /// for likes, the day for follows. A comment has a key of its own, because comments differ in their texts.
    pub fn group_key(self) -> String {
        match self {
            Self::PostLiked(post) => format!("post_liked:{post}"),
            Self::PostCommented(_, comment) => format!("post_commented:{comment}"),
            Self::CommentReplied(_, comment) => format!("comment_replied:{comment}"),
            Self::CommentLiked(_, comment) => format!("comment_liked:{comment}"),
            Self::Followed(_, day) => format!("followed:{day}"),
        }
    }

    /// Returns the thing that its notification links to.
    pub fn target(self) -> Target {
        match self {
            Self::PostLiked(post) => Target { kind: TargetType::Post, id: post.0, post_id: Some(post) },
            Self::PostCommented(post, comment)
            | Self::CommentReplied(post, comment)
            | Self::CommentLiked(post, comment) => {
                Target { kind: TargetType::Comment, id: comment.0, post_id: Some(post) }
            }
            Self::Followed(follower, _) => Target { kind: TargetType::User, id: follower.0, post_id: None },
        }
    }
}

/// Target of a notification: what a client opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Target {
    /// Type of the target.
    #[serde(rename = "type")]
    pub kind: TargetType,
    /// Id of the target.
    pub id: uuid::Uuid,
    /// The post that the target is or belongs to. Absent for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_id: Option<PostId>,
}

/// A notification. `listNotifications` and the socket show the same fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NotificationView {
    /// Id of the notification.
    pub id: NotificationId,
    /// Reason of the notification.
    #[serde(rename = "type")]
    pub kind: NotificationType,
    /// Events with the same key join one notification while it is unread.
    pub group_key: String,
    /// The latest people who caused the notification, at most 3.
    pub actors: Vec<UserSummary>,
    /// Number of people who caused the notification.
    pub actor_count: i64,
    /// What a client opens.
    pub target: Target,
    /// Instant at which it was seen in the list. Absent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<Timestamp>,
    /// Instant at which it was read. Absent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
    /// Instant of the first event.
    pub created_at: Timestamp,
    /// Instant of the latest event.
    pub updated_at: Timestamp,
}

/// Numbers of unseen and unread notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnreadCounts {
    /// Notifications that were not seen in the list yet.
    pub unseen: i64,
    /// Notifications that were not read yet.
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
