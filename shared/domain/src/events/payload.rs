//! Payloads of events: the field `d` of their frames. A field that only addresses the event is not sent.

use serde::Serialize;

use crate::ids::{CommentId, PostId, SessionId, UserId};
use crate::notifications::{NotificationView, UnreadCounts};

macro_rules! define_payloads {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)+ }
    )+};
}

define_payloads! {
    /// A new notification, or a notification that another actor joined, and the recipient's new unread counts.
    Notification {
        /// The notification as `listNotifications` returns it.
        notification: NotificationView,
        /// The recipient's unread counts after the event.
        unread: UnreadCounts,
    }
    /// The recipient's unread counts changed without a new notification: something was read, seen or withdrawn, possibly
    /// on another device.
    NotificationCounts {
        /// The recipient's unread counts after the event.
        unread: UnreadCounts,
    }
    /// A session ended.
    SessionRevoked {
        /// Person whose session it was.
        #[serde(skip)]
        user_id: UserId,
        /// The session.
        session_id: SessionId,
    }
    /// A person published a post.
    PostCreated {
        /// The post.
        post_id: PostId,
        /// Author of the post.
        author_id: UserId,
    }
    /// A post was edited or restored.
    PostUpdated {
        /// The post.
        post_id: PostId,
        /// Author of the post.
        #[serde(skip)]
        author_id: UserId,
        /// Version of the post after the event.
        version: i64,
    }
    /// A post was deleted.
    PostDeleted {
        /// The post.
        post_id: PostId,
        /// Author of the post.
        #[serde(skip)]
        author_id: UserId,
    }
    /// The number of likes of a post changed.
    PostLikes {
        /// The post.
        post_id: PostId,
        /// Author of the post.
        #[serde(skip)]
        author_id: UserId,
        /// Number of likes after the event.
        likes_count: i64,
    }
    /// A comment or a reply was written or deleted.
    PostComments {
        /// The post.
        post_id: PostId,
        /// Author of the post.
        #[serde(skip)]
        post_author_id: UserId,
        /// The comment or reply.
        comment_id: CommentId,
        /// Comment that is replied to. Absent for a comment on the post.
        #[serde(skip_serializing_if = "Option::is_none")]
        parent_id: Option<CommentId>,
        /// Number of comments and replies of the post after the event.
        comments_count: i64,
    }
    /// A comment or a reply was edited.
    CommentUpdated {
        /// The post.
        post_id: PostId,
        /// Author of the post.
        #[serde(skip)]
        post_author_id: UserId,
        /// The comment or reply.
        comment_id: CommentId,
        /// Comment that is replied to. Absent for a comment on the post.
        #[serde(skip_serializing_if = "Option::is_none")]
        parent_id: Option<CommentId>,
        /// Version of the comment after the event.
        version: i64,
    }
    /// The number of a person's followers changed.
    UserFollowers {
        /// The person.
        user_id: UserId,
        /// Number of followers after the event.
        followers_count: i64,
    }
}
