use domain::notifications::{NotificationView, UnreadCounts};
use domain::problem::{FieldFault, FieldProblem};
use domain::text::Fields;
use domain::{Problem, Timestamp};
use operations::notifications::Marked;
use poem_openapi::Object;
use uuid::Uuid;

use crate::instant::Instant;
use crate::users::body::UserSummaryBody;

/// How many ids one request may name.
const MOST_IDS: usize = 100;

/// Which entries: exactly one of the fields
#[derive(Object)]
#[oai(rename = "MarkNotifications")]
pub(crate) struct MarkNotificationsBody {
    /// These, at most 100
    ids: Option<Vec<String>>,
    /// Every one that last happened at this instant or before (RFC 3339, as in `updated_at`)
    up_to: Option<String>,
}

impl MarkNotificationsBody {
    pub(crate) fn into_marked(self) -> Result<Marked, Problem> {
        let mut fields = Fields::default();
        let marked = match (self.ids, self.up_to) {
            (Some(ids), None) => {
                if ids.is_empty() || ids.len() > MOST_IDS {
                    let fault = FieldProblem::at("/ids", FieldFault::OutOfRange);
                    fields.push(fault.with("min", 1).with("max", MOST_IDS));
                }
                let parse = |(place, id): (usize, String)| {
                    let bad = |_not_an_id| FieldProblem::at(format!("/ids/{place}"), FieldFault::BadFormat);
                    fields.take(id.parse().map_err(bad))
                };
                Some(Marked::Ids(ids.into_iter().take(MOST_IDS).enumerate().filter_map(parse).collect()))
            }
            (None, Some(instant)) => {
                let bad = || FieldProblem::at("/up_to", FieldFault::BadFormat);
                fields.take(Timestamp::parse(&instant).ok_or_else(bad)).map(Marked::UpTo)
            }
            (Some(_), Some(_)) => {
                fields.push(FieldProblem::at("/up_to", FieldFault::NotAllowed));
                None
            }
            (None, None) => {
                fields.push(FieldProblem::at("/ids", FieldFault::Required));
                None
            }
        };
        fields.finish(marked)
    }
}

/// How many entries wait
#[derive(Object)]
#[oai(rename = "UnreadCounts")]
pub(crate) struct UnreadCountsBody {
    /// Not yet seen in the list
    unseen: i64,
    /// Not yet read
    unread: i64,
}

impl From<UnreadCounts> for UnreadCountsBody {
    fn from(counts: UnreadCounts) -> Self {
        Self { unseen: counts.unseen, unread: counts.unread }
    }
}

/// How much waits for you
#[derive(Object)]
#[oai(rename = "Unread")]
pub(crate) struct UnreadBody {
    pub(crate) notifications: UnreadCountsBody,
}

/// What a notification leads to
#[derive(Object)]
#[oai(rename = "NotificationTarget")]
pub(crate) struct TargetBody {
    /// post, comment or user; more may come
    r#type: String,
    id: Uuid,
    /// The post it belongs to; absent where it belongs to none
    #[oai(skip_serializing_if_is_none)]
    post_id: Option<Uuid>,
}

/// What you were told: one entry a thing, however many did it
#[derive(Object)]
#[oai(rename = "Notification")]
pub(crate) struct NotificationBody {
    id: Uuid,
    /// `post_commented`, `comment_replied`, `post_liked` or `followed`; more may come
    r#type: String,
    /// What it is grouped by while unread
    group_key: String,
    /// The latest who did it, at most three
    actors: Vec<UserSummaryBody>,
    /// How many did it
    actor_count: i64,
    target: TargetBody,
    /// Absent while not seen
    #[oai(skip_serializing_if_is_none)]
    seen_at: Option<Instant>,
    /// Absent while not read
    #[oai(skip_serializing_if_is_none)]
    read_at: Option<Instant>,
    created_at: Instant,
    /// When it last happened
    updated_at: Instant,
}

impl From<NotificationView> for NotificationBody {
    fn from(view: NotificationView) -> Self {
        Self {
            id: view.id.0,
            r#type: view.kind.as_str().into(),
            group_key: view.group_key,
            actors: view.actors.into_iter().map(Into::into).collect(),
            actor_count: view.actor_count,
            target: TargetBody {
                r#type: view.target.kind.as_str().into(),
                id: view.target.id,
                post_id: view.target.post_id.map(|post| post.0),
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
    use domain::ids::{NotificationId, PostId, UserId};
    use domain::notifications::{NotificationType, Target, TargetType};
    use domain::users::{Role, UserState, UserSummary};
    use poem_openapi::types::ToJSON;

    use super::*;

    #[test]
    fn a_notification_looks_the_same_in_the_list_and_on_the_socket() {
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
