use std::borrow::Cow;
use std::str::FromStr;

use domain::{Problem, ProblemCode};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseFromParameter, ParseResult, Type};

/// An identifier in a path. One that is none names nothing: whoever asks is told that there is no such thing.
pub(crate) struct PathId(String);

impl PathId {
    /// Returns the identifier.
    pub(crate) fn get<T: FromStr>(&self) -> Result<T, Problem> {
        self.0.parse().map_err(|_not_an_id| ProblemCode::NotFound.into())
    }
}

impl Type for PathId {
    const IS_REQUIRED: bool = true;
    type RawValueType = String;
    type RawElementValueType = String;

    fn name() -> Cow<'static, str> {
        "string(uuid)".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "uuid")))
    }

    fn as_raw_value(&self) -> Option<&String> {
        Some(&self.0)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a String> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ParseFromParameter for PathId {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(Self(value.to_owned()))
    }
}
