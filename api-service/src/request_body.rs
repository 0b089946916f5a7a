//! Request bodies, checked against the published schema.

mod schema_check;
mod strict_json;

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use domain::{Problem, ProblemCode};
use poem::{Request, RequestBody as RawBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, Registry};
use poem_openapi::types::ParseFromJSON;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::problem::ApiProblem;

/// The maximum size of a body, in bytes.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The shape of a request body and its translation into the input of an operation.
pub(crate) trait IntoInput: ParseFromJSON + 'static {
    /// The input of the operation.
    type Input;

    /// Parses the fields into domain values, or returns every fault with its JSON Pointer.
    fn into_input(self) -> Result<Self::Input, Problem>;
}

/// A JSON body of the shape `T`, as the input of an operation. A body with faults is answered with all of them.
pub(crate) struct RequestBody<T: IntoInput>(pub(crate) T::Input);

impl<'a, T: IntoInput> ApiExtractor<'a> for RequestBody<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let json = MetaMediaType { content_type: "application/json", schema: T::schema_ref() };
        Some(MetaRequest { description: None, content: vec![json], required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RawBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        if !request.content_type().is_some_and(is_json) {
            return Err(ApiProblem::from(ProblemCode::UnsupportedMediaType).into());
        }
        let bytes = body.take()?.into_bytes_limit(MAX_BODY_BYTES).await?;
        let body: T = parse(&bytes).map_err(ApiProblem::from)?;
        Ok(Self(body.into_input().map_err(ApiProblem::from)?))
    }
}

/// Returns the canonical form of a JSON body: without white space, members in the order of their names. Returns `None` if
/// it is not JSON. A missing body is the empty text.
pub(crate) fn canonical(bytes: &[u8]) -> Option<String> {
    if bytes.is_empty() {
        return Some(String::new());
    }
    let mut value = strict_json::read(bytes).ok()?;
    value.sort_all_objects();
    Some(value.to_string())
}

/// Parses a body after checking it against the schema of its shape.
fn parse<T: ParseFromJSON + 'static>(bytes: &[u8]) -> Result<T, Problem> {
    let malformed = || Problem::new(ProblemCode::MalformedRequest);
    let value = strict_json::read(bytes).map_err(|_fault| malformed())?;
    let faults = schema_check::check(&value, &T::schema_ref(), &schemas_of::<T>());
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    T::parse_from_json(Some(value)).map_err(|_fault| malformed())
}

/// Returns the schemas that a shape consists of; computed once for each shape.
fn schemas_of<T: ParseFromJSON + 'static>() -> Arc<Registry> {
    static KNOWN: LazyLock<RwLock<HashMap<TypeId, Arc<Registry>>>> = LazyLock::new(RwLock::default);
    if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&TypeId::of::<T>()) {
        return Arc::clone(known);
    }
    let mut registry = Registry::new();
    T::register(&mut registry);
    let registry = Arc::new(registry);
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.insert(TypeId::of::<T>(), Arc::clone(&registry));
    registry
}

/// Returns whether a media type is JSON in UTF-8, its only encoding (RFC 8259 section 8.1).
fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let is_utf8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    is_json && parts.all(is_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf_8_is_accepted() {
        for good in
            ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""]
        {
            assert!(is_json(good), "{good}");
        }
        for bad in ["text/plain", "application/json; charset=euc-kr", "application/x-www-form-urlencoded", ""]
        {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
