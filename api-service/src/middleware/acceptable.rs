use std::sync::Arc;

use domain::ProblemCode;
use poem::http::{HeaderMap, header};
use poem::{Endpoint, Request};

use crate::contract::Counting;
use crate::openapi::OperationTable;
use crate::problem::ApiProblem;

/// The media types of answers, as type and subtype.
const OFFERED: [(&str, &str); 2] = [("application", "json"), ("application", "problem+json")];

/// Refuses requests whose `Accept` header excludes JSON, before they change anything (RFC 9110 section 12.5.1).
pub(crate) struct Acceptable<E> {
    inner: E,
    table: Arc<OperationTable>,
}

impl<E> Acceptable<E> {
    pub(crate) fn new(inner: E, table: Arc<OperationTable>) -> Self {
        Self { inner, table }
    }
}

impl<E: Endpoint> Endpoint for Acceptable<E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> poem::Result<E::Output> {
        let row = self.table.find(request.method(), request.uri().path());
        // Health checks answer every client.
        let operation = row.and_then(|row| row.operation);
        let is_checked = operation.is_some_and(|operation| operation.counting != Counting::None);
        if is_checked && !accepts_json(request.headers()) {
            return Err(ApiProblem::from(ProblemCode::NotAcceptable).into());
        }
        self.inner.call(request).await
    }
}

/// Returns whether an offered media type is acceptable. A header without a readable range is ignored.
fn accepts_json(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<_> = values.flat_map(|value| value.split(',')).filter_map(Range::parse).collect();
    ranges.is_empty() || OFFERED.iter().any(|(kind, subtype)| is_acceptable(&ranges, kind, subtype))
}

/// A media range and whether its weight is above zero.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    is_wanted: bool,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let weight = parts.filter_map(|parameter| parameter.split_once('=')).find_map(|(name, value)| {
            name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>().ok()).flatten()
        });
        Some(Self { kind, subtype, is_wanted: weight.is_none_or(|weight| weight > 0.0) })
    }

    /// Returns how precisely the range names a media type; `None` if it does not match.
    fn precision(&self, kind: &str, subtype: &str) -> Option<u8> {
        let is = |own: &str, other: &str| own.eq_ignore_ascii_case(other);
        match (self.kind, self.subtype) {
            ("*", "*") => Some(0),
            (own, "*") if is(own, kind) => Some(1),
            (own, own_subtype) if is(own, kind) && is(own_subtype, subtype) => Some(2),
            _ => None,
        }
    }
}

/// Returns whether the most precise range that matches a media type wants it.
fn is_acceptable(ranges: &[Range<'_>], kind: &str, subtype: &str) -> bool {
    let matching = ranges.iter().filter_map(|range| Some((range.precision(kind, subtype)?, range.is_wanted)));
    matching
        .max_by_key(|(precision, is_wanted)| (*precision, *is_wanted))
        .is_some_and(|(_, is_wanted)| is_wanted)
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    fn accepts(value: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(value).unwrap());
        accepts_json(&headers)
    }

    /// Rule AP12.
    #[test]
    fn a_header_that_excludes_json_is_recognised() {
        for good in [
            "",
            "rubbish",
            "*/*",
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/*;q=0.1",
            "text/html, */*;q=0.8",
            "text/html, application/problem+json",
            "*/*;q=0, application/json",
        ] {
            assert!(accepts(good), "{good}");
        }
        for bad in ["text/html", "application/xml, text/*", "*/*;q=0", "application/*;q=0.0, text/html"] {
            assert!(!accepts(bad), "{bad}");
        }
        assert!(accepts_json(&HeaderMap::new()));
    }
}
