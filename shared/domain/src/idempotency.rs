//! Idempotency keys: a client names an attempt, so that repeating it has no second effect.

use std::time::Duration;

/// Period for which the answer to a key is kept.
pub const ANSWER_KEPT: Duration = Duration::from_hours(24);

/// A key that a client chose for one attempt, unique among its attempts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// The text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAKey;

impl IdempotencyKey {
    /// Largest length in characters.
    pub const MAX: usize = 255;

    /// Parses the value of the header: 1 to 255 visible ASCII characters, as a quoted string (RFC 9651 section 3.3.3) or
    /// bare. Both forms name the same key.
    pub fn parse(value: &str) -> Result<Self, NotAKey> {
        let value = value.trim_matches([' ', '\t']);
        let key = match value.strip_prefix('"') {
            None => value.to_owned(),
            Some(rest) => unquoted(rest).ok_or(NotAKey)?,
        };
        let is_key = (1..=Self::MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if is_key { Ok(Self(key)) } else { Err(NotAKey) }
    }

    /// Returns the key without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns the text of a quoted string after its opening quote, or `None` if it is malformed.
fn unquoted(rest: &str) -> Option<String> {
    let mut key = String::new();
    let mut letters = rest.chars();
    loop {
        match letters.next()? {
            '"' => break,
            '\\' => key.push(letters.next().filter(|letter| ['"', '\\'].contains(letter))?),
            letter => key.push(letter),
        }
    }
    letters.next().is_none().then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule AP3.
    #[test]
    fn a_key_is_visible_ascii_bare_or_quoted() {
        let parsed = |value: &str| IdempotencyKey::parse(value).map(|key| key.as_str().to_owned());
        let longest = "k".repeat(255);
        for good in ["8e03978e-40d5", "a", "a\"b", "!~", &longest] {
            assert_eq!(parsed(good).as_deref(), Ok(good));
        }
        assert_eq!(parsed("\"8e03\"").as_deref(), Ok("8e03"));
        assert_eq!(parsed(" \"a\\\"b\\\\c\" ").as_deref(), Ok("a\"b\\c"));
        assert_eq!(parsed(&format!("\"{longest}\"")), Ok(longest.clone()));
        let too_long = format!("{longest}k");
        for bad in
            ["", " ", "\"\"", "\"", "\"a", "\"a\"b", "\"a\\b\"", "a b", "\"a b\"", "키", "a\tb", &too_long]
        {
            assert_eq!(parsed(bad), Err(NotAKey), "{bad}");
        }
    }
}
