use domain::problem::{FieldFault, FieldProblem};
use domain::{Problem, ProblemCode};

/// Returns the version an `If-Match` header demands (RFC 9110 section 13.1.1): nothing where there is no header or
/// any version will do.
pub(crate) fn expected_version(header: Option<&str>) -> Result<Option<i64>, Problem> {
    let Some(header) = header.map(str::trim) else { return Ok(None) };
    if header == "*" {
        return Ok(None);
    }
    let digits = header.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let canonical = digits.filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    match canonical.map(str::parse) {
        Some(Ok(version)) => Ok(Some(version)),
        _ => Err(Problem {
            fields: vec![FieldProblem::header("If-Match", FieldFault::BadFormat)],
            ..Problem::new(ProblemCode::MalformedRequest)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_one_strong_tag_of_digits() {
        assert_eq!(expected_version(None), Ok(None));
        assert_eq!(expected_version(Some("*")), Ok(None));
        assert_eq!(expected_version(Some("\"7\"")), Ok(Some(7)));
        for bad in ["7", "W/\"7\"", "\"7\", \"8\"", "\"\"", "\"x\"", "\"-1\"", "\"99999999999999999999\""] {
            assert_eq!(expected_version(Some(bad)).unwrap_err().code, ProblemCode::MalformedRequest, "{bad}");
        }
    }
}
