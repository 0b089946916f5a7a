//! Six-digit codes sent by mail, which prove an address (rule ID2). A code never logs a person in.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::CodeFlowId;

use crate::random::{RandomSource, bytes};
use crate::secrets::{DerivedKey, MasterSecret, are_equal};

const COUNT: u32 = 1_000_000;
/// Largest multiple of [`COUNT`] that fits in 32 bits: a larger number would favour low codes.
const FAIR: u32 = u32::MAX - u32::MAX % COUNT;

/// A code in plain text, from the mail or as typed. Deliberately without `Debug` and `Display`.
pub struct Code(String);

/// Error: the text is not six digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code of six digits")]
pub struct NotACode;

impl Code {
    /// Draws a code, uniformly from the million codes.
    pub fn generate(random: &dyn RandomSource) -> Self {
        loop {
            let drawn = u32::from_be_bytes(bytes(random));
            if drawn < FAIR {
                return Self(format!("{:06}", drawn % COUNT));
            }
        }
    }

    /// Parses a typed code: six digits and nothing else.
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        let is_code = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_code { Ok(Self(text.to_owned())) } else { Err(NotACode) }
    }

    /// Returns the digits, for the mail only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The stored form of a code.
///
/// A MAC under a key that is not in the database, and not a password hash: a million guesses at argon2 take only hours,
/// so that a slow hash would not protect a stolen table, but would slow down each honest attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeHash([u8; 32]);

/// Error: the bytes are not a stored code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a stored code")]
pub struct NotACodeHash;

impl CodeHash {
    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the text form: 43 characters of base64url.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Parses the output of [`Self::to_text`].
    pub fn parse(text: &str) -> Result<Self, NotACodeHash> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_not_base64| NotACodeHash)?;
        Self::try_from(bytes.as_slice())
    }
}

impl TryFrom<&[u8]> for CodeHash {
    type Error = NotACodeHash;

    fn try_from(bytes: &[u8]) -> Result<Self, NotACodeHash> {
        bytes.try_into().map(Self).map_err(|_wrong_length| NotACodeHash)
    }
}

/// Computes the stored form of codes.
pub struct CodeHasher {
    key: DerivedKey,
}

impl CodeHasher {
    /// Creates a hasher with a key derived from `secret`.
    pub fn new(secret: &MasterSecret) -> Self {
        Self { key: secret.derive("e-mail code v2") }
    }

    /// Returns the stored form of the code of a flow. It matches for no other flow, purpose or address.
    pub fn hash(&self, flow: CodeFlowId, purpose: &str, email: &str, code: &Code) -> CodeHash {
        let parts = [flow.0.as_bytes(), purpose.as_bytes(), email.as_bytes(), code.0.as_bytes()];
        CodeHash(self.key.mac(&parts))
    }

    /// Returns whether `code` is the stored one, in constant time.
    pub fn matches(
        &self,
        stored: &CodeHash,
        flow: CodeFlowId,
        purpose: &str,
        email: &str,
        code: &Code,
    ) -> bool {
        are_equal(&stored.0, &self.hash(flow, purpose, email, code).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{OsRandom, Repeating};
    use crate::secrets::test_secret;

    const FLOW: CodeFlowId = CodeFlowId(uuid::Uuid::from_u128(7));

    #[test]
    fn codes_are_drawn_uniformly() {
        assert_eq!(FAIR, 4_294_000_000);
        let drawn = |bytes: &[u8]| Code::generate(&Repeating::new(bytes)).expose().to_owned();
        assert_eq!(drawn(&0_u32.to_be_bytes()), "000000");
        assert_eq!(drawn(&7_u32.to_be_bytes()), "000007");
        assert_eq!(drawn(&(FAIR - 1).to_be_bytes()), "999999");
        // A number at or above the limit is discarded, and the next one is used.
        let rest_then_good = [FAIR.to_be_bytes(), u32::MAX.to_be_bytes(), 42_u32.to_be_bytes()].concat();
        assert_eq!(drawn(&rest_then_good), "000042");
    }

    #[test]
    fn drawn_codes_are_six_digits_and_spread() {
        let mut first_digits = std::collections::BTreeSet::new();
        for _ in 0..500 {
            let code = Code::generate(&OsRandom);
            assert!(Code::parse(code.expose()).is_ok(), "{}", code.expose());
            first_digits.insert(code.expose().as_bytes()[0]);
        }
        assert_eq!(first_digits.len(), 10);
    }

    #[test]
    fn only_six_digits_are_a_code() {
        assert_eq!(Code::parse("012345").unwrap().expose(), "012345");
        for wrong in [
            "",
            " 012345",
            "012345\n",
            "12345",
            "1234567",
            "12345a",
            "123 456",
            "-12345",
            "١٢٣٤٥٦",
            "１２３４５６",
        ] {
            assert_eq!(Code::parse(wrong).err(), Some(NotACode), "{wrong}");
        }
    }

    #[test]
    fn a_code_is_valid_for_one_flow_one_address_and_one_purpose() {
        let hasher = CodeHasher::new(&test_secret());
        let code = Code::parse("012345").unwrap();
        let stored = hasher.hash(FLOW, "signup", "mina@example.com", &code);
        let other = CodeFlowId(uuid::Uuid::from_u128(8));
        assert!(hasher.matches(&stored, FLOW, "signup", "mina@example.com", &code));
        assert!(!hasher.matches(&stored, other, "signup", "mina@example.com", &code));
        assert!(!hasher.matches(&stored, FLOW, "reset", "mina@example.com", &code));
        assert!(!hasher.matches(&stored, FLOW, "signup", "jun@example.com", &code));
        let wrong = Code::parse("012346").unwrap();
        assert!(!hasher.matches(&stored, FLOW, "signup", "mina@example.com", &wrong));
    }

    #[test]
    fn stored_codes_read_back_and_do_not_show_the_code() {
        let hasher = CodeHasher::new(&test_secret());
        let stored = hasher.hash(FLOW, "signup", "mina@example.com", &Code::parse("012345").unwrap());
        assert_eq!(CodeHash::parse(&stored.to_text()), Ok(stored.clone()));
        assert_eq!(CodeHash::try_from(&stored.as_bytes()[..]), Ok(stored.clone()));
        assert!(!stored.to_text().contains("012345"));
        for wrong in ["", "AAAA", &format!("{}A", stored.to_text()), &format!("{}=", stored.to_text())] {
            assert_eq!(CodeHash::parse(wrong), Err(NotACodeHash), "{wrong}");
        }
    }
}
