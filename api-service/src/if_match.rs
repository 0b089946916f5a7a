use domain::users::ExpectedVersions;
use poem::http::header;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaParamIn, MetaSchema, MetaSchemaRef};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::entity_tags::{BareVersions, EntityTag, Tags};
use crate::problem::ApiProblem;

/// The versions that an `If-Match` header allows; any without the header and for `*`. A malformed header is refused:
/// ignoring it would allow a lost update.
pub(crate) struct IfMatch(pub(crate) ExpectedVersions);

impl<'a> ApiExtractor<'a> for IfMatch {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = false;
    type ParamType = String;
    type ParamRawType = String;

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let schema = MetaSchema {
            pattern: Some(PATTERN.into()),
            example: Some("\"7\"".into()),
            ..MetaSchema::new("string")
        };
        Some(MetaSchemaRef::Inline(Box::new(schema)))
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<String>,
    ) -> poem::Result<Self> {
        let tags = Tags::read(request.headers(), &header::IF_MATCH, BareVersions::Accepted, "If-Match");
        Ok(Self(expected_versions(tags.map_err(ApiProblem::from)?)))
    }
}

/// The published form of the header: `*`, or a list of entity tags and versions without quotes.
const PATTERN: &str = r#"^(\*|((W/)?"[!#-~]*"|[0-9]+)( *, *((W/)?"[!#-~]*"|[0-9]+))*)$"#;

/// Returns the versions that a header allows (RFC 9110 section 13.1.1).
///
/// The part of a tag after the first dot is ignored: it covers counters and the viewer, which an edit does not overwrite.
/// Weak tags match nothing, because `If-Match` compares strongly. Neither do tags that are not from this service.
fn expected_versions(tags: Option<Tags>) -> ExpectedVersions {
    match tags {
        None | Some(Tags::Any) => ExpectedVersions::Any,
        Some(Tags::OneOf(tags)) => ExpectedVersions::OneOf(tags.iter().filter_map(version_of).collect()),
    }
}

fn version_of(tag: &EntityTag) -> Option<i64> {
    let version = tag.opaque.split_once('.').map_or(&*tag.opaque, |(version, _representation)| version);
    let is_number = !tag.is_weak && version.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| version.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(is_weak: bool, opaque: &str) -> EntityTag {
        EntityTag { is_weak, opaque: opaque.into() }
    }

    /// Rule AP9.
    #[test]
    fn versions_are_the_parts_of_strong_tags_before_the_dot() {
        assert_eq!(expected_versions(None), ExpectedVersions::Any);
        assert_eq!(expected_versions(Some(Tags::Any)), ExpectedVersions::Any);
        let tags =
            [(false, "7.hash"), (false, "8"), (true, "9.hash"), (false, "x"), (false, ""), (false, "+1")];
        let tags = tags.map(|(is_weak, opaque)| tag(is_weak, opaque)).to_vec();
        assert_eq!(expected_versions(Some(Tags::OneOf(tags))), ExpectedVersions::OneOf(vec![7, 8]));
        let too_large = vec![tag(false, "99999999999999999999")];
        assert_eq!(expected_versions(Some(Tags::OneOf(too_large))), ExpectedVersions::OneOf(Vec::new()));
    }
}
