//! An example conversation: a socket from its first frame to its end, and the next socket, which resumes.

use std::time::Duration;

use domain::events::EventKind;
use serde_json::{Value, json};

use super::examples::{
    LATER_RESUME_TOKEN, LATER_TICKET, POST, TICKET, auth_due, auth_ok, event, gap, heartbeat, hello_again,
    positions, sent, watched, welcome, welcome_again,
};
use crate::protocol::{Close, Closing, SUBPROTOCOL, VERSION};

/// Describes the conversation, step by step: a frame, a handshake (`open`) or a close frame (`close`).
pub(super) fn describe() -> Vec<Value> {
    let open = json!({ "path": "/ws", "Sec-WebSocket-Protocol": SUBPROTOCOL });
    let mut steps = vec![
        step("client", "Connects.", "open", open.clone()),
        client("Logs in with a new ticket.", json!({ "t": "hello", "v": VERSION, "ticket": TICKET })),
        server("Sends every event after these positions.", welcome(&[])),
        client("A page shows a post.", json!({ "t": "watch", "id": "w1", "post": POST })),
        server("From now on, events of the post are sent.", watched()),
        server("Somebody replied to a comment of the person.", sent(event(EventKind::Notification))),
        server("Somebody liked the post that is shown.", sent(event(EventKind::PostLiked))),
        server(
            "Everything up to these positions was sent.",
            heartbeat(positions(1043, 871), Some(LATER_RESUME_TOKEN)),
        ),
        client("Is alive too.", json!({ "t": "hb" })),
        server("The grant ends in a minute.", auth_due()),
        client("Sends a new ticket.", json!({ "t": "auth", "id": "a1", "ticket": LATER_TICKET })),
        server("The new grant has begun.", auth_ok()),
    ];
    steps.push(step("server", "This gateway is shutting down.", "close", close(Close::Restart)));
    steps.extend([
        step("client", "Waits, and connects again, to any gateway.", "open", open),
        client("Resumes where it was, and watches the same post.", hello_again()),
        server("Not everything that was missed can be sent.", welcome_again()),
        server(
            "The event log was restored from a backup. The client loads the present state from the API, and takes over epoch \
             and positions.",
            gap(),
        ),
    ]);
    steps
}

/// Returns a close frame.
fn close(close: Close) -> Value {
    let reason = Closing::from(close).reason(Duration::from_millis(1_730));
    let reason: Value = serde_json::from_str(&reason).unwrap_or_default();
    json!({ "code": close.code(), "reason": reason })
}

fn client(about: &str, frame: Value) -> Value {
    step("client", about, "frame", frame)
}

fn server(about: &str, frame: Value) -> Value {
    step("server", about, "frame", frame)
}

fn step(from: &str, about: &str, what: &str, content: Value) -> Value {
    let fields = [("from", from.into()), ("about", about.into()), (what, content)];
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
