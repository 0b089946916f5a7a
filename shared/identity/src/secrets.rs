//! The secret of an installation, and the keys derived from it.

use std::path::Path;

use aws_lc_rs::{constant_time, hkdf, hmac};

use crate::key_files::{self, KeyFileFault};
use crate::random::{OsRandom, bytes};

/// At least 256 random bits, from which every other symmetric key is derived with HKDF-SHA-256 (RFC 5869).
///
/// Its holder can forge every token of the installation, so only `api-service` reads it.
#[derive(Clone)]
pub struct MasterSecret(hkdf::Prk);

/// Reason why a text cannot be used as a secret or as a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    /// The text is not pairs of hexadecimal digits.
    #[error("the secret is not written in hexadecimal digits, two a byte")]
    NotHexadecimal,
    /// The secret is shorter than 32 bytes.
    #[error("the secret is shorter than 32 bytes (64 hexadecimal digits)")]
    TooShort,
    /// The secret repeats a few bytes: it is an example, not a random value.
    #[error("the secret repeats a few bytes; draw a random one: openssl rand -hex 32")]
    NotRandom,
}

impl MasterSecret {
    /// Parses hexadecimal digits; ignores surrounding white space.
    pub fn from_hex(text: &str) -> Result<Self, SecretFault> {
        Ok(Self::extract(&read_secret(text)?))
    }

    /// Runs HKDF-Extract without a salt (RFC 5869 section 2.2).
    fn extract(secret: &[u8]) -> Self {
        Self(hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(secret))
    }

    /// Returns the key for the purpose `label`.
    pub fn derive(&self, label: &str) -> DerivedKey {
        DerivedKey::from_bytes(&self.derive_bytes(label))
    }

    /// Returns the first 32 bytes of HKDF-Expand for `label` (RFC 5869 section 2.3).
    #[expect(clippy::expect_used, reason = "32 bytes are within the limit of HKDF, 255 hashes of 32 bytes")]
    pub(crate) fn derive_bytes(&self, label: &str) -> [u8; 32] {
        let mut bytes = [0; 32];
        let info = [label.as_bytes()];
        let expanded = self.0.expand(&info, hkdf::HKDF_SHA256).and_then(|key| key.fill(&mut bytes));
        expanded.expect("HKDF-SHA-256 to give 32 bytes");
        bytes
    }
}

/// Minimum number of bytes of a secret.
const MIN_BYTES: usize = 32;
/// Minimum number of distinct bytes. 32 random bytes have fewer once in 10^20 draws.
const MIN_DISTINCT: usize = 16;

/// Parses at least 32 random bytes, each written as two hexadecimal digits; ignores surrounding white space.
pub(crate) fn read_secret(text: &str) -> Result<Vec<u8>, SecretFault> {
    let secret = read_hex(text)?;
    if secret.len() < MIN_BYTES {
        return Err(SecretFault::TooShort);
    }
    let distinct: std::collections::BTreeSet<u8> = secret.iter().copied().collect();
    if distinct.len() < MIN_DISTINCT { Err(SecretFault::NotRandom) } else { Ok(secret) }
}

fn read_hex(text: &str) -> Result<Vec<u8>, SecretFault> {
    let digits: Option<Vec<u8>> =
        text.trim().chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.ok_or(SecretFault::NotHexadecimal)?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(SecretFault::NotHexadecimal);
    }
    Ok(pairs.iter().map(|[high, low]| high * 16 + low).collect())
}

/// Returns two hexadecimal digits for each byte.
pub(crate) fn write_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    for byte in bytes {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}

fn as_bytes(tag: &hmac::Tag) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(tag.as_ref()) {
        *to = *from;
    }
    bytes
}

/// A key for one purpose.
#[derive(Clone)]
pub struct DerivedKey(hmac::Key);

impl DerivedKey {
    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// Returns HMAC-SHA-256 (RFC 2104) over `parts`, each preceded by its length.
    ///
    /// The lengths make `ab, c` and `a, bc` different messages.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        as_bytes(&context.sign())
    }

    /// Returns the first 16 bytes of [`Self::mac`]: 128 bits (RFC 2104 section 5).
    pub fn short_mac(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut short = [0; 16];
        for (to, from) in short.iter_mut().zip(self.mac(parts)) {
            *to = from;
        }
        short
    }
}

/// Returns whether two values are equal, in constant time.
pub(crate) fn are_equal(one: &[u8], other: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

/// Reads the secret in the file at `path`: hexadecimal text, readable by its owner only.
pub fn load_secret(path: &Path) -> Result<MasterSecret, KeyFileFault> {
    key_files::load(path, MasterSecret::from_hex)
}

/// Reads the secret in the file at `path`. If the file does not exist, draws a secret and writes it there first.
pub fn load_or_create_secret(path: &Path) -> Result<MasterSecret, KeyFileFault> {
    key_files::load_or_create(path, MasterSecret::from_hex, || {
        Ok(format!("{}\n", write_hex(&bytes::<32>(&OsRandom))))
    })
}

#[cfg(test)]
pub(crate) fn test_secret() -> MasterSecret {
    MasterSecret::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").unwrap()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::string_slice, reason = "the texts cut here are ASCII")]

    use super::*;

    /// The input of appendix A.3. Its output is longer; a shorter output is a prefix of it.
    #[test]
    fn keys_are_derived_as_in_rfc_5869_appendix_a_3() {
        assert_eq!(
            write_hex(&MasterSecret::extract(&[0x0b; 22]).derive_bytes("")),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
        );
    }

    #[test]
    fn each_label_has_a_key_of_its_own() {
        let secret = test_secret();
        let mac = |label| secret.derive(label).mac(&[b"message"]);
        assert_eq!(mac("cursor"), mac("cursor"));
        assert_ne!(mac("cursor"), mac("code"));
    }

    #[test]
    fn the_boundaries_of_parts_are_part_of_the_message() {
        let key = test_secret().derive("test");
        assert_ne!(key.mac(&[b"ab", b"c"]), key.mac(&[b"a", b"bc"]));
        assert_ne!(key.mac(&[b"ab"]), key.mac(&[b"ab", b""]));
        assert_eq!(key.short_mac(&[b"ab"]), key.mac(&[b"ab"])[..16]);
    }

    #[test]
    fn short_repeated_and_unreadable_secrets_are_refused() {
        let good = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        assert!(MasterSecret::from_hex(&format!("  {good}\n")).is_ok());
        assert!(MasterSecret::from_hex(&good.to_uppercase()).is_ok());
        for (text, fault) in [
            ("", SecretFault::TooShort),
            (&good[..62], SecretFault::TooShort),
            (&good[..63], SecretFault::NotHexadecimal),
            (&good.replace('0', "g"), SecretFault::NotHexadecimal),
            (&good.replace('0', "영"), SecretFault::NotHexadecimal),
            (&"00".repeat(32), SecretFault::NotRandom),
            (&"deadbeef".repeat(8), SecretFault::NotRandom),
        ] {
            assert_eq!(MasterSecret::from_hex(text).err(), Some(fault), "{text}");
        }
    }

    #[test]
    fn a_generated_secret_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        let mac = |secret: MasterSecret| secret.derive("test").mac(&[]);
        let drawn = mac(load_or_create_secret(&path).unwrap());
        assert_eq!(mac(load_or_create_secret(&path).unwrap()), drawn);
        assert_eq!(mac(load_secret(&path).unwrap()), drawn);
        let elsewhere = directory.path().join("other");
        assert_ne!(mac(load_or_create_secret(&elsewhere).unwrap()), drawn);
    }
}
