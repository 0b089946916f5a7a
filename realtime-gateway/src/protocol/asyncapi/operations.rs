//! Who sends which message, and how it is answered. Seen from the gateway: it receives what clients send.

use serde_json::{Map, Value, json};

use super::schemas::FrameSchema;

/// Name, action, summary, messages, and the messages that answer them.
type Operation<'a> = (&'a str, &'a str, &'a str, Vec<&'a str>, &'a [&'a str]);

/// Describes all operations.
pub(super) fn describe(frames: &[FrameSchema]) -> Map<String, Value> {
    let events = |frame_type: &str| -> Vec<&str> {
        let of_type = frames.iter().filter(|frame| frame.kind.is_some() && frame.frame_type == frame_type);
        of_type.map(|frame| frame.schema.as_str()).collect()
    };
    let operations: [Operation<'_>; 11] = [
        ("hello", "receive", "The client logs in on the socket.", vec!["Hello"], &["Welcome"]),
        ("answerHeartbeat", "receive", "The client answers a heartbeat.", vec!["HeartbeatAnswer"], &[]),
        ("auth", "receive", "The client begins a new grant.", vec!["Auth"], &["AuthOk", "Error"]),
        ("watch", "receive", "The client watches a post or a person.", vec!["Watch"], &["Ack", "Error"]),
        ("unwatch", "receive", "The client ends a watch.", vec!["Unwatch"], &["Ack", "Error"]),
        ("heartbeat", "send", "The gateway shows that it is alive.", vec!["Heartbeat"], &["HeartbeatAnswer"]),
        ("requestAuth", "send", "The gateway asks for a new ticket.", vec!["AuthDue"], &["Auth"]),
        ("notify", "send", "The gateway sends an event of the person who is logged in.", events("nt"), &[]),
        ("sendEvent", "send", "The gateway sends an event of a watched post or person.", events("ev"), &[]),
        ("reportGap", "send", "The gateway cannot send everything that was missed.", vec!["Gap"], &[]),
        ("reportError", "send", "The gateway could not read a message.", vec!["Error"], &[]),
    ];
    operations.into_iter().map(|operation| (operation.0.to_owned(), described(&operation))).collect()
}

fn described((_, action, summary, messages, answers): &Operation<'_>) -> Value {
    let channel = json!({ "$ref": "#/channels/socket" });
    let references = |names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| json!({ "$ref": format!("#/channels/socket/messages/{name}") })).collect()
    };
    let mut described = json!({
        "action": action,
        "channel": channel,
        "summary": summary,
        "messages": references(messages),
    });
    if let Some(fields) = described.as_object_mut().filter(|_| !answers.is_empty()) {
        fields.insert("reply".to_owned(), json!({ "channel": channel, "messages": references(answers) }));
    }
    described
}
