//! The published description of the protocol: an AsyncAPI 3 document, made from the types that read and write frames.

mod conversation;
mod examples;
mod limits;
mod operations;
mod schemas;

use serde_json::{Map, Value, json};

use self::schemas::{FrameSchema, Side};
use super::client::NOT_OFFERED;
use super::server::FrameError;
use super::{Close, Duty, SUBPROTOCOL};

/// The committed document, as it is served at `/asyncapi.json`.
pub(crate) const ASYNCAPI: &str = include_str!("../../asyncapi.json");

const DESCRIPTION: &str = include_str!("asyncapi/description.md");

/// Returns the AsyncAPI document (AsyncAPI 3.0.0). `realtime-gateway asyncapi` prints it.
pub fn asyncapi() -> Value {
    let frames = schemas::frames();
    let messages: Map<String, Value> =
        frames.list.iter().map(|frame| (frame.schema.clone(), message(frame, &frames.definitions))).collect();
    let operations = operations::describe(&frames.list);
    let channel = channel(&frames.list);
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "OrGo realtime",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": env!("CARGO_PKG_LICENSE") },
        },
        "defaultContentType": "application/json",
        "servers": {
            "embedded": {
                "host": "127.0.0.1:8080",
                "protocol": "ws",
                "description": "Everything in one process on this machine.",
            },
            "public": {
                "host": "{host}",
                "protocol": "wss",
                "description": "An installation. `createRealtimeTicket` returns the whole address as `url`.",
                "variables": { "host": { "description": "Host of the API.", "default": "api.example.com" } },
            },
        },
        "channels": { "socket": channel },
        "operations": operations,
        "components": { "messages": messages, "schemas": frames.definitions },
        "x-limits": limits::describe(),
        "x-reconnect": limits::reconnect(),
        "x-error-codes": error_codes(),
        "x-close-codes": close_codes(),
        "x-reserved-frame-types": {
            "description": "Frames that later versions may accept. Today they are answered by `err` with `not_found`.",
            "types": NOT_OFFERED,
        },
        "x-example-conversation": conversation::describe(),
    })
}

fn channel(frames: &[FrameSchema]) -> Value {
    let messages: Map<String, Value> = frames
        .iter()
        .map(|frame| {
            let reference = json!({ "$ref": format!("#/components/messages/{}", frame.schema) });
            (frame.schema.clone(), reference)
        })
        .collect();
    json!({
        "address": "/ws",
        "title": "Socket",
        "description": "One WebSocket. Every message is one JSON object in a text message.",
        "servers": [{ "$ref": "#/servers/embedded" }, { "$ref": "#/servers/public" }],
        "messages": messages,
        "bindings": {
            "ws": {
                "bindingVersion": "0.1.0",
                "method": "GET",
                "headers": {
                    "type": "object",
                    "required": ["Sec-WebSocket-Protocol"],
                    "properties": {
                        "Sec-WebSocket-Protocol": {
                            "type": "string",
                            "const": SUBPROTOCOL,
                            "description": "The subprotocol (RFC 6455 section 11.3.4).",
                        },
                        "Origin": {
                            "type": "string",
                            "description": "Browsers send it. It must be one of the origins that the installation allows. \
                                Other clients leave it out.",
                        },
                    },
                },
            },
        },
    })
}

fn message(frame: &FrameSchema, definitions: &Map<String, Value>) -> Value {
    let described = definitions.get(&frame.schema).and_then(|schema| schema.get("description"));
    let described = described.and_then(Value::as_str).unwrap_or_default();
    let direction = match frame.from {
        Side::Client => "client",
        Side::Server => "gateway",
    };
    let examples = examples::of(frame).into_iter().map(|example| json!({ "payload": example }));
    json!({
        "name": frame.wire_name(),
        "title": format!("{} ({direction})", frame.wire_name()),
        "summary": first_sentence(described),
        "contentType": "application/json",
        "payload": { "$ref": format!("#/components/schemas/{}", frame.schema) },
        "examples": examples.collect::<Vec<_>>(),
    })
}

fn first_sentence(text: &str) -> &str {
    text.split_inclusive(". ").next().unwrap_or_default().trim_end()
}

fn error_codes() -> Vec<Value> {
    FrameError::ALL.iter().map(|(code, meaning)| json!({ "code": code, "meaning": meaning })).collect()
}

fn close_codes() -> Vec<Value> {
    let describe = |close: &Close| {
        json!({
            "code": close.code(),
            "name": close.as_str(),
            "meaning": close.meaning(),
            "action": close.duty().as_str(),
            "client": action(close.duty()),
        })
    };
    Close::ALL.iter().map(describe).collect()
}

fn action(duty: Duty) -> &'static str {
    match duty {
        Duty::Resume => {
            "Waits (at least retry_ms), connects again, and sends hello with resume: with the resume token while it is \
             valid, otherwise with a new ticket."
        }
        Duty::NewTicket => {
            "Waits (at least retry_ms), gets a new ticket, connects again, and sends hello with the ticket and with resume \
             without rt."
        }
        Duty::Stop => "Does not connect again by itself.",
    }
}

#[cfg(test)]
mod tests;
