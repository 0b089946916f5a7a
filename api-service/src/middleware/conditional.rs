use std::sync::Arc;

use identity::digest::sha256;
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Body, Endpoint, Request, Response};
use serde::Deserialize;

use crate::entity_tags::{BareVersions, Tags};
use crate::openapi::OperationTable;
use crate::problem::ApiProblem;

/// Number of characters of the hash in a tag: 132 bits.
const HASH_CHARACTERS: usize = 22;

/// Adds `ETag` to the answers that hold one thing, and answers 304 to a client that has the representation already (rule
/// AP11).
///
/// A tag is `"<version>.<hash of the body>"`, or `"<hash of the body>"` for a thing without a version. So it changes with
/// everything that the answer shows, while `If-Match` looks at the version only.
pub(crate) struct Conditional<E> {
    inner: E,
    table: Arc<OperationTable>,
}

impl<E> Conditional<E> {
    pub(crate) fn new(inner: E, table: Arc<OperationTable>) -> Self {
        Self { inner, table }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Conditional<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let row = self.table.find(request.method(), request.uri().path());
        if !row.is_some_and(|row| row.has_entity_tag) {
            return self.inner.call(request).await;
        }
        let without_body = *request.method() == Method::HEAD;
        let is_read = without_body || *request.method() == Method::GET;
        let known = if is_read {
            let name = header::IF_NONE_MATCH;
            Tags::read(request.headers(), &name, BareVersions::Refused, "If-None-Match")
        } else {
            Ok(None)
        };
        if without_body {
            // The tag covers the body that GET would return.
            request.set_method(Method::GET);
        }
        let mut response = self.inner.call(request).await?;
        if !response.status().is_success() {
            // Without success, conditions are ignored (RFC 9110 section 13.2.1), malformed ones too.
            return Ok(response);
        }
        let known = known.map_err(ApiProblem::from)?;
        let body = response.take_body().into_bytes().await?;
        let tag = tag_of(&body);
        let is_known = known.is_some_and(|known| known.contain_weakly(&tag));
        if let Ok(tag) = HeaderValue::try_from(format!("\"{tag}\"")) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        if is_known {
            response.set_status(StatusCode::NOT_MODIFIED);
            response.headers_mut().remove(header::CONTENT_TYPE);
            return Ok(response);
        }
        response.set_body(if without_body { Body::empty() } else { Body::from_bytes(body) });
        Ok(response)
    }
}

/// The member of a thing that edits raise.
#[derive(Deserialize)]
struct Versioned<'a> {
    #[serde(borrow)]
    version: &'a str,
}

fn tag_of(body: &[u8]) -> String {
    let mut hash = sha256(body);
    hash.truncate(HASH_CHARACTERS);
    let version = serde_json::from_slice::<Versioned<'_>>(body).ok();
    let version = version.and_then(|versioned| versioned.version.parse::<i64>().ok());
    version.map_or_else(|| hash.clone(), |version| format!("{version}.{hash}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule AP11.
    #[test]
    fn a_tag_names_the_version_and_the_whole_body() {
        let (one, other) = (tag_of(br#"{"likes":1,"version":"7"}"#), tag_of(br#"{"likes":2,"version":"7"}"#));
        assert!(one.starts_with("7.") && other.starts_with("7.") && one != other, "{one} {other}");
        assert_eq!(one.len(), HASH_CHARACTERS + 2);
        for without in ["{}", r#"{"version":"0.1.0"}"#, "[]"] {
            assert_eq!(tag_of(without.as_bytes()).len(), HASH_CHARACTERS, "{without}");
        }
    }
}
