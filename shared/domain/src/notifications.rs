//! What people are told: one entry a thing, however many did it.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::ids::{CommentId, NotificationId, PostId, UserId};
use crate::users::{UserSummary, define_names};

define_names! {
    /// What a notification is about.
    NotificationType {
        /// Somebody commented on your post.
        PostCommented = "post_commented",
        /// Somebody answered your comment.
        CommentReplied = "comment_replied",
        /// Somebody likes your post.
        PostLiked = "post_liked",
        /// Somebody follows you.
        Followed = "followed",
    }
    /// What kind of thing a notification leads to.
    TargetType {
        /// A post.
        Post = "post",
        /// A comment.
        Comment = "comment",
        /// A person.
        User = "user",
    }
}

/// How many of the latest actors an entry names.
pub const ACTORS_SHOWN: usize = 3;

/// What somebody did that somebody else is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// A like of a post.
    PostLiked(PostId),
    /// A comment on a post.
    PostCommented(PostId, CommentId),
    /// An answer to a comment or reply.
    CommentReplied(PostId, CommentId),
    /// A follow, on a day counted from 1970-01-01 in UTC.
    Followed(UserId, i64),
}

impl Occasion {
    /// Returns the occasion of a follow at that moment.
    pub fn followed(follower: UserId, now: Timestamp) -> Self {
        Self::Followed(follower, now.0.div_euclid(24 * 60 * 60 * 1000))
    }

    /// Returns what it is about.
    pub fn kind(self) -> NotificationType {
        match self {
            Self::PostLiked(_) => NotificationType::PostLiked,
            Self::PostCommented(..) => NotificationType::PostCommented,
            Self::CommentReplied(..) => NotificationType::CommentReplied,
            Self::Followed(..) => NotificationType::Followed,
        }
    }

    /// Returns the key under which unread occasions become one entry (decision D19): likes by post, follows by
    /// day; a comment stands alone, because what it says differs.
    pub fn group_key(self) -> String {
        match self {
            Self::PostLiked(post) => format!("post_liked:{post}"),
            Self::PostCommented(_, comment) => format!("post_commented:{comment}"),
            Self::CommentReplied(_, comment) => format!("comment_replied:{comment}"),
            Self::Followed(_, day) => format!("followed:{day}"),
        }
    }

    /// Returns what it leads to.
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

/// What a notification leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Target {
    /// What kind of thing.
    #[serde(rename = "type")]
    pub kind: TargetType,
    /// Which one.
    pub id: uuid::Uuid,
    /// The post it belongs to, where it belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_id: Option<PostId>,
}

/// A notification as it is shown, in the list and on the socket alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NotificationView {
    /// Which one.
    pub id: NotificationId,
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: NotificationType,
    /// What it is grouped by while unread.
    pub group_key: String,
    /// The latest who did it, at most [`ACTORS_SHOWN`].
    pub actors: Vec<UserSummary>,
    /// How many did it.
    pub actor_count: i64,
    /// What it leads to.
    pub target: Target,
    /// When the list was opened with it in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<Timestamp>,
    /// When it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
    /// When it first happened.
    pub created_at: Timestamp,
    /// When it last happened.
    pub updated_at: Timestamp,
}

/// How many entries wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnreadCounts {
    /// Entries not yet seen in the list.
    pub unseen: i64,
    /// Entries not yet read.
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
