//! Entity tags and lists of them (RFC 9110 sections 8.8.3 and 13.1).

use domain::problem::{FieldFault, FieldProblem};
use domain::{Problem, ProblemCode};
use poem::http::{HeaderMap, HeaderName};

/// An entity tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntityTag {
    /// Whether the tag is weak: `W/"…"`.
    pub(crate) is_weak: bool,
    /// The text between the quotes.
    pub(crate) opaque: String,
}

/// The value of `If-Match` or `If-None-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tags {
    /// `*`: every existing representation.
    Any,
    /// One of these.
    OneOf(Vec<EntityTag>),
}

/// Whether digits without quotes are read as a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BareVersions {
    /// They are read.
    Accepted,
    /// They are malformed.
    Refused,
}

impl Tags {
    /// Reads a header. Returns `None` if it is absent. A malformed one is refused: ignoring it would change what the
    /// request means.
    pub(crate) fn read(
        headers: &HeaderMap,
        name: &HeaderName,
        bare: BareVersions,
        shown: &str,
    ) -> Result<Option<Self>, Problem> {
        let mut list = Vec::new();
        for value in headers.get_all(name) {
            // Several fields of one name are one list (RFC 9110 section 5.3).
            list.extend(if list.is_empty() { None } else { Some(b',') });
            list.extend_from_slice(value.as_bytes());
        }
        if !headers.contains_key(name) {
            return Ok(None);
        }
        parse(&list, bare).map(Some).ok_or_else(|| Problem {
            fields: vec![FieldProblem::header(shown, FieldFault::BadFormat)],
            ..Problem::new(ProblemCode::MalformedRequest)
        })
    }

    /// Returns whether a tag is in the list, by weak comparison (RFC 9110 section 8.8.3.2).
    pub(crate) fn contain_weakly(&self, opaque: &str) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.iter().any(|tag| tag.opaque == opaque),
        }
    }
}

/// Parses `*` or a list of tags. Empty members of the list are ignored (RFC 9110 section 5.6.1.2).
fn parse(list: &[u8], bare: BareVersions) -> Option<Tags> {
    if list.trim_ascii() == b"*" {
        return Some(Tags::Any);
    }
    let mut tags = Vec::new();
    let mut rest = list.trim_ascii_start();
    while let Some(first) = rest.first() {
        if *first != b',' {
            let (tag, after) = tag(rest, bare)?;
            tags.push(tag);
            rest = after.trim_ascii_start();
        }
        rest = match rest.split_first() {
            None => break,
            Some((b',', after)) => after.trim_ascii_start(),
            Some(_) => return None,
        };
    }
    (!tags.is_empty()).then_some(Tags::OneOf(tags))
}

/// Parses the tag at the beginning of `text`, and returns it with the rest.
fn tag(text: &[u8], bare: BareVersions) -> Option<(EntityTag, &[u8])> {
    let (is_weak, quoted) = match text.strip_prefix(b"W/") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let Some(opaque) = quoted.strip_prefix(b"\"") else {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (version, rest) = text.split_at(digits);
        let is_version = bare == BareVersions::Accepted && digits > 0;
        let opaque = is_version.then(|| String::from_utf8_lossy(version).into_owned())?;
        return Some((EntityTag { is_weak: false, opaque }, rest));
    };
    let end = opaque.iter().position(|byte| *byte == b'"')?;
    let (opaque, rest) = opaque.split_at(end);
    let is_tag = opaque.iter().all(|byte| byte.is_ascii_graphic() || *byte >= 0x80);
    // A tag with other bytes than ASCII is well formed and matches none of ours.
    let opaque = is_tag.then(|| String::from_utf8_lossy(opaque).into_owned())?;
    Some((EntityTag { is_weak, opaque }, rest.split_first()?.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(tags: &[(bool, &str)]) -> Tags {
        let tag =
            |(is_weak, opaque): &(bool, &str)| EntityTag { is_weak: *is_weak, opaque: (*opaque).into() };
        Tags::OneOf(tags.iter().map(tag).collect())
    }

    /// Rule AP11.
    #[test]
    fn tags_and_lists_of_tags_are_read() {
        let read = |text: &str| parse(text.as_bytes(), BareVersions::Refused);
        assert_eq!(read(" * "), Some(Tags::Any));
        assert_eq!(read("\"7.b64-Hash_\""), Some(list(&[(false, "7.b64-Hash_")])));
        assert_eq!(read("W/\"a,b\" , \"\",,\"c\""), Some(list(&[(true, "a,b"), (false, ""), (false, "c")])));
        assert_eq!(read("\"7.é\"").map(|tags| tags.contain_weakly("7.é")), Some(true));
        for bad in [
            "",
            ",",
            "7",
            "\"7",
            "7\"",
            "w/\"7\"",
            "W/7",
            "\"7\" \"8\"",
            "\"7\"8",
            "*, \"7\"",
            "\"7\", *",
            "\"a b\"",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let with_versions = |text: &str| parse(text.as_bytes(), BareVersions::Accepted);
        assert_eq!(with_versions("7"), Some(list(&[(false, "7")])));
        assert_eq!(with_versions("7, \"8\""), Some(list(&[(false, "7"), (false, "8")])));
        for bad in ["-1", "7.b64", "7\"", "x"] {
            assert_eq!(with_versions(bad), None, "{bad}");
        }
    }
}
