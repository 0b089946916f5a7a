//! Limits that clients meet, with their units in their names.

use std::time::Duration;

use domain::auth::TICKET_LIFETIME;
use identity::resume_tokens;
use serde_json::{Value, json};

use crate::protocol::client::{CAPABILITIES, CREDENTIAL, TEXT};
use crate::{Limits, Timing};

/// Describes the limits. An installation may have other values; `welcome` names those that a client needs.
pub(super) fn describe() -> Value {
    let (limits, timing) = (Limits::default(), Timing::default());
    json!({
        "message_bytes": limit(limits.message_bytes, "Largest message that a client may send. Close 1009."),
        "messages_per_second": limit(limits.messages_per_second, "Messages that a client may send per second. Close 4104."),
        "bad_frames": limit(limits.bad_frames, "Number of invalid messages that are answered with `err`. The next one \
            closes the socket. Close 4300."),
        "sockets_per_person": limit(limits.connections_per_user, "Open sockets of one person. One more closes the oldest. \
            Close 4303."),
        "sockets_without_hello_per_address": limit(limits.waiting_per_address, "Sockets of one network address that have \
            not sent `hello`. One more is answered with 429."),
        "watched": limit(limits.watched, "Posts and people that one socket may watch. Error `limit_reached`."),
        "replayed_positions": limit(limits.replay_span, "Positions of one partition that a client may be behind. Further \
            behind it gets a `gap`."),
        "text_characters": limit(TEXT, "Longest text in a field of a client's message, except credentials."),
        "credential_characters": limit(CREDENTIAL, "Longest ticket or resume token."),
        "capabilities": limit(CAPABILITIES, "Entries of `caps`."),
        "ticket_ms": period(TICKET_LIFETIME, "How long a ticket is valid."),
        "hello_ms": period(timing.hello, "From the connection to `hello`. Close 4200."),
        "heartbeat_ms": period(timing.heartbeat, "Between two heartbeats of the gateway. The first one comes earlier."),
        "silence_ms": period(timing.silence, "How long a client may send nothing. Close 4102."),
        "grant_ms": period(timing.grant, "From a ticket to the end of its grant."),
        "auth_due_ms": period(timing.due, "How long before the end of the grant `auth.due` is sent."),
        "overdue_ms": period(timing.overdue, "How long after the end of the grant the socket is closed. Close 4201."),
        "resume_token_ms": period(resume_tokens::LIFETIME, "How long a resume token is valid, at most until the grant \
            ends."),
        "resume_token_every_ms": period(timing.resume_token, "Between two resume tokens."),
        "write_ms": period(timing.write, "How long a client may accept no data. Close 4101."),
    })
}

/// Describes how a client connects again.
pub(super) fn reconnect() -> Value {
    json!({
        "base_ms": limit(500, "Upper end of the first wait. Doubles with every attempt."),
        "cap_ms": limit(30_000, "Maximum of the upper end."),
        "stable_ms": limit(60_000, "After this time on one socket the next wait begins with the base again."),
        "silence_ms": limit(40_000, "Without any message for this time, the client closes the socket and connects again."),
    })
}

fn limit(value: impl Into<Value>, meaning: &str) -> Value {
    json!({ "value": value.into(), "meaning": meaning })
}

fn period(period: Duration, meaning: &str) -> Value {
    limit(u64::try_from(period.as_millis()).unwrap_or(u64::MAX), meaning)
}
