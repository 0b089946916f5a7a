use domain::problem::{FieldFault, FieldProblem};
use domain::{Problem, ProblemCode};
use poem::http::header;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaParamIn, MetaSchema, MetaSchemaRef};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::problem::ApiProblem;

/// The version that an `If-Match` header requires; `None` without the header and for `*`, which match any version. A
/// malformed header is refused: ignoring it would allow a lost update.
pub(crate) struct IfMatch(pub(crate) Option<i64>);

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
        let mut values = request.headers().get_all(header::IF_MATCH).iter();
        let expected = match (values.next().map(|value| value.to_str()), values.next()) {
            (None, _) => Ok(None),
            (Some(Ok(value)), None) => expected_version(value),
            _ => Err(not_a_version()),
        };
        Ok(Self(expected.map_err(ApiProblem::from)?))
    }
}

/// The published form of the header: `*`, or a version with or without quotes, with or without the rest of an `ETag`.
const PATTERN: &str = r#"^(\*|[0-9]+|"[0-9]+(\.[!#-~]*)?")$"#;

/// Returns the version that a header requires (RFC 9110 section 13.1.1), or `None` if any version matches.
///
/// The part of an entity tag after the first dot is ignored: it covers counters and the viewer, which an edit does not
/// overwrite. A weak tag is refused, because `If-Match` compares strongly.
fn expected_version(header: &str) -> Result<Option<i64>, Problem> {
    let header = header.trim();
    if header == "*" {
        return Ok(None);
    }
    let version = match header.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        None => header,
        Some(tag) if tag.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"') => {
            tag.split_once('.').map_or(tag, |(version, _representation)| version)
        }
        Some(_) => return Err(not_a_version()),
    };
    let is_number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    let version = is_number.then(|| version.parse().ok()).flatten().ok_or_else(not_a_version)?;
    Ok(Some(version))
}

fn not_a_version() -> Problem {
    Problem {
        fields: vec![FieldProblem::header("If-Match", FieldFault::BadFormat)],
        ..Problem::new(ProblemCode::MalformedRequest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_bare_quoted_and_from_an_entity_tag() {
        assert_eq!(expected_version("*"), Ok(None));
        for good in ["7", "\"7\"", "\"7.b64-Hash_\"", "\"7.\"", " \"7\" "] {
            assert_eq!(expected_version(good), Ok(Some(7)), "{good}");
        }
        for bad in [
            "",
            "W/\"7\"",
            "\"7\", \"8\"",
            "7, 8",
            "\"\"",
            "\"x\"",
            "\"-1\"",
            "-1",
            "\"7",
            "7\"",
            "7.b64",
            "\"7.a b\"",
            "\"7.é\"",
            "\"99999999999999999999\"",
        ] {
            assert_eq!(expected_version(bad).unwrap_err().code, ProblemCode::MalformedRequest, "{bad}");
        }
    }
}
