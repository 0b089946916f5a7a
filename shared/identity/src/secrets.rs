//! The one secret of an installation, and the keys derived from it.

use std::path::Path;

use aws_lc_rs::{constant_time, hmac};

use crate::key_files::{self, KeyFileFault};
use crate::random::{OsRandom, bytes};

/// At least 256 unguessable bits, from which every other symmetric key is derived.
#[derive(Clone)]
pub struct MasterSecret(hmac::Key);

/// The text is no secret to build on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    /// It is not hexadecimal digits, two a byte.
    #[error("the secret is not written in hexadecimal digits, two a byte")]
    NotHexadecimal,
    /// It is shorter than 32 bytes.
    #[error("the secret is shorter than 32 bytes (64 hexadecimal digits)")]
    TooShort,
    /// It repeats a few bytes: an example, not a secret.
    #[error("the secret repeats a few bytes; draw a random one: openssl rand -hex 32")]
    NotRandom,
}

impl MasterSecret {
    const MIN_BYTES: usize = 32;
    /// 32 random bytes hold fewer distinct values than this once in 10^20 draws.
    const MIN_DISTINCT: usize = 16;

    /// Reads hexadecimal digits; white space around them is ignored.
    pub fn from_hex(text: &str) -> Result<Self, SecretFault> {
        let digits: Option<Vec<u8>> =
            text.trim().chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
        let digits = digits.ok_or(SecretFault::NotHexadecimal)?;
        let (pairs, rest) = digits.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(SecretFault::NotHexadecimal);
        }
        let secret: Vec<u8> = pairs.iter().map(|[high, low]| high * 16 + low).collect();
        if secret.len() < Self::MIN_BYTES {
            return Err(SecretFault::TooShort);
        }
        let distinct: std::collections::BTreeSet<u8> = secret.iter().copied().collect();
        if distinct.len() < Self::MIN_DISTINCT {
            return Err(SecretFault::NotRandom);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &secret)))
    }

    /// Returns the key of the purpose `label`: one block of HKDF-Expand with SHA-256 (RFC 5869 section 2.3).
    pub fn derive(&self, label: &str) -> DerivedKey {
        DerivedKey(hmac::Key::new(hmac::HMAC_SHA256, &expand(&self.0, label.as_bytes())))
    }
}

fn expand(key: &hmac::Key, label: &[u8]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    context.update(label);
    context.update(&[1]);
    as_bytes(&context.sign())
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
    /// Returns HMAC-SHA-256 (RFC 2104) over `parts`, each preceded by its length.
    ///
    /// With the lengths, `ab, c` and `a, bc` are different messages.
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

/// Tells whether two values are equal, in a time that does not depend on where they differ.
pub(crate) fn are_equal(one: &[u8], other: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

/// Reads the secret in the file at `path`: hexadecimal text, readable by its owner alone.
pub fn load_secret(path: &Path) -> Result<MasterSecret, KeyFileFault> {
    key_files::load(path, MasterSecret::from_hex)
}

/// Reads the secret in the file at `path`, after drawing one where there is no file.
pub fn load_or_create_secret(path: &Path) -> Result<MasterSecret, KeyFileFault> {
    key_files::load_or_create(path, MasterSecret::from_hex, || {
        use std::fmt::Write;
        let mut text = String::new();
        for byte in bytes::<32>(&OsRandom) {
            // Writing to a string cannot fail.
            write!(text, "{byte:02x}").unwrap_or_default();
        }
        text.push('\n');
        Ok(text)
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

    #[test]
    fn keys_are_derived_as_rfc_5869_appendix_a_1_has_it() {
        let pseudo_random_key = [
            0x07, 0x77, 0x09, 0x36, 0x2c, 0x2e, 0x32, 0xdf, 0x0d, 0xdc, 0x3f, 0x0d, 0xc4, 0x7b, 0xba, 0x63,
            0x90, 0xb6, 0xc7, 0x3b, 0xb5, 0x0f, 0x9c, 0x31, 0x22, 0xec, 0x84, 0x4a, 0xd7, 0xc2, 0xb3, 0xe5,
        ];
        let key = hmac::Key::new(hmac::HMAC_SHA256, &pseudo_random_key);
        let output = expand(&key, &[0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9]);
        assert_eq!(
            output,
            [
                0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f, 0x64, 0xd0, 0x36, 0x2f,
                0x2a, 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a, 0x5a, 0x4c, 0x5d, 0xb0, 0x2d, 0x56, 0xec, 0xc4,
                0xc5, 0xbf,
            ]
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
    fn where_parts_end_is_part_of_the_message() {
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
    fn a_drawn_secret_is_kept() {
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
