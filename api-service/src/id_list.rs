use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromParameter, ParseResult, ToJSON, Type};
use serde_json::Value;

use crate::id::Id;

/// Largest published number of ids in one list.
const MOST: usize = 100;

/// Ids in a query parameter, separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdList<T>(pub(crate) Vec<T>);

impl<T: Send + Sync> Type for IdList<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "[string(uuid)]".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let schema = MetaSchema {
            items: Some(Box::new(Id::<T>::schema_ref())),
            min_items: Some(1),
            max_items: Some(MOST),
            ..MetaSchema::new("array")
        };
        MetaSchemaRef::Inline(Box::new(schema))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl<T: Display + Send + Sync> ToJSON for IdList<T> {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.iter().map(|id| Value::from(id.to_string())).collect())
    }
}

impl<T: FromStr + Send + Sync> ParseFromParameter for IdList<T> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Self::parse_from_parameters(value.split(','))
    }

    fn parse_from_parameters<I: IntoIterator<Item = A>, A: AsRef<str>>(iter: I) -> ParseResult<Self> {
        let ids: Result<Vec<T>, _> = iter.into_iter().map(|id| id.as_ref().parse()).collect();
        ids.map(Self).map_err(|_not_an_id| ParseError::custom("not a list of UUIDs"))
    }
}
