use std::borrow::Cow;
use std::marker::PhantomData;

use domain::problem::FieldProblem;
use domain::text::Text;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde_json::Value;

/// A kind of text in a request body: the schema that is published, and the parser that checks it.
pub(crate) trait TextKind: Send + Sync {
    /// The parsed value.
    type Value;

    /// Returns the published schema.
    fn schema() -> MetaSchema;

    /// Parses the value of the field at `pointer`.
    fn parse(pointer: &str, text: &str) -> Result<Self::Value, FieldProblem>;
}

/// The texts of the domain are published with the bounds that the domain checks after normalisation.
impl<T: Text + Send + Sync> TextKind for T {
    type Value = T;

    fn schema() -> MetaSchema {
        MetaSchema {
            min_length: (T::MIN > 0).then_some(T::MIN),
            max_length: Some(T::MAX),
            pattern: Some(T::LINES.pattern().to_owned()),
            ..MetaSchema::new("string")
        }
    }

    fn parse(pointer: &str, text: &str) -> Result<T, FieldProblem> {
        <T as Text>::parse(pointer, text)
    }
}

/// A text field of a request body.
pub(crate) struct TextField<K>(String, PhantomData<K>);

impl<K: TextKind> TextField<K> {
    /// Parses the value of the field at `pointer`.
    pub(crate) fn parse(&self, pointer: &str) -> Result<K::Value, FieldProblem> {
        K::parse(pointer, &self.0)
    }
}

impl<K: TextKind> Type for TextField<K> {
    const IS_REQUIRED: bool = true;
    type RawValueType = String;
    type RawElementValueType = String;

    fn name() -> Cow<'static, str> {
        "string(text)".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(K::schema()))
    }

    fn as_raw_value(&self) -> Option<&String> {
        Some(&self.0)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a String> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl<K: TextKind> ParseFromJSON for TextField<K> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        Ok(Self(String::parse_from_json(value).map_err(ParseError::propagate)?, PhantomData))
    }
}

impl<K: TextKind> ToJSON for TextField<K> {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(self.0.clone()))
    }
}
