//! Example frames with fixed ids. The gateway's frames are values of its own types.

use std::time::Duration;

use domain::Timestamp;
use domain::events::payload::{
    CommentUpdated, Notification, NotificationCounts, PostComments, PostCreated, PostDeleted, PostLikes,
    PostUpdated, SessionRevoked, UserFollowers,
};
use domain::events::{Event, EventKind, LoggedEvent, Numbered, Partition};
use domain::ids::{CommentId, ConnectionId, NotificationId, PostId, SessionId, UserId};
use domain::notifications::{NotificationType, NotificationView, Target, TargetType, UnreadCounts};
use domain::users::{Role, UserState, UserSummary};
use serde_json::{Value, json};
use uuid::Uuid;

use super::schemas::{FrameSchema, Side, sent_kinds};
use crate::protocol::server::FrameError;
use crate::protocol::{
    Ack, AuthDue, AuthOk, GapFrame, Heartbeat, PositionMap, ServerFrame, UnwatchedField, Welcome,
    with_position,
};
use crate::{Limits, Timing};

/// The person who is logged in in all examples.
const MINA: UserId = UserId(Uuid::from_u128(0x019a_a5d0_0000_7000_8000_0000_0000_0001));
const JUN: UserId = UserId(Uuid::from_u128(0x019a_a5d0_0000_7000_8000_0000_0000_0002));
/// A post of Jun.
pub(super) const POST: PostId = PostId(Uuid::from_u128(0x019a_a5d0_0000_7000_8000_0000_0000_0010));
const COMMENT: CommentId = CommentId(Uuid::from_u128(0x019a_a5d0_0000_7000_8000_0000_0000_0011));
const REPLY: CommentId = CommentId(Uuid::from_u128(0x019a_a5d0_0000_7000_8000_0000_0000_0012));
const NOTIFICATION: NotificationId =
    NotificationId(Uuid::from_u128(0x019a_a5d0_0000_7000_8000_0000_0000_0013));
const UNKNOWN_POST: PostId = PostId(Uuid::from_u128(0x019a_a5d0_0000_7000_8000_0000_0000_0014));
const CONNECTION: ConnectionId = ConnectionId(Uuid::from_u128(0x019a_a5d0_0000_7000_8000_0000_0000_0020));
const LATER_CONNECTION: ConnectionId =
    ConnectionId(Uuid::from_u128(0x019a_a5d0_0000_7000_8000_0000_0000_0022));
const SESSION: SessionId = SessionId(Uuid::from_u128(0x019a_a5d0_0000_7000_8000_0000_0000_0021));
/// Epoch of the event log.
const EPOCH: Uuid = Uuid::from_u128(0x6f0c_1d52_7a3e_4c41_9b5a_2f8d_0e6b_7a90);
/// Epoch after the log was restored from a backup.
const LATER_EPOCH: Uuid = Uuid::from_u128(0xd4b7_90e3_15c8_4f2a_a6d1_83f0_5c9e_2b17);
/// 2026-01-02T03:04:05.678Z
const NOW: Timestamp = Timestamp(1_767_323_045_678);
/// Ticket of the first socket.
pub(super) const TICKET: &str = "dGlja2V0IG9mIHRoZSBmaXJzdCBzb2NrZXQ";
/// Ticket that begins the next grant.
pub(super) const LATER_TICKET: &str = "dGlja2V0IG9mIHRoZSBuZXh0IGdyYW50";
/// Resume token of the first welcome. Real tokens are longer.
const RESUME_TOKEN: &str = "cmVzdW1lIHRva2VuIG9mIHRoZSB3ZWxjb21l";
/// Resume token of a heartbeat, which replaces the first.
pub(super) const LATER_RESUME_TOKEN: &str = "cmVzdW1lIHRva2VuIG9mIGEgaGVhcnRiZWF0";
/// Resume token of the next socket.
const LAST_RESUME_TOKEN: &str = "cmVzdW1lIHRva2VuIG9mIHRoZSBuZXh0IHNvY2tldA";

/// Returns the example positions of the two people: Mina's events have position `mina`, Jun's have `jun`.
pub(super) fn positions(mina: i64, jun: i64) -> PositionMap {
    [(Partition::of_person(MINA), mina), (Partition::of_person(JUN), jun)].into_iter().collect()
}

/// Returns the examples of a frame.
pub(super) fn of(frame: &FrameSchema) -> Vec<Value> {
    let all = match frame.from {
        Side::Client => client(),
        Side::Server => server(),
    };
    let kind = frame.kind.map(EventKind::as_str);
    let is_meant = |example: &Value| {
        example.get("t").and_then(Value::as_str) == Some(frame.frame_type.as_str())
            && (kind.is_none() || example.get("k").and_then(Value::as_str) == kind)
    };
    all.into_iter().filter(is_meant).collect()
}

/// Returns frames of a client.
pub(super) fn client() -> Vec<Value> {
    vec![
        json!({
            "t": "hello", "v": crate::protocol::VERSION, "ticket": TICKET,
            "client": { "name": "web", "ver": "1.4.0", "tz": "Asia/Seoul" },
            "watch": [{ "post": POST }, { "post": UNKNOWN_POST }],
        }),
        hello_again(),
        json!({ "t": "hb" }),
        json!({ "t": "auth", "id": "a1", "ticket": LATER_TICKET }),
        json!({ "t": "watch", "id": "w1", "post": POST }),
        json!({ "t": "watch", "id": "w2", "user": JUN }),
        json!({ "t": "unwatch", "id": "u1", "post": POST }),
    ]
}

/// Returns the hello of a client that connects again.
pub(super) fn hello_again() -> Value {
    json!({
        "t": "hello", "v": crate::protocol::VERSION,
        "resume": { "rt": LATER_RESUME_TOKEN, "epoch": EPOCH, "pos": positions(1043, 871) },
        "watch": [{ "post": POST }],
    })
}

/// Returns frames of the gateway.
pub(super) fn server() -> Vec<Value> {
    let mut frames = vec![
        welcome(&[UnwatchedField::Post(UNKNOWN_POST.0)]),
        welcome_again(),
        gap(),
        heartbeat(positions(1043, 871), None),
        heartbeat(positions(1043, 871), Some(LATER_RESUME_TOKEN)),
        auth_due(),
        auth_ok(),
        watched(),
        value(&ServerFrame::Ack(Ack { id: "u1", pos: None })),
        text(&FrameError::NotFound.frame(Some("w2"), None)),
        text(&FrameError::BadFrame.explained(None, "unknown type", None)),
        text(&FrameError::Busy.frame(Some("a1"), Some(Duration::from_secs(2)))),
    ];
    frames.extend(sent_kinds().map(|kind| sent(event(kind))));
    frames
}

/// Returns the welcome of the first socket.
pub(super) fn welcome(unwatched: &[UnwatchedField]) -> Value {
    value(&ServerFrame::Welcome(Welcome {
        conn: CONNECTION,
        uid: MINA,
        exp: NOW.plus(Timing::default().grant),
        hb: u64::try_from(Timing::default().heartbeat.as_millis()).unwrap_or(u64::MAX),
        max: Limits::default().message_bytes,
        epoch: EPOCH,
        resumed: false,
        pos: positions(1042, 870),
        rt: RESUME_TOKEN,
        unwatched,
    }))
}

/// Returns the welcome of the next socket, after the log was restored.
pub(super) fn welcome_again() -> Value {
    value(&ServerFrame::Welcome(Welcome {
        conn: LATER_CONNECTION,
        uid: MINA,
        exp: end_of_next_grant(),
        hb: u64::try_from(Timing::default().heartbeat.as_millis()).unwrap_or(u64::MAX),
        max: Limits::default().message_bytes,
        epoch: LATER_EPOCH,
        resumed: false,
        pos: positions(12, 9),
        rt: LAST_RESUME_TOKEN,
        unwatched: &[],
    }))
}

fn end_of_next_grant() -> Timestamp {
    NOW.plus(Timing::default().grant).plus(Timing::default().grant)
}

/// Returns the gap after the log was restored.
pub(super) fn gap() -> Value {
    value(&ServerFrame::Gap(GapFrame { all: true, epoch: LATER_EPOCH, pos: positions(12, 9) }))
}

/// Returns a heartbeat.
pub(super) fn heartbeat(pos: PositionMap, rt: Option<&str>) -> Value {
    let now = NOW.plus(Timing::default().heartbeat);
    value(&ServerFrame::Heartbeat(Heartbeat { now, pos: Some(pos), rewind: false, rt }))
}

/// Returns the request for a new ticket.
pub(super) fn auth_due() -> Value {
    value(&ServerFrame::AuthDue(AuthDue { in_s: Timing::default().due.as_secs() }))
}

/// Returns the answer to a new ticket.
pub(super) fn auth_ok() -> Value {
    value(&ServerFrame::AuthOk(AuthOk { id: "a1", exp: end_of_next_grant() }))
}

/// Returns the answer to a watch of Jun's post.
pub(super) fn watched() -> Value {
    let pos = [(Partition::of_person(JUN), 870)].into_iter().collect();
    value(&ServerFrame::Ack(Ack { id: "w1", pos: Some(pos) }))
}

/// Returns an event of each kind.
pub(super) fn event(kind: EventKind) -> Event {
    let (author_id, post_id) = (JUN, POST);
    let unread = UnreadCounts { unseen: 1, unread: 3 };
    let likes = |likes_count| PostLikes { post_id, author_id, likes_count };
    let comments = |comment_id, parent_id, comments_count| PostComments {
        post_id,
        post_author_id: author_id,
        comment_id,
        parent_id,
        comments_count,
    };
    match kind {
        EventKind::Notification => {
            Event::Notification(numbered(7, Notification { notification: notification(), unread }))
        }
        EventKind::NotificationCounts => {
            let unread = UnreadCounts { unseen: 0, unread: 3 };
            Event::NotificationCounts(numbered(8, NotificationCounts { unread }))
        }
        EventKind::SessionRevoked => {
            Event::SessionRevoked(SessionRevoked { user_id: MINA, session_id: SESSION })
        }
        EventKind::PostCreated => Event::PostCreated(PostCreated { post_id, author_id }),
        EventKind::PostUpdated => Event::PostUpdated(PostUpdated { post_id, author_id, version: 2 }),
        EventKind::PostDeleted => Event::PostDeleted(PostDeleted { post_id, author_id }),
        EventKind::PostRestored => Event::PostRestored(PostUpdated { post_id, author_id, version: 2 }),
        EventKind::PostLiked => Event::PostLiked(likes(42)),
        EventKind::PostUnliked => Event::PostUnliked(likes(41)),
        EventKind::CommentCreated => Event::CommentCreated(comments(REPLY, Some(COMMENT), 6)),
        EventKind::CommentUpdated => Event::CommentUpdated(CommentUpdated {
            post_id,
            post_author_id: author_id,
            comment_id: REPLY,
            parent_id: Some(COMMENT),
            version: 2,
        }),
        EventKind::CommentDeleted => Event::CommentDeleted(comments(COMMENT, None, 5)),
        EventKind::UserFollowers => {
            Event::UserFollowers(UserFollowers { user_id: JUN, followers_count: 128 })
        }
    }
}

fn numbered<P>(number: i64, payload: P) -> Numbered<P> {
    Numbered { recipient: MINA, number, at: NOW, payload }
}

/// Jun replied to a comment of Mina.
fn notification() -> NotificationView {
    NotificationView {
        id: NOTIFICATION,
        kind: NotificationType::CommentReplied,
        group_key: format!("comment_replied:{REPLY}"),
        actors: vec![UserSummary {
            id: JUN,
            nickname: "준".to_owned(),
            state: UserState::Active,
            role: Role::User,
        }],
        actor_count: 1,
        target: Target { kind: TargetType::Comment, id: REPLY.0, post_id: Some(POST) },
        seen_at: None,
        read_at: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

/// Returns an event as clients receive it. Mina's events have position 1043, Jun's have 871.
pub(super) fn sent(event: Event) -> Value {
    let position = if event.audience().partition() == Partition::of_person(MINA) { 1043 } else { 871 };
    let Ok(new) = event.into_new(NOW) else { return Value::Null };
    let logged = LoggedEvent {
        partition: new.audience.partition(),
        position,
        mark: 0,
        audience: new.audience.into(),
        kind: new.kind.as_str().to_owned(),
        frame: new.frame,
        recorded_at: NOW,
    };
    with_position(&logged).map(|frame| text(&frame)).unwrap_or_default()
}

/// Strings and numbers in structs: writing them cannot fail.
fn value(frame: &ServerFrame<'_>) -> Value {
    text(&frame.text())
}

fn text(frame: &str) -> Value {
    serde_json::from_str(frame).unwrap_or_default()
}
