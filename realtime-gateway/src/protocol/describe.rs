use serde_json::{Value, json};

use super::client::{CAPABILITIES, CREDENTIAL, NOT_OFFERED, TEXT};
use super::server::FrameError;
use super::{Close, SUBPROTOCOL, VERSION};
use crate::{Limits, Timing};

/// Describes the protocol: every frame, limit and close code. `realtime-gateway protocol` prints it.
pub fn describe() -> Value {
    let closes: Vec<Value> = Close::ALL
        .iter()
        .map(|close| {
            json!({
                "code": close.code(), "name": close.as_str(), "meaning": close.meaning(), "then": close.duty().as_str(),
            })
        })
        .collect();
    let errors: Vec<Value> =
        FrameError::ALL.iter().map(|(code, message)| json!({ "code": code, "meaning": message })).collect();
    json!({
        "protocol": SUBPROTOCOL,
        "version": VERSION,
        "path": "/ws",
        "limits": limits(),
        "client": client_frames(),
        "not_offered_yet": NOT_OFFERED,
        "server": server_frames(),
        "errors": errors,
        "closes": closes,
        "close_reason": { "code": "string", "retry_ms": "integer?" },
        "then": {
            "resume": "Connect again after retry_ms, with jitter and backoff, and send hello with resume.",
            "new_ticket": "Get a ticket from POST /api/v1/realtime/tickets, then connect again and send hello with it.",
            "stop": "Do not connect again by itself.",
        },
    })
}

fn limits() -> Value {
    let (limits, timing) = (Limits::default(), Timing::default());
    json!({
        "message_bytes": limits.message_bytes,
        "messages_per_second": limits.messages_per_second,
        "bad_frames": limits.bad_frames,
        "connections_per_user": limits.connections_per_user,
        "replayed_events": limits.replay,
        "text_bytes": TEXT,
        "credential_bytes": CREDENTIAL,
        "capabilities": CAPABILITIES,
        "hello_ms": timing.hello.as_millis(),
        "heartbeat_ms": timing.heartbeat.as_millis(),
        "silence_ms": timing.silence.as_millis(),
        "grant_ms": timing.grant.as_millis(),
    })
}

fn client_frames() -> Value {
    json!([
        {
            "t": "hello",
            "meaning": "The first message. Exactly one of ticket and resume.rt is there.",
            "answer": "welcome, or a close",
            "fields": {
                "v": "integer: 1",
                "ticket": "string?: from POST /api/v1/realtime/tickets, used once",
                "resume": "object?: where an earlier socket had come to",
                "resume.rt": "string?: the last resume token, instead of a ticket",
                "resume.epoch": "string: from welcome",
                "resume.pos": "integer[16]: the last position of every partition",
                "caps": "string[]?: capabilities; none is defined yet",
                "client": "object?: name, ver and tz, each a string?",
            },
        },
        {
            "t": "hb",
            "meaning": "The answer to a heartbeat.",
            "answer": null,
            "fields": {},
        },
        {
            "t": "auth",
            "meaning": "A new ticket, on the open socket, before the grant ends.",
            "answer": "auth.ok, err busy, or a close",
            "fields": { "id": "string", "ticket": "string" },
        },
    ])
}

fn server_frames() -> Value {
    json!([
        {
            "t": "welcome",
            "meaning": "Always the first frame. What was missed follows, then what is new.",
            "fields": {
                "conn": "uuid",
                "uid": "uuid",
                "exp": "date-time: when the grant ends",
                "hb": "integer: milliseconds between heartbeats",
                "max": "integer: bytes of the largest message a client may send",
                "epoch": "uuid: the life of the log that positions belong to",
                "resumed": "boolean: false after a hello with resume means that a gap follows",
                "replayed": "integer: how many missed events follow",
                "pos": "integer[16]: everything after these positions comes on this socket",
                "rt": "string: resume token",
            },
        },
        {
            "t": "nt",
            "meaning": "Something for this person: a notification, or how many wait. k says which.",
            "fields": {
                "p": "integer: partition, 0 to 15",
                "o": "integer: position in the partition; drop it where it is not larger than the last one",
                "uid": "uuid",
                "n": "integer: number among this person's frames",
                "k": "string: notification, notification.counts",
                "at": "date-time",
                "d": "object",
            },
        },
        {
            "t": "gap",
            "meaning": "Something may be missed: ask the API for the present state.",
            "fields": { "all": "boolean: true" },
        },
        {
            "t": "hb",
            "meaning": "A sign of life, to be answered with hb.",
            "fields": {
                "now": "date-time",
                "pos": "integer[16]: everything up to here was sent",
                "rt": "string?: a fresh resume token",
            },
        },
        {
            "t": "auth.due",
            "meaning": "The grant ends soon: send auth with a new ticket.",
            "fields": { "in_s": "integer" },
        },
        {
            "t": "auth.ok",
            "meaning": "The new ticket was good.",
            "fields": { "id": "string", "exp": "date-time" },
        },
        {
            "t": "err",
            "meaning": "A message was of no use.",
            "fields": { "id": "string?", "code": "string", "msg": "string", "retry_ms": "integer?" },
        },
    ])
}
