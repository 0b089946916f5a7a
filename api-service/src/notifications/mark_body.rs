use std::borrow::Cow;

use domain::Problem;
use domain::ids::NotificationId;
use domain::problem::{FieldFault, FieldProblem};
use domain::text::Fields;
use operations::notifications::Marked;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, Type};
use serde_json::Value;

use crate::id::Id;
use crate::instant::Instant;
use crate::request_body::IntoInput;

/// The largest number of ids in one request.
const MAX_IDS: usize = 100;

/// The notifications to mark: exactly one of the two fields. The `Object` derive cannot publish that, so the schema is
/// written by hand.
pub(crate) struct MarkNotificationsBody {
    ids: Option<Vec<Id<NotificationId>>>,
    up_to: Option<Instant>,
}

impl Type for MarkNotificationsBody {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "MarkNotifications".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(Self::name().into_owned(), |_registry| {
            let ids = MetaSchema {
                description: Some("Ids of notifications, 1–100."),
                min_items: Some(1),
                max_items: Some(MAX_IDS),
                ..MetaSchema::ANY
            };
            let up_to = MetaSchema {
                description: Some("All notifications whose `updated_at` is at or before this time."),
                ..MetaSchema::ANY
            };
            MetaSchema {
                description: Some("The notifications to mark: exactly one of the fields."),
                properties: vec![
                    ("ids", Vec::<Id<NotificationId>>::schema_ref().merge(ids)),
                    ("up_to", Instant::schema_ref().merge(up_to)),
                ],
                min_properties: Some(1),
                max_properties: Some(1),
                ..MetaSchema::new("object")
            }
        });
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ParseFromJSON for MarkNotificationsBody {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let mut fields = match value {
            Some(Value::Object(fields)) => fields,
            other => return Err(ParseError::expected_type(other.unwrap_or_default())),
        };
        Ok(Self {
            ids: ParseFromJSON::parse_from_json(fields.remove("ids")).map_err(ParseError::propagate)?,
            up_to: ParseFromJSON::parse_from_json(fields.remove("up_to")).map_err(ParseError::propagate)?,
        })
    }
}

impl IntoInput for MarkNotificationsBody {
    type Input = Marked;

    fn into_input(self) -> Result<Marked, Problem> {
        let mut fields = Fields::default();
        let marked = match (self.ids, self.up_to) {
            (Some(ids), None) => Some(Marked::Ids(ids.into_iter().map(|id| id.0).collect())),
            (None, Some(instant)) => Some(Marked::UpTo(instant.0)),
            (Some(_), Some(_)) => {
                fields.push(FieldProblem::at("/up_to", FieldFault::NotAllowed));
                None
            }
            (None, None) => {
                fields.push(FieldProblem::at("/ids", FieldFault::Required));
                None
            }
        };
        fields.finish(marked)
    }
}
