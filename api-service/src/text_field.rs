use std::borrow::Cow;
use std::marker::PhantomData;

use domain::problem::FieldProblem;
use domain::text::Text;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde_json::Value;

/// A field for a text of the domain: published with the limits the domain has, judged by the domain.
pub(crate) struct TextField<T>(String, PhantomData<T>);

impl<T: Text> TextField<T> {
    /// Reads it as the value of the field at `pointer`.
    pub(crate) fn parse(&self, pointer: &str) -> Result<T, FieldProblem> {
        T::parse(pointer, &self.0)
    }
}

impl<T: Text + Send + Sync> Type for TextField<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = String;
    type RawElementValueType = String;

    fn name() -> Cow<'static, str> {
        format!("string({}..={})", T::MIN, T::MAX).into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let limits = MetaSchema {
            min_length: (T::MIN > 0).then_some(T::MIN),
            max_length: Some(T::MAX),
            ..MetaSchema::new("string")
        };
        MetaSchemaRef::Inline(Box::new(limits))
    }

    fn as_raw_value(&self) -> Option<&String> {
        Some(&self.0)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a String> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl<T: Text + Send + Sync> ParseFromJSON for TextField<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        Ok(Self(String::parse_from_json(value).map_err(ParseError::propagate)?, PhantomData))
    }
}

impl<T: Text + Send + Sync> ToJSON for TextField<T> {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(self.0.clone()))
    }
}
