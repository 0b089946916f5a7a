use domain::problem::{FieldFault, FieldProblem};
use domain::{Problem, ProblemCode};
use poem::http::header;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaParamIn, MetaSchemaRef};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::problem::ApiProblem;

/// The version an `If-Match` header demands; nothing where any will do. One that cannot be read is refused: taken for
/// none, it would let an edit overwrite what its author has not seen.
pub(crate) struct IfMatch(pub(crate) Option<i64>);

impl<'a> ApiExtractor<'a> for IfMatch {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = String;
    type ParamRawType = String;

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(String::schema_ref())
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

/// Returns the version a header demands (RFC 9110 section 13.1.1): nothing where any version will do.
fn expected_version(header: &str) -> Result<Option<i64>, Problem> {
    let header = header.trim();
    if header == "*" {
        return Ok(None);
    }
    let digits = header.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let canonical = digits.filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    let version = canonical.and_then(|text| text.parse().ok()).ok_or_else(not_a_version)?;
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
    fn a_version_is_one_strong_tag_of_digits() {
        assert_eq!(expected_version("*"), Ok(None));
        assert_eq!(expected_version("\"7\""), Ok(Some(7)));
        for bad in ["7", "W/\"7\"", "\"7\", \"8\"", "\"\"", "\"x\"", "\"-1\"", "\"99999999999999999999\""] {
            assert_eq!(expected_version(bad).unwrap_err().code, ProblemCode::MalformedRequest, "{bad}");
        }
    }
}
