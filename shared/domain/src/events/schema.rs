//! Describes events, as clients receive them, as JSON Schema.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use super::payload::{
    CommentUpdated, Notification, NotificationCounts, PostComments, PostCreated, PostDeleted, PostLikes,
    PostUpdated, SessionRevoked, UserFollowers,
};
use super::{EventKind, PARTITIONS};
use crate::clock::Timestamp;
use crate::ids::UserId;

impl EventKind {
    /// Returns every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::NAMES.iter().filter_map(|name| Self::from_name(name))
    }

    /// Returns the schema of the frame that clients receive, partition and position included. The payload's schema is
    /// added to the generator's definitions.
    pub fn frame_schema(self, generator: &mut SchemaGenerator) -> Schema {
        match self {
            Self::Notification => numbered::<Notification>(self, generator),
            Self::NotificationCounts => numbered::<NotificationCounts>(self, generator),
            Self::SessionRevoked => public::<SessionRevoked>(self, generator),
            Self::PostCreated => public::<PostCreated>(self, generator),
            Self::PostUpdated | Self::PostRestored => public::<PostUpdated>(self, generator),
            Self::PostDeleted => public::<PostDeleted>(self, generator),
            Self::PostLiked | Self::PostUnliked => public::<PostLikes>(self, generator),
            Self::CommentCreated | Self::CommentDeleted => public::<PostComments>(self, generator),
            Self::CommentUpdated => public::<CommentUpdated>(self, generator),
            Self::UserFollowers => public::<UserFollowers>(self, generator),
        }
    }

    /// Returns the sentence that explains the kind.
    pub fn meaning(self) -> String {
        // The sentences are the enumeration's own documentation.
        let schema = Self::json_schema(&mut SchemaGenerator::default());
        let kinds = schema.get("oneOf").and_then(Value::as_array);
        let own = kinds.into_iter().flatten().find(|kind| {
            kind.get("const").or_else(|| kind.pointer("/enum/0")).and_then(Value::as_str)
                == Some(self.as_str())
        });
        let meaning = own.and_then(|kind| kind.get("description")).and_then(Value::as_str);
        meaning.unwrap_or_default().to_owned()
    }
}

/// Describes a frame of one recipient.
fn numbered<P: JsonSchema>(kind: EventKind, generator: &mut SchemaGenerator) -> Schema {
    let recipient = json_schema!({
        "description": "The recipient: the person who is logged in.",
        "allOf": [generator.subschema_for::<UserId>()],
    });
    let number = json_schema!({
        "description": "Consecutive number of the recipient's `nt` events: 1, 2, 3 …",
        "type": "integer",
        "minimum": 1,
    });
    frame::<P>(kind, "nt", &[("uid", recipient), ("n", number)], generator)
}

/// Describes a frame of watchers.
fn public<P: JsonSchema>(kind: EventKind, generator: &mut SchemaGenerator) -> Schema {
    frame::<P>(kind, "ev", &[], generator)
}

fn frame<P: JsonSchema>(
    kind: EventKind,
    frame_type: &str,
    address: &[(&str, Schema)],
    generator: &mut SchemaGenerator,
) -> Schema {
    let mut at = generator.subschema_for::<Timestamp>();
    at.insert("description".to_owned(), "Instant of the event.".into());
    let fields = [
        ("t", json_schema!({ "description": "Type of the frame.", "type": "string", "const": frame_type })),
        (
            "p",
            json_schema!({
                "description": "Partition of the event log that holds the event.",
                "type": "integer", "minimum": 0, "maximum": PARTITIONS - 1,
            }),
        ),
        (
            "o",
            json_schema!({
                "description": "Position of the event in its partition. The client drops the frame where this is not \
                    larger than the position it has reached there; otherwise this becomes its position.",
                "type": "integer", "minimum": 1,
            }),
        ),
        (
            "k",
            json_schema!({ "description": "Kind of the event.", "type": "string", "const": kind.as_str() }),
        ),
        ("at", at),
        ("d", generator.subschema_for::<P>()),
    ];
    let fields = fields.into_iter().chain(address.iter().cloned());
    let properties: Map<String, Value> =
        fields.map(|(name, schema)| (name.to_owned(), schema.to_value())).collect();
    let required: Vec<&String> = properties.keys().collect();
    json_schema!({
        "description": kind.meaning(),
        "type": "object",
        "required": required,
        "properties": properties,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_frame_schema_and_an_explanation() {
        let mut generator = SchemaGenerator::default();
        for kind in EventKind::all() {
            let schema = kind.frame_schema(&mut generator);
            assert_eq!(schema.pointer("/properties/k/const").unwrap(), kind.as_str());
            assert!(kind.meaning().ends_with('.'), "{}", kind.as_str());
            let is_numbered = schema.pointer("/properties/n").is_some();
            let frame_type = if is_numbered { "nt" } else { "ev" };
            assert_eq!(schema.pointer("/properties/t/const").unwrap(), frame_type);
        }
        assert_eq!(EventKind::all().count(), EventKind::NAMES.len());
        assert!(generator.definitions().contains_key("PostLikes"));
    }
}
