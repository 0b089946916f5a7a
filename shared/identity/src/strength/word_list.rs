//! The list of common passwords and words, searched in place.

use std::cmp::Ordering;

/// One entry a line, in the order of their bytes. Sources: `common_passwords.md`.
pub(super) const LIST: &str = include_str!("../common_passwords.txt");

/// Returns whether the list has the word.
pub(super) fn contains(word: &str) -> bool {
    let (mut from, mut to) = (0, LIST.len());
    // The entries in `from..to` are those that may be the word.
    while let Some(rest) = LIST.get(from..to).filter(|rest| !rest.is_empty()) {
        let middle = rest.floor_char_boundary(rest.len() / 2);
        let (before, after) = rest.split_at_checked(middle).unwrap_or((rest, ""));
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let end = after.find('\n').map_or(rest.len(), |end| middle + end);
        match rest.get(start..end).map(|entry| entry.cmp(word)) {
            Some(Ordering::Equal) => return true,
            Some(Ordering::Less) => from += end + 1,
            Some(Ordering::Greater) => to = from + start,
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_found_and_nothing_else() {
        for entry in LIST.lines() {
            assert!(contains(entry), "{entry}");
            assert!(!contains(&format!("{entry}\n")), "{entry}");
        }
        for other in
            ["", "\n", "password\npassword", "~~~~~~~~~~", "\u{10FFFF}", "!", "correct horse battery"]
        {
            assert!(!contains(other), "{other:?}");
        }
    }
}
