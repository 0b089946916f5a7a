//! Sealed cursors of lists: a client can return a cursor, but can neither read nor change it.
//!
//! base64url without padding of version (1 byte), direction (1), sort value (8, big-endian), id (16), MAC (16). The MAC
//! covers the name of the list with its filters, so the cursor of one list is refused by every other.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::page::{Cursor, Direction, SortKey};
use uuid::Uuid;

use crate::secrets::{DerivedKey, MasterSecret, are_equal};

const VERSION: u8 = 1;
const NEXT: u8 = 0;
const PREVIOUS: u8 = 1;
/// Length of 42 bytes in base64url. 42 is a multiple of three, so no bit of the text is unused.
const TEXT_LENGTH: usize = 56;

/// Seals and opens cursors.
#[derive(Clone)]
pub struct CursorSeal {
    key: DerivedKey,
}

/// Error: the text is not a cursor of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list")]
pub struct CursorFault;

impl CursorSeal {
    /// Creates a seal with a key derived from `secret`.
    pub fn new(secret: &MasterSecret) -> Self {
        Self { key: secret.derive("cursor v1") }
    }

    /// Seals a place in `list`. The name of the list includes everything that selects its items: filters, viewer.
    pub fn seal(&self, list: &str, cursor: &Cursor) -> String {
        let direction = match cursor.direction {
            Direction::Next => NEXT,
            Direction::Previous => PREVIOUS,
        };
        let mut bytes = vec![VERSION, direction];
        bytes.extend(cursor.key.value.to_be_bytes());
        bytes.extend(cursor.key.id.as_bytes());
        let mac = self.key.short_mac(&[list.as_bytes(), &bytes]);
        bytes.extend(mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Opens a cursor that [`Self::seal`] made for the same list.
    pub fn open(&self, list: &str, text: &str) -> Result<Cursor, CursorFault> {
        if text.len() != TEXT_LENGTH {
            return Err(CursorFault);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_not_base64| CursorFault)?;
        let (payload, mac) = bytes.split_last_chunk::<16>().ok_or(CursorFault)?;
        if !are_equal(mac, &self.key.short_mac(&[list.as_bytes(), payload])) {
            return Err(CursorFault);
        }
        read(payload).ok_or(CursorFault)
    }
}

fn read(payload: &[u8]) -> Option<Cursor> {
    let (&[version, direction], rest) = payload.split_first_chunk()?;
    let (value, id) = rest.split_first_chunk()?;
    let direction = match (version, direction) {
        (VERSION, NEXT) => Direction::Next,
        (VERSION, PREVIOUS) => Direction::Previous,
        _ => return None,
    };
    let id = Uuid::from_slice(id).ok()?;
    Some(Cursor { key: SortKey { value: i64::from_be_bytes(*value), id }, direction })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::string_slice, reason = "the texts cut here are ASCII")]

    use super::*;
    use crate::secrets::test_secret;

    const LIST: &str = "posts?sort=latest";

    fn seal() -> CursorSeal {
        CursorSeal::new(&test_secret())
    }

    fn cursor() -> Cursor {
        let id = Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057);
        Cursor { key: SortKey { value: 1_767_323_045_678, id }, direction: Direction::Next }
    }

    #[test]
    fn a_sealed_cursor_opens_for_its_list_only() {
        for value in [0, -1, i64::MIN, i64::MAX, 1_767_323_045_678] {
            for direction in [Direction::Next, Direction::Previous] {
                let cursor = Cursor { key: SortKey { value, ..cursor().key }, direction };
                let text = seal().seal(LIST, &cursor);
                assert_eq!(text.len(), TEXT_LENGTH);
                assert_eq!(seal().open(LIST, &text), Ok(cursor));
                for other in ["", "posts", "posts?sort=latest&author=1", "comments"] {
                    assert_eq!(seal().open(other, &text), Err(CursorFault), "{other}");
                }
            }
        }
    }

    #[test]
    fn every_changed_bit_is_refused() {
        let text = seal().seal(LIST, &cursor());
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for index in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[index] ^= 1 << bit;
                let changed = URL_SAFE_NO_PAD.encode(changed);
                assert_eq!(seal().open(LIST, &changed), Err(CursorFault), "bit {bit} of byte {index}");
            }
        }
        for index in 0..text.len() {
            for bit in 0..8 {
                let mut changed = text.clone().into_bytes();
                changed[index] ^= 1 << bit;
                let Ok(changed) = String::from_utf8(changed) else { continue };
                assert_eq!(seal().open(LIST, &changed), Err(CursorFault), "{changed}");
            }
        }
    }

    #[test]
    fn every_part_of_a_cursor_and_more_than_one_are_refused() {
        let text = seal().seal(LIST, &cursor());
        for end in 0..text.len() {
            assert_eq!(seal().open(LIST, &text[..end]), Err(CursorFault), "{end} characters");
            assert_eq!(seal().open(LIST, &text[end + 1..]), Err(CursorFault), "without {end} characters");
        }
        for longer in [format!("{text}="), format!("{text}A"), format!(" {text}"), format!("{text}{text}")] {
            assert_eq!(seal().open(LIST, &longer), Err(CursorFault), "{longer}");
        }
    }

    #[test]
    fn texts_from_elsewhere_are_refused() {
        for wrong in ["", "0", "eyJpZCI6MX0", "' OR 1=1 --", "가나다라", &"A".repeat(56), &"가".repeat(56)]
        {
            assert_eq!(seal().open(LIST, wrong), Err(CursorFault), "{wrong}");
        }
    }

    #[test]
    fn a_cursor_of_another_version_or_direction_is_refused() {
        for (version, direction) in [(0, NEXT), (2, NEXT), (VERSION, 2), (VERSION, 255)] {
            let mut bytes = vec![version, direction];
            bytes.extend([0; 24]);
            let mac = seal().key.short_mac(&[LIST.as_bytes(), &bytes]);
            bytes.extend(mac);
            assert_eq!(seal().open(LIST, &URL_SAFE_NO_PAD.encode(bytes)), Err(CursorFault));
        }
    }
}
