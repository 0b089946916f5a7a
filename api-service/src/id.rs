use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use serde_json::Value;

/// A typed identifier in a path, a query or a body, published as `type: string, format: uuid`.
///
/// A malformed identifier is answered with 404 in a path, with 400 in a query, and with a field fault of a 422 in a
/// body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id<T>(pub(crate) T);

impl<T> From<T> for Id<T> {
    fn from(id: T) -> Self {
        Self(id)
    }
}

impl<T: Send + Sync> Type for Id<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string(uuid)".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "uuid")))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl<T: FromStr + Send + Sync> ParseFromParameter for Id<T> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        value.parse().map(Self).map_err(|_not_an_id| ParseError::custom("not a UUID"))
    }
}

impl<T: FromStr + Send + Sync> ParseFromJSON for Id<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let text = value.as_ref().and_then(Value::as_str);
        text.and_then(|text| text.parse().ok()).map(Self).ok_or_else(|| ParseError::custom("not a UUID"))
    }
}

impl<T: Display + Send + Sync> ToJSON for Id<T> {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(self.0.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::PostId;

    use super::*;

    #[test]
    fn an_id_is_read_with_hyphens_in_either_case() {
        let text = "01890a5d-ac96-774b-bcce-b302099a8057";
        let id = Id::<PostId>::parse_from_json(Some(text.into())).unwrap();
        assert_eq!(id.to_json(), Some(text.into()));
        assert_eq!(Id::parse_from_parameter(text).unwrap(), id);
        assert_eq!(Id::<PostId>::parse_from_parameter(&text.to_uppercase()).unwrap(), id);
        for wrong in [None, Some(Value::Null), Some(7.into()), Some(text.replace('-', "").into())] {
            assert!(Id::<PostId>::parse_from_json(wrong).is_err());
        }
    }
}
