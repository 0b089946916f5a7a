use std::sync::Arc;

use domain::page::{Cursor, Limit, Page, PageRequest};
use domain::problem::{FieldFault, FieldProblem};
use domain::{Problem, ProblemCode};
use poem::http::Method;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaParamIn, MetaSchema, MetaSchemaRef};
use poem_openapi::types::ToJSON;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::page_body::{PageBody, PageResponse};
use crate::Service;
use crate::json::Json;
use crate::openapi::OperationTable;
use crate::problem::ApiProblem;

/// The query parameters `limit` and `cursor` of a list, and the list they belong to: the path and the other query
/// parameters of the request. A cursor is sealed for its list and refused by every other one.
///
/// It is published as one object in the query (OpenAPI `style: form`, `explode: true`), which
/// `openapi::parameters` writes as one parameter for each property.
pub(crate) struct PageQuery {
    service: Service,
    path: String,
    filter: Vec<(String, String)>,
    /// The filter without the parameters that are written with their default.
    canonical: Vec<(String, String)>,
    request: PageRequest,
    has_limit: bool,
}

impl PageQuery {
    /// Reads the parameters from a request.
    fn read(service: &Service, table: &OperationTable, path: &str, query: &str) -> Result<Self, Problem> {
        let (mut limit, mut cursor, mut filter) = (Limit::default(), None, Vec::new());
        let mut has_limit = false;
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "limit" => (limit, has_limit) = (parse_limit(&value)?, true),
                "cursor" => cursor = Some(value.into_owned()),
                _ => filter.push((name.into_owned(), value.into_owned())),
            }
        }
        // The order of query parameters has no meaning.
        filter.sort_unstable();
        let is_default =
            |(name, value): &&(String, String)| table.is_default(&Method::GET, path, name, value);
        let canonical = filter.iter().filter(|pair| !is_default(pair)).cloned().collect();
        let request = PageRequest { limit, cursor: None };
        let mut page =
            Self { service: service.clone(), path: path.into(), filter, canonical, request, has_limit };
        if let Some(sealed) = cursor {
            let opened = service.cursors().open(&page.list(), &sealed);
            page.request.cursor = Some(opened.map_err(|_fault| ProblemCode::InvalidCursor)?);
        }
        Ok(page)
    }

    /// Returns the page that is requested.
    pub(crate) fn request(&self) -> &PageRequest {
        &self.request
    }

    /// Returns whether the request names a page size.
    pub(crate) fn has_limit(&self) -> bool {
        self.has_limit
    }

    /// Answers with a page: its items, its cursors and its links.
    pub(crate) fn respond<V, T: ToJSON + From<V>>(&self, page: Page<V>) -> PageResponse<T> {
        let list = self.list();
        let seal = |cursor: &Cursor| self.service.cursors().seal(&list, cursor);
        let next_cursor = page.next.as_ref().map(seal);
        let prev_cursor = page.previous.as_ref().map(seal);
        let link = |cursor: &Option<String>, relation: &str| {
            cursor.as_ref().map(|cursor| format!("<{}>; rel=\"{relation}\"", self.address(cursor)))
        };
        let links: Vec<_> =
            [link(&next_cursor, "next"), link(&prev_cursor, "prev")].into_iter().flatten().collect();
        let links = (!links.is_empty()).then(|| links.join(", "));
        let items = page.items.into_iter().map(T::from).collect();
        PageResponse::Page(Json(PageBody { items, next_cursor, prev_cursor }), links)
    }

    /// Returns the name under which cursors of this list are sealed. Writing out a default does not change it.
    fn list(&self) -> String {
        format!("{}?{}", self.path, query(&self.canonical).finish())
    }

    /// Returns the path and query of the page at `cursor`.
    fn address(&self, cursor: &str) -> String {
        let mut query = query(&self.filter);
        query.append_pair("limit", &self.request.limit.get().to_string()).append_pair("cursor", cursor);
        format!("{}?{}", self.path, query.finish())
    }
}

fn query(pairs: &[(String, String)]) -> url::form_urlencoded::Serializer<'static, String> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    query
}

/// Reads a page size: an integer outside of the bounds is invalid (422), anything else is malformed (400).
fn parse_limit(text: &str) -> Result<Limit, Problem> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let fault = FieldProblem::parameter("limit", FieldFault::BadFormat);
        return Err(Problem { fields: vec![fault], ..Problem::new(ProblemCode::MalformedRequest) });
    }
    text.parse().ok().and_then(Limit::new).ok_or_else(|| {
        let fault = FieldProblem::parameter("limit", FieldFault::OutOfRange);
        Problem::invalid(vec![fault.with("min", Limit::MIN).with("max", Limit::MAX)])
    })
}

impl<'a> ApiExtractor<'a> for PageQuery {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = false;
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Query)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let limit = MetaSchema {
            description: Some("Page size, 1–100. Default 20."),
            default: Some(Limit::DEFAULT.into()),
            minimum: Some(f64::from(Limit::MIN)),
            maximum: Some(f64::from(Limit::MAX)),
            ..MetaSchema::new_with_format("integer", "int32")
        };
        let cursor = MetaSchema {
            description: Some(
                "`next_cursor` or `prev_cursor` of an answer of the same list, with the same other parameters. Without \
                 it, the list starts at its beginning.",
            ),
            ..MetaSchema::new("string")
        };
        let inline = |schema| MetaSchemaRef::Inline(Box::new(schema));
        let properties = vec![("limit", inline(limit)), ("cursor", inline(cursor))];
        Some(inline(MetaSchema { properties, ..MetaSchema::new("object") }))
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let service = request.data::<Service>().ok_or(ProblemCode::Internal).map_err(ApiProblem::from)?;
        let table = request.data::<Arc<OperationTable>>().ok_or(ProblemCode::Internal);
        let (table, uri) = (table.map_err(ApiProblem::from)?, request.uri());
        Ok(Self::read(service, table, uri.path(), uri.query().unwrap_or_default())
            .map_err(ApiProblem::from)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_outside_of_its_bounds_is_invalid_and_not_coerced() {
        for (text, limit) in [("1", 1), ("20", 20), ("100", 100)] {
            assert_eq!(parse_limit(text).map(Limit::get), Ok(limit));
        }
        for text in ["0", "-1", "101", "4000000000", "99999999999999999999", "-99999999999999999999"] {
            let problem = parse_limit(text).unwrap_err();
            assert_eq!(problem.code, ProblemCode::ValidationFailed, "{text}");
            let fault = FieldProblem::parameter("limit", FieldFault::OutOfRange);
            assert_eq!(problem.fields, [fault.with("min", 1).with("max", 100)], "{text}");
        }
        for text in ["", "-", "abc", "1.5", "1e3", "+1", " 1", "1\0", "١"] {
            assert_eq!(parse_limit(text).unwrap_err().code, ProblemCode::MalformedRequest, "{text}");
        }
    }
}
