//! JSON Schema (draft 07) of every frame and payload.

use domain::events::EventKind;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::protocol::client::{AuthFrame, HeartbeatAnswer, HelloFrame, WatchFrame};
use crate::protocol::close::Reason;
use crate::protocol::server::ServerFrame;

/// Who sends a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

/// A frame with its schema.
pub(super) struct FrameSchema {
    pub(super) from: Side,
    /// Name of the schema, and of the message.
    pub(super) schema: String,
    /// The field `t`.
    pub(super) frame_type: String,
    /// The field `k` of an event.
    pub(super) kind: Option<EventKind>,
}

impl FrameSchema {
    /// Returns the name on the wire: the event's kind, or the frame's type.
    pub(super) fn wire_name(&self) -> &str {
        match self.kind {
            Some(kind) => kind.as_str(),
            None => &self.frame_type,
        }
    }
}

/// All frames, and the schemas that they refer to.
pub(super) struct Frames {
    pub(super) list: Vec<FrameSchema>,
    pub(super) definitions: Map<String, Value>,
}

/// Describes all frames.
pub(super) fn frames() -> Frames {
    let mut client = client_frames();
    let server = server_frames();
    client.list.extend(server.list);
    client.definitions.extend(server.definitions);
    client
}

/// Returns the kinds of events that clients receive.
pub(super) fn sent_kinds() -> impl Iterator<Item = EventKind> {
    // A session that ended has no sockets any more: the gateway closes them.
    EventKind::all().filter(|kind| *kind != EventKind::SessionRevoked)
}

/// Describes the frames that clients send.
pub(super) fn client_frames() -> Frames {
    let mut generator = settings().for_deserialize().into_generator();
    let watch = WatchFrame::json_schema(&mut generator);
    let described = [
        ("Hello", "hello", HelloFrame::json_schema(&mut generator)),
        ("HeartbeatAnswer", "hb", HeartbeatAnswer::json_schema(&mut generator)),
        ("Auth", "auth", AuthFrame::json_schema(&mut generator)),
        ("Watch", "watch", watch.clone()),
        ("Unwatch", "unwatch", explained(watch, UNWATCH)),
    ];
    let mut list = Vec::new();
    for (name, frame_type, schema) in described {
        add(&mut generator, name, frame_type, schema);
        let (schema, frame_type) = (name.to_owned(), frame_type.to_owned());
        list.push(FrameSchema { from: Side::Client, schema, frame_type, kind: None });
    }
    Frames { list, definitions: generator.take_definitions(true) }
}

const UNWATCH: &str = "Ends a watch. Exactly one of `post` and `user` is given. Idempotent. Answered by `ack` or `err`. \
    Frames that are already on their way may still arrive after the `ack`.";

fn explained(mut schema: Schema, description: &str) -> Schema {
    schema.insert("description".to_owned(), description.into());
    schema
}

/// Describes the frames that the gateway sends, and the reason of its close frames.
pub(super) fn server_frames() -> Frames {
    let mut generator = settings().for_serialize().into_generator();
    let own = ServerFrame::json_schema(&mut generator);
    let variants = own.get("oneOf").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut list = Vec::new();
    for variant in variants {
        // The tag of the enumeration and a reference to the struct become one flat schema.
        let Some((name, frame_type)) = name_and_type(&variant) else { continue };
        if let Some(Ok(schema)) = generator.definitions().get(&name).cloned().map(Schema::try_from) {
            add(&mut generator, &name, &frame_type, schema);
        }
        list.push(FrameSchema { from: Side::Server, schema: name, frame_type, kind: None });
    }
    for kind in sent_kinds() {
        let schema = kind.frame_schema(&mut generator);
        let name = event_schema_name(kind);
        let frame_type = schema.pointer("/properties/t/const").and_then(Value::as_str);
        let frame_type = frame_type.unwrap_or_default().to_owned();
        add(&mut generator, &name, &frame_type, schema);
        list.push(FrameSchema { from: Side::Server, schema: name, frame_type, kind: Some(kind) });
    }
    generator.subschema_for::<Reason<'_>>();
    Frames { list, definitions: generator.take_definitions(true) }
}

fn name_and_type(variant: &Value) -> Option<(String, String)> {
    let (_, name) = variant.get("$ref")?.as_str()?.rsplit_once('/')?;
    let frame_type = variant.pointer("/properties/t/const")?.as_str()?;
    Some((name.to_owned(), frame_type.to_owned()))
}

/// Returns the name of an event's schema: `post.liked` becomes `PostLikedEvent`.
fn event_schema_name(kind: EventKind) -> String {
    format!("{kind:?}Event")
}

/// Adds a frame's schema to the definitions, with the frame's type as its field `t`.
fn add(generator: &mut SchemaGenerator, name: &str, frame_type: &str, mut schema: Schema) {
    let object = schema.ensure_object();
    if let Some(properties) = object.entry("properties").or_insert_with(|| json!({})).as_object_mut() {
        let tag = json!({ "description": "Type of the frame.", "type": "string", "const": frame_type });
        properties.insert("t".to_owned(), tag);
    }
    if let Some(required) = object.entry("required").or_insert_with(|| json!([])).as_array_mut()
        && !required.iter().any(|field| field == "t")
    {
        required.insert(0, "t".into());
    }
    generator.definitions_mut().insert(name.to_owned(), schema.to_value());
}

/// AsyncAPI's own schemas extend draft 07.
fn settings() -> SchemaSettings {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    settings.with_transform(AbsentInsteadOfNull).with_transform(OneLine)
}

/// Removes `null` from optional fields: the gateway leaves them out, and clients do so too.
#[derive(Clone)]
struct AbsentInsteadOfNull;

impl Transform for AbsentInsteadOfNull {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let required = schema.get("required").cloned().unwrap_or_default();
        let is_required =
            |name: &str| required.as_array().is_some_and(|all| all.iter().any(|one| one == name));
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
        for (_, property) in properties.iter_mut().filter(|(name, _)| !is_required(name)) {
            remove_null(property);
        }
    }
}

fn remove_null(property: &mut Value) {
    let Some(property) = property.as_object_mut() else { return };
    property.retain(|keyword, value| !(keyword == "default" && value.is_null()));
    if let Some(Value::Array(types)) = property.get_mut("type") {
        types.retain(|one| one != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            property.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(any)) = property.get_mut("anyOf") {
        any.retain(|one| one.get("type").is_none_or(|name| name != "null"));
        if any.len() == 1 {
            let only = property.remove("anyOf").unwrap_or_default();
            property.insert("allOf".to_owned(), only);
        }
    }
}

/// Joins the lines of a description: they are broken where the source is.
#[derive(Clone)]
struct OneLine;

impl Transform for OneLine {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        if let Some(Value::String(text)) = schema.get_mut("description") {
            *text = text.replace('\n', " ");
        }
    }
}
