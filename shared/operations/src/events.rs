//! The events operations record, as the clients get them.

use domain::Timestamp;
use domain::events::{Audience, NewEvent};
use domain::ids::{CommentId, PostId, SessionId, UserId};
use domain::notifications::{NotificationView, UnreadCounts};
use serde::Serialize;

use crate::OperationError;

/// A frame of the socket protocol, but for its position: the gateway adds that.
#[derive(Serialize)]
struct Frame<'a, D: Serialize> {
    t: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<i64>,
    k: &'a str,
    at: Timestamp,
    d: D,
}

fn event(
    audience: Audience,
    kind: &'static str,
    at: Timestamp,
    numbered_for: Option<(UserId, i64)>,
    content: impl Serialize,
) -> Result<NewEvent, OperationError> {
    let t = if numbered_for.is_some() { "nt" } else { "ev" };
    let (uid, n) = numbered_for.unzip();
    let frame = serde_json::to_string(&Frame { t, uid, n, k: kind, at, d: content })?;
    Ok(NewEvent { audience, kind, frame })
}

#[derive(Serialize)]
struct Told<'a> {
    notification: &'a NotificationView,
    unread: UnreadCounts,
}

/// Somebody is told something: a new entry, or one that grew.
pub(crate) fn notification(
    person: UserId,
    number: i64,
    at: Timestamp,
    notification: &NotificationView,
    unread: UnreadCounts,
) -> Result<NewEvent, OperationError> {
    let content = Told { notification, unread };
    event(Audience::User(person), "notification", at, Some((person, number)), content)
}

/// The number of entries that wait changed without a new one: read, seen or taken back, maybe on another device.
pub(crate) fn notification_counts(
    person: UserId,
    number: i64,
    at: Timestamp,
    unread: UnreadCounts,
) -> Result<NewEvent, OperationError> {
    #[derive(Serialize)]
    struct Counts {
        unread: UnreadCounts,
    }
    event(Audience::User(person), "notification.counts", at, Some((person, number)), Counts { unread })
}

/// A session ended: its sockets are closed.
pub(crate) fn session_revoked(
    user: UserId,
    session: SessionId,
    at: Timestamp,
) -> Result<NewEvent, OperationError> {
    #[derive(Serialize)]
    struct Revoked {
        session_id: SessionId,
    }
    event(Audience::Session(user, session), "session.revoked", at, None, Revoked { session_id: session })
}

#[derive(Serialize)]
struct OfPost {
    post_id: PostId,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment_id: Option<CommentId>,
    by: UserId,
}

/// Something happened to a post of `author`: `post.created`, `post.liked` and their kin.
pub(crate) fn of_post(
    kind: &'static str,
    author: UserId,
    post: PostId,
    by: UserId,
    at: Timestamp,
) -> Result<NewEvent, OperationError> {
    event(Audience::FeedOf(author), kind, at, None, OfPost { post_id: post, comment_id: None, by })
}

/// Something happened to a comment under a post of `author`.
pub(crate) fn of_comment(
    kind: &'static str,
    author: UserId,
    (post, comment): (PostId, CommentId),
    by: UserId,
    at: Timestamp,
) -> Result<NewEvent, OperationError> {
    let content = OfPost { post_id: post, comment_id: Some(comment), by };
    event(Audience::FeedOf(author), kind, at, None, content)
}

/// Somebody follows, or no longer follows, a person.
pub(crate) fn of_follow(
    kind: &'static str,
    follower: UserId,
    person: UserId,
    at: Timestamp,
) -> Result<NewEvent, OperationError> {
    #[derive(Serialize)]
    struct Edge {
        follower_id: UserId,
        followee_id: UserId,
    }
    let content = Edge { follower_id: follower, followee_id: person };
    event(Audience::FeedOf(person), kind, at, None, content)
}
