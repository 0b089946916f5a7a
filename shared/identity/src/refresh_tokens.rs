//! Refresh tokens, which extend a session: opaque, replaced at every use, and computable again.
//!
//! `v1.<session>.<generation>.<mac>`. Tokens are not stored: the row of a session holds its generation and a salt, and
//! the key is in a file. So a stolen table does not allow forging tokens, and a repeated request gets the same token
//! again.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use domain::ids::SessionId;

use crate::random::{RandomSource, bytes};
use crate::secrets::{DerivedKey, MasterSecret, are_equal};

/// Grace period for the previous token, for responses that got lost and for tabs that refresh at the same time.
pub const GRACE: Duration = Duration::from_secs(30);

const VERSION: &str = "v1";

/// Issues and verifies refresh tokens.
pub struct RefreshTokens {
    key: DerivedKey,
}

/// A token that a client presented: well-formed, not verified.
pub struct PresentedToken {
    /// The session that it names.
    pub session: SessionId,
    /// The number of rotations that it names.
    pub generation: i64,
    mac: [u8; 16],
}

/// Error: the text does not have the form of a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a refresh token")]
pub struct NotARefreshToken;

impl RefreshTokens {
    /// Creates an issuer with a key derived from `secret`.
    pub fn new(secret: &MasterSecret) -> Self {
        Self { key: secret.derive("refresh token v1") }
    }

    /// Returns the salt for a new session.
    pub fn new_salt(random: &dyn RandomSource) -> [u8; 16] {
        bytes(random)
    }

    /// Returns the token of this generation of the session. There is exactly one.
    pub fn issue(&self, session: SessionId, generation: i64, salt: &[u8]) -> String {
        let mac = URL_SAFE_NO_PAD.encode(self.mac(session, generation, salt));
        format!("{VERSION}.{session}.{generation}.{mac}")
    }

    /// Returns whether the token is the one that was issued for its session and generation.
    pub fn verify(&self, presented: &PresentedToken, salt: &[u8]) -> bool {
        are_equal(&presented.mac, &self.mac(presented.session, presented.generation, salt))
    }

    fn mac(&self, session: SessionId, generation: i64, salt: &[u8]) -> [u8; 16] {
        self.key.short_mac(&[session.0.as_bytes(), &generation.to_be_bytes(), salt])
    }
}

impl PresentedToken {
    /// Parses a token. Each token has one spelling; any other one is refused.
    pub fn parse(text: &str) -> Result<Self, NotARefreshToken> {
        let parts: Vec<&str> = text.splitn(5, '.').collect();
        let &[VERSION, session, generation, mac] = parts.as_slice() else { return Err(NotARefreshToken) };
        let session: SessionId = session.parse().map_err(|_not_an_id| NotARefreshToken)?;
        let generation: u32 = generation.parse().map_err(|_not_a_number| NotARefreshToken)?;
        let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_not_base64| NotARefreshToken)?;
        let mac = mac.try_into().map_err(|_wrong_length| NotARefreshToken)?;
        let token = Self { session, generation: generation.into(), mac };
        if token.spelled() == text { Ok(token) } else { Err(NotARefreshToken) }
    }

    fn spelled(&self) -> String {
        format!("{VERSION}.{}.{}.{}", self.session, self.generation, URL_SAFE_NO_PAD.encode(self.mac))
    }
}

/// The meaning of a verified token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The current token: the next generation begins.
    Advance,
    /// The previous token within the grace period: the current one is returned again.
    RepeatCurrent,
    /// An older token: another party may hold the current one. The session ends.
    Reuse,
}

/// Returns the meaning of a verified token of generation `presented` (rule ID7, RFC 9700 section 4.14.2).
pub fn decide(presented: i64, current: i64, rotated_at: Timestamp, now: Timestamp) -> Rotation {
    if presented == current {
        Rotation::Advance
    } else if presented.checked_add(1) == Some(current) && now.since(rotated_at) <= GRACE {
        Rotation::RepeatCurrent
    } else {
        Rotation::Reuse
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::string_slice, reason = "the texts cut here are ASCII")]

    use uuid::Uuid;

    use super::*;
    use crate::random::OsRandom;
    use crate::secrets::test_secret;

    const SESSION: SessionId = SessionId(Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057));
    const SALT: [u8; 16] = [9; 16];

    fn tokens() -> RefreshTokens {
        RefreshTokens::new(&test_secret())
    }

    #[test]
    fn a_token_is_what_was_issued() {
        let token = tokens().issue(SESSION, 4, &SALT);
        assert!(token.starts_with("v1.01890a5d-ac96-774b-bcce-b302099a8057.4."), "{token}");
        assert_eq!(token, tokens().issue(SESSION, 4, &SALT), "a repeated request gets the same token");
        let presented = PresentedToken::parse(&token).unwrap();
        assert_eq!((presented.session, presented.generation), (SESSION, 4));
        assert!(tokens().verify(&presented, &SALT));
    }

    #[test]
    fn another_session_generation_salt_or_secret_is_another_token() {
        let presented = |token: String| PresentedToken::parse(&token).unwrap();
        let mut token = presented(tokens().issue(SESSION, 4, &SALT));
        assert!(!tokens().verify(&token, &[8; 16]));
        assert!(!tokens().verify(&token, &[]));
        token.generation = 5;
        assert!(!tokens().verify(&token, &SALT));
        let mut token = presented(tokens().issue(SESSION, 4, &SALT));
        token.session = SessionId(Uuid::from_u128(3));
        assert!(!tokens().verify(&token, &SALT));
        let other = crate::secrets::MasterSecret::from_hex(
            "f0f1f2f3f4f5f6f7f8f9fafbfcfdfefff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
        );
        let other = RefreshTokens::new(&other.unwrap());
        assert!(!other.verify(&presented(tokens().issue(SESSION, 4, &SALT)), &SALT));
    }

    #[test]
    fn every_changed_bit_is_refused() {
        let token = tokens().issue(SESSION, 4, &SALT);
        for index in 0..token.len() {
            for bit in 0..8 {
                let mut changed = token.clone().into_bytes();
                changed[index] ^= 1 << bit;
                let Ok(changed) = String::from_utf8(changed) else { continue };
                let accepted =
                    PresentedToken::parse(&changed).is_ok_and(|read| tokens().verify(&read, &SALT));
                assert!(!accepted, "{changed}");
            }
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        let token = tokens().issue(SESSION, 4, &SALT);
        for wrong in [
            String::new(),
            "v1...".into(),
            token.replace("v1", "v2"),
            token.replace(".4.", ".04."),
            token.replace(".4.", ".+4."),
            token.replace(".4.", ".-4."),
            token.replace(".4.", ".4294967296."),
            token.replace("01890a5d-ac96", "01890A5D-AC96"),
            token.replace('-', ""),
            format!("{token}."),
            format!("{token}="),
            format!(" {token}"),
            token[..token.len() - 1].into(),
        ] {
            assert_eq!(PresentedToken::parse(&wrong).err(), Some(NotARefreshToken), "{wrong}");
        }
    }

    #[test]
    fn salts_are_drawn() {
        assert_ne!(RefreshTokens::new_salt(&OsRandom), RefreshTokens::new_salt(&OsRandom));
    }

    #[test]
    fn only_the_current_token_and_briefly_the_previous_one_are_valid() {
        let rotated_at = Timestamp(1_000_000);
        let after = |milliseconds| rotated_at.plus(Duration::from_millis(milliseconds));
        for (presented, current, now, decision) in [
            (0, 0, after(0), Rotation::Advance),
            (7, 7, after(0), Rotation::Advance),
            (7, 7, after(86_400_000), Rotation::Advance),
            (6, 7, after(0), Rotation::RepeatCurrent),
            (6, 7, after(30_000), Rotation::RepeatCurrent),
            // The clock of the server that rotated the token may be ahead.
            (6, 7, rotated_at.minus(Duration::from_secs(2)), Rotation::RepeatCurrent),
            (6, 7, after(30_001), Rotation::Reuse),
            (5, 7, after(0), Rotation::Reuse),
            (0, 7, after(0), Rotation::Reuse),
            (8, 7, after(0), Rotation::Reuse),
            (i64::MAX, 7, after(0), Rotation::Reuse),
            (i64::MAX, i64::MIN, after(0), Rotation::Reuse),
        ] {
            assert_eq!(
                decide(presented, current, rotated_at, now),
                decision,
                "{presented} of {current}, {now:?}"
            );
        }
    }

    #[test]
    fn at_most_one_previous_token_is_valid() {
        for current in 0..50_i64 {
            for age in [0, 1, 29_999, 30_000, 30_001, 600_000] {
                let now = Timestamp(age);
                let good: Vec<i64> = (0..=current + 3)
                    .filter(|presented| decide(*presented, current, Timestamp(0), now) != Rotation::Reuse)
                    .collect();
                let expected: Vec<i64> =
                    if age <= 30_000 && current > 0 { vec![current - 1, current] } else { vec![current] };
                assert_eq!(good, expected, "generation {current}, {age} ms after it began");
            }
        }
    }
}
