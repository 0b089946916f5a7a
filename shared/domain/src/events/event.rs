use serde::Serialize;

use super::Audience;
use super::payload::{
    CommentUpdated, Notification, NotificationCounts, PostComments, PostCreated, PostDeleted, PostLikes,
    PostUpdated, SessionRevoked, UserFollowers,
};
use crate::clock::Timestamp;
use crate::ids::UserId;
use crate::users::define_names;

define_names! {
    /// Kind of an event: the field `k` of an event's frame.
    EventKind {
        /// A new notification, or one that another actor joined.
        Notification = "notification",
        /// The unread counts changed without a new notification.
        NotificationCounts = "notification.counts",
        /// A session ended.
        SessionRevoked = "session.revoked",
        /// A person published a post.
        PostCreated = "post.created",
        /// A post was edited.
        PostUpdated = "post.updated",
        /// A post was deleted.
        PostDeleted = "post.deleted",
        /// A deleted post was restored.
        PostRestored = "post.restored",
        /// A person liked a post.
        PostLiked = "post.liked",
        /// A person withdrew a like.
        PostUnliked = "post.unliked",
        /// A person wrote a comment or a reply.
        CommentCreated = "comment.created",
        /// A comment or a reply was edited.
        CommentUpdated = "comment.updated",
        /// A person deleted a comment or a reply.
        CommentDeleted = "comment.deleted",
        /// The number of a person's followers changed.
        UserFollowers = "user.followers",
    }
}

/// A domain event, as an operation records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A new notification, or one that another actor joined.
    Notification(Numbered<Notification>),
    /// The unread counts changed without a new notification.
    NotificationCounts(Numbered<NotificationCounts>),
    /// A session ended: its sockets are closed.
    SessionRevoked(SessionRevoked),
    /// A person published a post.
    PostCreated(PostCreated),
    /// A post was edited.
    PostUpdated(PostUpdated),
    /// A post was deleted.
    PostDeleted(PostDeleted),
    /// A deleted post was restored.
    PostRestored(PostUpdated),
    /// A person liked a post.
    PostLiked(PostLikes),
    /// A person withdrew a like.
    PostUnliked(PostLikes),
    /// A person wrote a comment or a reply.
    CommentCreated(PostComments),
    /// A comment or a reply was edited.
    CommentUpdated(CommentUpdated),
    /// A person deleted a comment or a reply.
    CommentDeleted(PostComments),
    /// The number of a person's followers changed.
    UserFollowers(UserFollowers),
}

/// A payload for one recipient. The recipient's events are numbered 1, 2, 3 … without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered<P> {
    /// The recipient.
    pub recipient: UserId,
    /// The event's number among the recipient's numbered events.
    pub number: i64,
    /// Instant of the event in the recipient's order.
    pub at: Timestamp,
    /// What changed.
    pub payload: P,
}

/// An event as it is stored, before the commit gives it a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// To whom it is delivered.
    pub audience: Audience,
    /// Kind of the event.
    pub kind: EventKind,
    /// The JSON object that clients receive, without partition and position.
    pub frame: String,
}

/// The JSON object that clients receive; the gateway puts partition and position in front of it.
#[derive(Serialize)]
struct Frame<'a, P: Serialize> {
    t: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<i64>,
    k: EventKind,
    at: Timestamp,
    d: &'a P,
}

impl Event {
    /// Returns the kind.
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Notification(_) => EventKind::Notification,
            Self::NotificationCounts(_) => EventKind::NotificationCounts,
            Self::SessionRevoked(_) => EventKind::SessionRevoked,
            Self::PostCreated(_) => EventKind::PostCreated,
            Self::PostUpdated(_) => EventKind::PostUpdated,
            Self::PostDeleted(_) => EventKind::PostDeleted,
            Self::PostRestored(_) => EventKind::PostRestored,
            Self::PostLiked(_) => EventKind::PostLiked,
            Self::PostUnliked(_) => EventKind::PostUnliked,
            Self::CommentCreated(_) => EventKind::CommentCreated,
            Self::CommentUpdated(_) => EventKind::CommentUpdated,
            Self::CommentDeleted(_) => EventKind::CommentDeleted,
            Self::UserFollowers(_) => EventKind::UserFollowers,
        }
    }

    /// Returns to whom it is delivered.
    pub fn audience(&self) -> Audience {
        let post = |author, post| Audience::Post { author, post };
        match self {
            Self::Notification(event) => Audience::User(event.recipient),
            Self::NotificationCounts(event) => Audience::User(event.recipient),
            Self::SessionRevoked(event) => Audience::Session(event.user_id, event.session_id),
            Self::PostCreated(event) => Audience::Feed(event.author_id),
            Self::PostUpdated(event) | Self::PostRestored(event) => post(event.author_id, event.post_id),
            Self::PostDeleted(event) => post(event.author_id, event.post_id),
            Self::PostLiked(event) | Self::PostUnliked(event) => post(event.author_id, event.post_id),
            Self::CommentCreated(event) | Self::CommentDeleted(event) => {
                post(event.post_author_id, event.post_id)
            }
            Self::CommentUpdated(event) => post(event.post_author_id, event.post_id),
            Self::UserFollowers(event) => Audience::Feed(event.user_id),
        }
    }

    /// Returns the event as it is stored. `now` is the instant of events that have none of their own.
    pub fn into_new(self, now: Timestamp) -> Result<NewEvent, serde_json::Error> {
        Ok(NewEvent { audience: self.audience(), kind: self.kind(), frame: self.frame(now)? })
    }

    fn frame(&self, now: Timestamp) -> Result<String, serde_json::Error> {
        let kind = self.kind();
        match self {
            Self::Notification(event) => numbered(kind, event),
            Self::NotificationCounts(event) => numbered(kind, event),
            Self::SessionRevoked(payload) => public(kind, now, payload),
            Self::PostCreated(payload) => public(kind, now, payload),
            Self::PostUpdated(payload) | Self::PostRestored(payload) => public(kind, now, payload),
            Self::PostDeleted(payload) => public(kind, now, payload),
            Self::PostLiked(payload) | Self::PostUnliked(payload) => public(kind, now, payload),
            Self::CommentCreated(payload) | Self::CommentDeleted(payload) => public(kind, now, payload),
            Self::CommentUpdated(payload) => public(kind, now, payload),
            Self::UserFollowers(payload) => public(kind, now, payload),
        }
    }
}

fn numbered<P: Serialize>(k: EventKind, event: &Numbered<P>) -> Result<String, serde_json::Error> {
    let (uid, n) = (Some(event.recipient), Some(event.number));
    serde_json::to_string(&Frame { t: "nt", uid, n, k, at: event.at, d: &event.payload })
}

fn public<P: Serialize>(k: EventKind, at: Timestamp, d: &P) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Frame { t: "ev", uid: None, n: None, k, at, d })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::ids::PostId;
    use crate::notifications::UnreadCounts;

    fn stored(event: Event) -> (Audience, Value) {
        let new = event.into_new(Timestamp(0)).unwrap();
        (new.audience, serde_json::from_str(&new.frame).unwrap())
    }

    #[test]
    fn a_public_event_is_sent_without_the_fields_that_address_it() {
        let (author_id, post_id) = (UserId(Uuid::from_u128(1)), PostId(Uuid::from_u128(2)));
        let (audience, frame) = stored(Event::PostLiked(PostLikes { post_id, author_id, likes_count: 3 }));
        assert_eq!(audience, Audience::Post { author: author_id, post: post_id });
        let expected = json!({
            "t": "ev", "k": "post.liked", "at": "1970-01-01T00:00:00.000Z",
            "d": { "post_id": post_id, "likes_count": 3 },
        });
        assert_eq!(frame, expected);
    }

    #[test]
    fn a_numbered_event_names_its_recipient_number_and_instant() {
        let recipient = UserId(Uuid::from_u128(1));
        let payload = NotificationCounts { unread: UnreadCounts { unseen: 1, unread: 2 } };
        let event = Numbered { recipient, number: 7, at: Timestamp(5), payload };
        let (audience, frame) = stored(Event::NotificationCounts(event));
        assert_eq!(audience, Audience::User(recipient));
        let expected = json!({
            "t": "nt", "uid": recipient, "n": 7, "k": "notification.counts",
            "at": "1970-01-01T00:00:00.005Z", "d": { "unread": { "unseen": 1, "unread": 2 } },
        });
        assert_eq!(frame, expected);
    }
}
