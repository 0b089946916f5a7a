use std::borrow::Cow;

use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ToJSON, Type};
use serde_json::{Map, Value};

use crate::json::Json;

/// One page of a list, published as `PostPage`, `CommentPage` and so on.
pub(crate) struct PageBody<T> {
    pub(super) items: Vec<T>,
    pub(super) next_cursor: Option<String>,
    pub(super) prev_cursor: Option<String>,
}

impl<T: Type> Type for PageBody<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        format!("{}Page", T::name()).into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(Self::name().into_owned(), |registry| {
            T::register(registry);
            let text = |description| {
                let schema = MetaSchema { description: Some(description), ..MetaSchema::new("string") };
                MetaSchemaRef::Inline(Box::new(schema))
            };
            let items = MetaSchema {
                description: Some("Items of this page, in the order of the list."),
                items: Some(Box::new(T::schema_ref())),
                ..MetaSchema::new("array")
            };
            MetaSchema {
                description: Some("One page of a list."),
                required: vec!["items"],
                properties: vec![
                    ("items", MetaSchemaRef::Inline(Box::new(items))),
                    ("next_cursor", text("Cursor of the next page. Absent on the last page.")),
                    ("prev_cursor", text("Cursor of the previous page. Absent on the first page.")),
                ],
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

impl<T: ToJSON> ToJSON for PageBody<T> {
    fn to_json(&self) -> Option<Value> {
        let mut page = Map::new();
        page.insert("items".into(), self.items.iter().filter_map(ToJSON::to_json).collect());
        for (name, cursor) in [("next_cursor", &self.next_cursor), ("prev_cursor", &self.prev_cursor)] {
            page.extend(cursor.as_ref().map(|cursor| (name.to_owned(), Value::from(cursor.as_str()))));
        }
        Some(Value::Object(page))
    }
}

/// The answer of every list.
#[derive(ApiResponse)]
pub(crate) enum PageResponse<T: ToJSON> {
    /// One page of the list.
    #[oai(status = 200)]
    Page(
        Json<PageBody<T>>,
        /// Links to the next and the previous page (RFC 8288), where there are such pages.
        #[oai(header = "Link")]
        Option<String>,
    ),
}
