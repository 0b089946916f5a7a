use domain::ids::{NotificationId, PostId};
use domain::notifications::{NotificationView, UnreadCounts};
use poem_openapi::Object;
use uuid::Uuid;

use crate::id::Id;
use crate::instant::Instant;
use crate::users::body::UserSummaryBody;

/// The numbers of unseen and unread notifications.
#[derive(Object)]
#[oai(rename = "UnreadCounts")]
pub(crate) struct UnreadCountsBody {
    /// Number of notifications that are not seen.
    unseen: i64,
    /// Number of notifications that are not read.
    unread: i64,
}

impl From<UnreadCounts> for UnreadCountsBody {
    fn from(counts: UnreadCounts) -> Self {
        Self { unseen: counts.unseen, unread: counts.unread }
    }
}

/// The caller's unread counts.
#[derive(Object)]
#[oai(rename = "Unread")]
pub(crate) struct UnreadBody {
    /// Counts of notifications.
    notifications: UnreadCountsBody,
}

impl From<UnreadCounts> for UnreadBody {
    fn from(counts: UnreadCounts) -> Self {
        Self { notifications: counts.into() }
    }
}

/// The resource that a notification leads to.
#[derive(Object)]
#[oai(rename = "NotificationTarget")]
pub(crate) struct TargetBody {
    /// `post`, `comment` or `user`. Values may be added.
    r#type: String,
    /// Id of the post, comment or person.
    id: Id<Uuid>,
    /// Id of the post that the target is or belongs to. Absent for a person.
    #[oai(skip_serializing_if_is_none)]
    post_id: Option<Id<PostId>>,
}

/// A notification. Unread events with the same group key share one notification.
#[derive(Object)]
#[oai(rename = "Notification")]
pub(crate) struct NotificationBody {
    /// Id of the notification.
    id: Id<NotificationId>,
    /// `post_commented`, `comment_replied`, `post_liked`, `comment_liked` or `followed`. Values may be
    /// added.
    r#type: String,
    /// Key by which events are grouped while the notification is unread.
    group_key: String,
    /// The people who caused the notification, at most 3, latest first.
    #[oai(validator(max_items = 3))]
    actors: Vec<UserSummaryBody>,
    /// Number of people who caused the notification.
    actor_count: i64,
    /// Resource that the notification leads to.
    target: TargetBody,
    /// Time at which the notification was marked as seen. Absent while unseen.
    #[oai(skip_serializing_if_is_none)]
    seen_at: Option<Instant>,
    /// Time at which the notification was marked as read. Absent while unread.
    #[oai(skip_serializing_if_is_none)]
    read_at: Option<Instant>,
    /// Time of the first event.
    created_at: Instant,
    /// Time of the last event.
    updated_at: Instant,
}

impl From<NotificationView> for NotificationBody {
    fn from(view: NotificationView) -> Self {
        Self {
            id: view.id.into(),
            r#type: view.kind.as_str().into(),
            group_key: view.group_key,
            actors: view.actors.into_iter().map(Into::into).collect(),
            actor_count: view.actor_count,
            target: TargetBody {
                r#type: view.target.kind.as_str().into(),
                id: view.target.id.into(),
                post_id: view.target.post_id.map(Into::into),
            },
            seen_at: view.seen_at.map(Into::into),
            read_at: view.read_at.map(Into::into),
            created_at: view.created_at.into(),
            updated_at: view.updated_at.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use domain::ids::UserId;
    use domain::notifications::{NotificationType, Target, TargetType};
    use domain::users::{Role, UserState, UserSummary};
    use poem_openapi::types::ToJSON;

    use super::*;

    #[test]
    fn a_notification_has_the_same_json_in_the_list_and_on_the_socket() {
        let post = PostId(Uuid::from_u128(1));
        let actor = UserSummary {
            id: UserId(Uuid::from_u128(2)),
            nickname: "미나".into(),
            state: UserState::Active,
            role: Role::User,
        };
        let view = NotificationView {
            id: NotificationId(Uuid::from_u128(3)),
            kind: NotificationType::PostLiked,
            group_key: "post_liked:…".into(),
            actors: vec![actor],
            actor_count: 1,
            target: Target { kind: TargetType::Post, id: post.0, post_id: Some(post) },
            seen_at: Some(Timestamp(5)),
            read_at: None,
            created_at: Timestamp(1),
            updated_at: Timestamp(2),
        };
        let on_the_socket = serde_json::to_value(&view).unwrap();
        assert_eq!(NotificationBody::from(view).to_json(), Some(on_the_socket));
    }
}
