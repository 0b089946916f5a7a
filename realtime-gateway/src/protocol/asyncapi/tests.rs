use std::collections::{BTreeMap, BTreeSet};

use domain::events::{Event, EventKind};
use domain::ids::UserId;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::schemas::{FrameSchema, Side, client_frames, frames, server_frames};
use super::*;
use crate::protocol::{ClientFrame, ServerFrame, parse, parse_hello};

/// Defines the list of all types together with a match, so that the compiler keeps the list complete.
macro_rules! types {
    ($list:ident, $of:ident, $frame:ty { $($variant:pat => $name:literal,)+ }) => {
        const $list: &[&str] = &[$($name),+];

        fn $of(frame: &$frame) -> &'static str {
            match frame { $($variant => $name,)+ }
        }
    };
}

types! { CLIENT_TYPES, client_type, ClientFrame {
    ClientFrame::Heartbeat => "hb",
    ClientFrame::Auth { .. } => "auth",
    ClientFrame::Watch { .. } => "watch",
    ClientFrame::Unwatch { .. } => "unwatch",
} }

types! { SERVER_TYPES, server_type, ServerFrame<'_> {
    ServerFrame::Welcome(_) => "welcome",
    ServerFrame::Gap(_) => "gap",
    ServerFrame::Heartbeat(_) => "hb",
    ServerFrame::AuthDue(_) => "auth.due",
    ServerFrame::AuthOk(_) => "auth.ok",
    ServerFrame::Ack(_) => "ack",
    ServerFrame::Error(_) => "err",
} }

fn types_of(side: Side) -> BTreeSet<String> {
    let list = frames().list;
    list.into_iter().filter(|frame| frame.from == side).map(|frame| frame.frame_type).collect()
}

fn set<'a>(types: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    types.into_iter().map(str::to_owned).collect()
}

#[test]
fn every_frame_type_is_described() {
    assert_eq!(types_of(Side::Client), set(CLIENT_TYPES.iter().copied().chain(["hello"])));
    assert_eq!(types_of(Side::Server), set(SERVER_TYPES.iter().copied().chain(["nt", "ev"])));
    let due = ServerFrame::AuthDue(crate::protocol::AuthDue { in_s: 1 });
    let written: Value = serde_json::from_str(&due.text()).unwrap();
    assert_eq!(written["t"], server_type(&due));
}

#[test]
fn every_event_kind_that_is_sent_is_described() {
    let described: BTreeSet<_> =
        frames().list.iter().filter_map(|frame| frame.kind).map(EventKind::as_str).collect();
    let all: BTreeSet<_> = EventKind::NAMES.iter().copied().collect();
    let missing: Vec<_> = all.difference(&described).copied().collect();
    // The sockets of the session are closed instead.
    assert_eq!(missing, ["session.revoked"]);
}

#[test]
fn close_codes_error_codes_and_reserved_types_are_described() {
    let document = asyncapi();
    let column = |list: &str, field: &str| -> Vec<Value> {
        document[list].as_array().unwrap().iter().map(|row| row[field].clone()).collect()
    };
    let codes: Vec<Value> = Close::ALL.iter().map(|close| json!(close.code())).collect();
    assert_eq!(column("x-close-codes", "code"), codes);
    let schema = &document["components"]["schemas"]["ErrorCode"]["oneOf"];
    let in_schema: Vec<Value> = schema.as_array().unwrap().iter().map(|code| code["const"].clone()).collect();
    assert_eq!(column("x-error-codes", "code"), in_schema);
    assert_eq!(in_schema.len(), FrameError::ALL.len());
    assert_eq!(document["x-reserved-frame-types"]["types"], json!(NOT_OFFERED));
}

#[test]
fn schemas_of_different_types_have_different_names() {
    let (client, server) = (client_frames().definitions, server_frames().definitions);
    for (name, schema) in &client {
        assert!(server.get(name).is_none_or(|other| other == schema), "{name} has two meanings");
    }
    // schemars appends a number to a name that is used twice.
    let numbered: Vec<_> = client
        .keys()
        .chain(server.keys())
        .filter(|name| name.ends_with(|last: char| last.is_ascii_digit()))
        .collect();
    assert!(numbered.is_empty(), "{numbered:?}");
}

#[test]
fn every_schema_has_a_plain_description() {
    fn check(at: &str, value: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(text)) = fields.get("description") {
                    assert!(!text.contains("[`") && !text.contains('\n'), "{at}: {text}");
                }
                if let Some(Value::Object(properties)) = fields.get("properties") {
                    for (name, property) in properties {
                        let is_explained =
                            property.get("description").is_some() || property.get("$ref").is_some();
                        let is_constraint = at.contains("/oneOf/");
                        assert!(is_explained || is_constraint, "{at}/{name} has no description");
                    }
                }
                fields.iter().for_each(|(name, field)| check(&format!("{at}/{name}"), field));
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(place, item)| check(&format!("{at}/{place}"), item));
            }
            _ => {}
        }
    }
    for (name, schema) in &frames().definitions {
        assert!(schema.get("description").is_some() || schema.get("format").is_some(), "{name}");
        check(name, schema);
    }
}

/// Returns a validator of one schema that also refuses fields that are not described.
fn validator(schema: &str, document: &Value) -> Validator {
    let mut schemas = document["components"]["schemas"].clone();
    for schema in schemas.as_object_mut().unwrap().values_mut().filter_map(Value::as_object_mut) {
        if schema.contains_key("properties") {
            schema.insert("additionalProperties".into(), json!(false));
        }
    }
    let root =
        json!({ "$ref": format!("#/components/schemas/{schema}"), "components": { "schemas": schemas } });
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft7)
        .should_validate_formats(true)
        // Draft 07 does not define it.
        .with_format("uuid", |text: &str| text.parse::<UserId>().is_ok())
        .build(&root)
        .unwrap()
}

fn assert_valid(schema: &str, value: &Value, document: &Value) {
    let faults: Vec<_> = validator(schema, document)
        .iter_errors(value)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{schema}: {value}: {faults:?}");
}

/// Asserts that the gateway itself reads a frame of a client.
fn assert_accepted(frame: &Value) {
    let text = frame.to_string();
    if frame["t"] == "hello" {
        assert!(parse_hello(&text).is_ok(), "{frame}");
    } else {
        assert_eq!(frame["t"], client_type(&parse(&text).unwrap()), "{frame}");
    }
}

#[test]
fn every_example_has_its_schema_and_is_accepted_by_the_gateway() {
    let document = asyncapi();
    for (name, message) in document["components"]["messages"].as_object().unwrap() {
        let examples = message["examples"].as_array().unwrap();
        assert!(!examples.is_empty(), "{name} has no example");
        for example in examples {
            assert_valid(name, &example["payload"], &document);
        }
    }
    for frame in frames().list.iter().filter(|frame| frame.from == Side::Client) {
        examples::of(frame).iter().for_each(assert_accepted);
    }
    let published: usize = frames().list.iter().map(|frame| examples::of(frame).len()).sum();
    assert_eq!(published, examples::client().len() + examples::server().len());
}

#[test]
fn the_example_conversation_is_made_of_valid_frames() {
    let document = asyncapi();
    let list = frames().list;
    let schema_of = |side, frame: &Value| -> String {
        let is_meant = |known: &&FrameSchema| {
            known.from == side
                && frame["t"] == known.frame_type.as_str()
                && known.kind.is_none_or(|kind| frame["k"] == kind.as_str())
        };
        list.iter().find(is_meant).unwrap().schema.clone()
    };
    let mut seen = BTreeMap::new();
    for step in document["x-example-conversation"].as_array().unwrap() {
        if let Some(close) = step.get("close") {
            assert_valid("CloseReason", &close["reason"], &document);
        }
        let Some(frame) = step.get("frame") else { continue };
        let side = if step["from"] == "client" { Side::Client } else { Side::Server };
        if side == Side::Client {
            assert_accepted(frame);
        }
        assert_valid(&schema_of(side, frame), frame, &document);
        *seen.entry(frame["t"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    for expected in
        ["hello", "welcome", "watch", "ack", "nt", "ev", "hb", "auth.due", "auth", "auth.ok", "gap"]
    {
        assert!(seen.contains_key(expected), "{expected}");
    }
    assert_eq!((seen["hello"], seen["hb"]), (2, 2));
}

#[test]
fn frames_that_the_gateway_refuses_do_not_have_the_schema() {
    let document = asyncapi();
    let post = json!("019aa5d0-0000-7000-8000-000000000010");
    for (schema, wrong) in [
        ("Hello", json!({ "t": "hello", "v": 1 })),
        ("Hello", json!({ "t": "hello", "v": 2, "ticket": "abc" })),
        ("Hello", json!({ "t": "hello", "v": 1, "ticket": "abc", "extra": 1 })),
        ("Hello", json!({ "t": "hello", "v": 1, "resume": { "epoch": "e", "pos": {} } })),
        (
            "Hello",
            json!({ "t": "hello", "v": 1, "ticket": "a", "resume": { "rt": "b", "epoch": "e", "pos": {} } }),
        ),
        ("Hello", json!({ "t": "hello", "v": 1, "resume": { "rt": "b", "epoch": "e", "pos": { "32": 1 } } })),
        ("Hello", json!({ "t": "hello", "v": 1, "ticket": "a", "watch": [{ "post": post, "user": post }] })),
        ("Watch", json!({ "t": "watch", "id": "1" })),
        ("Watch", json!({ "t": "watch", "id": "1", "post": post, "user": post })),
        ("Watch", json!({ "t": "watch", "id": "1", "post": "x" })),
        ("Unwatch", json!({ "t": "watch", "id": "1", "post": post })),
        ("Auth", json!({ "t": "auth", "ticket": "abc" })),
        ("HeartbeatAnswer", json!({ "t": "hb", "id": "1" })),
    ] {
        assert!(!validator(schema, &document).is_valid(&wrong), "{schema}: {wrong}");
        let text = wrong.to_string();
        let is_refused = match schema {
            "Hello" => parse_hello(&text).is_err(),
            // It is another valid frame.
            "Unwatch" => true,
            _ => parse(&text).is_err(),
        };
        assert!(is_refused, "{wrong}");
    }
}

#[test]
fn every_message_belongs_to_an_operation_and_every_reference_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = asyncapi();
    let mut found = Vec::new();
    references(&document, &mut found);
    for reference in &found {
        assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
    }
    let mut used = Vec::new();
    references(&document["operations"], &mut used);
    for name in document["components"]["messages"].as_object().unwrap().keys() {
        let reference = format!("#/channels/socket/messages/{name}");
        assert!(used.contains(&reference.as_str()), "{name}");
    }
}

#[test]
fn the_text_names_limits_and_codes_that_exist() {
    let document = asyncapi();
    let names: BTreeSet<&str> = ["x-limits", "x-reconnect"]
        .into_iter()
        .flat_map(|list| document[list].as_object().unwrap().keys().map(String::as_str))
        .collect();
    let codes: BTreeSet<String> = Close::ALL.iter().map(|close| close.code().to_string()).collect();
    let in_ticks = DESCRIPTION.split('`').skip(1).step_by(2);
    for word in in_ticks.filter(|word| word.ends_with("_ms") && *word != "retry_ms" || *word == "watched") {
        assert!(names.contains(word), "{word}");
    }
    for (place, _) in DESCRIPTION.match_indices("(4") {
        let code = DESCRIPTION.get(place + 1..place + 5).unwrap();
        assert!(codes.contains(code), "{code}");
    }
    for (_, limit) in document["x-limits"].as_object().unwrap() {
        let meaning = limit["meaning"].as_str().unwrap();
        if let Some((_, code)) = meaning.split_once("Close ") {
            assert!(codes.contains(code.trim_end_matches('.')), "{meaning}");
        }
    }
}

#[test]
fn examples_have_the_payload_of_their_kind() {
    for kind in EventKind::all() {
        let event: Event = examples::event(kind);
        assert_eq!(event.kind(), kind);
    }
}

#[test]
fn the_committed_document_is_up_to_date() {
    let committed: Value = serde_json::from_str(ASYNCAPI).unwrap();
    assert_eq!(committed, asyncapi(), "run cargo xtask generate");
}
