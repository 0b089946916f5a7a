//! The language of texts for people.

use domain::users::Locale;
use poem::http::{HeaderMap, header};

/// Largest number of language ranges that are examined.
const MAX_RANGES: usize = 20;

/// Returns the language a request prefers (RFC 9110 section 12.5.4). Korean unless it prefers English.
///
/// Not from the crate `accept-language` (3.1): it sorts by floating-point qualities, and `q=nan` has no order.
pub fn preferred(headers: &HeaderMap) -> Locale {
    let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let mut best = (Locale::Korean, 0);
    for (place, range) in header.unwrap_or_default().split(',').take(MAX_RANGES).enumerate() {
        let mut parts = range.split(';').map(str::trim);
        let language = parts.next().and_then(|tag| tag.split('-').next()).unwrap_or_default();
        let Some(locale) = Locale::from_name(&language.to_ascii_lowercase()) else { continue };
        let quality = parts.find_map(|parameter| parameter.strip_prefix("q=")).map_or(1000, thousandths);
        // The first one wins among equal qualities.
        let weight = quality * 100 - i32::try_from(place).unwrap_or(0);
        if quality > 0 && weight > best.1 {
            best = (locale, weight);
        }
    }
    best.0
}

/// Parses a quality value as thousandths. A malformed one counts as zero.
fn thousandths(text: &str) -> i32 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    match (whole, format!("{fraction:0<3}").parse::<i32>()) {
        ("0", Ok(fraction)) => fraction,
        ("1", Ok(_)) => 1000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locale(header: &str) -> Locale {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, header.parse().unwrap());
        preferred(&headers)
    }

    #[test]
    fn the_language_is_korean_unless_english_is_preferred() {
        for korean in ["", "ko", "fr", "*", "en;q=0", "en;q=0.3, ko;q=0.4", "ko, en", "en;q=bad"] {
            assert_eq!(locale(korean), Locale::Korean, "{korean}");
        }
        for english in ["en", "EN-us", "fr, en;q=0.5", "ko;q=0.8, en-GB;q=0.9", "en, ko"] {
            assert_eq!(locale(english), Locale::English, "{english}");
        }
    }
}
