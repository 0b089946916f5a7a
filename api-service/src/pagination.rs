//! `?limit=` and `?cursor=` in, a page and its links out.

use domain::page::{Cursor, Limit, Page, PageRequest};
use domain::problem::{FieldFault, FieldProblem};
use domain::{Problem, ProblemCode};
use poem_openapi::payload::Json;
use poem_openapi::types::{ParseFromJSON, ToJSON};
use poem_openapi::{ApiResponse, Object};

use crate::Service;

/// A page of a list.
#[derive(Object)]
pub(crate) struct PageBody<T: ParseFromJSON + ToJSON> {
    /// The items in the order of the list
    items: Vec<T>,
    /// Where the next page starts; absent on the last one
    #[oai(skip_serializing_if_is_none)]
    next_cursor: Option<String>,
    /// Where the page before starts; absent on the first one
    #[oai(skip_serializing_if_is_none)]
    prev_cursor: Option<String>,
}

#[derive(ApiResponse)]
pub(crate) enum PageResponse<T: ParseFromJSON + ToJSON> {
    /// A page
    #[oai(status = 200)]
    Page(
        Json<PageBody<T>>,
        /// The pages beside this one (RFC 8288)
        #[oai(header = "Link")]
        Option<String>,
    ),
}

/// A list, as cursors know it: one of another list, or of this one with another filter, is refused.
pub(crate) struct List<'a> {
    service: &'a Service,
    path: String,
    filter: Vec<(&'static str, String)>,
}

impl<'a> List<'a> {
    /// Names the list at `path` without a filter.
    pub(crate) fn at(service: &'a Service, path: impl Into<String>) -> Self {
        Self { service, path: path.into(), filter: Vec::new() }
    }

    /// Adds a filter, if there is one.
    pub(crate) fn with(mut self, name: &'static str, value: Option<String>) -> Self {
        self.filter.extend(value.map(|value| (name, value)));
        self
    }

    /// Reads the page asked for.
    pub(crate) fn request(&self, limit: Option<u32>, cursor: Option<&str>) -> Result<PageRequest, Problem> {
        let limit = match limit {
            None => Limit::default(),
            Some(asked) => Limit::new(asked).ok_or_else(|| Problem {
                fields: vec![
                    FieldProblem::parameter("limit", FieldFault::OutOfRange)
                        .with("min", 1)
                        .with("max", Limit::MAX),
                ],
                ..Problem::new(ProblemCode::MalformedRequest)
            })?,
        };
        let open = |text| self.service.cursors().open(&self.name(), text);
        let cursor = cursor.map(open).transpose().map_err(|_fault| ProblemCode::InvalidCursor)?;
        Ok(PageRequest { limit, cursor })
    }

    /// Writes a page.
    pub(crate) fn respond<D, T: ParseFromJSON + ToJSON>(
        &self,
        request: &PageRequest,
        page: Page<D>,
        shape: impl FnMut(D) -> T,
    ) -> PageResponse<T> {
        let seal = |cursor: &Cursor| self.service.cursors().seal(&self.name(), cursor);
        let next_cursor = page.next.as_ref().map(seal);
        let prev_cursor = page.previous.as_ref().map(seal);
        let link = |cursor: &Option<String>, relation: &str| {
            cursor.as_ref().map(|cursor| format!("<{}>; rel=\"{relation}\"", self.address(request, cursor)))
        };
        let links: Vec<_> =
            [link(&next_cursor, "next"), link(&prev_cursor, "prev")].into_iter().flatten().collect();
        let links = (!links.is_empty()).then(|| links.join(", "));
        let items = page.items.into_iter().map(shape).collect();
        PageResponse::Page(Json(PageBody { items, next_cursor, prev_cursor }), links)
    }

    fn name(&self) -> String {
        let filter: Vec<_> = self.filter.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}?{}", self.path, filter.join("&"))
    }

    fn address(&self, request: &PageRequest, cursor: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.filter);
        query.append_pair("limit", &request.limit.get().to_string()).append_pair("cursor", cursor);
        format!("{}?{}", self.path, query.finish())
    }
}
