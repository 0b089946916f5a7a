//! The key of resume tokens: the only key that a gateway holds. Only resume tokens can be issued with it.

use std::path::Path;

use crate::key_files::{self, KeyFileFault};
use crate::secrets::{DerivedKey, MasterSecret, SecretFault, are_equal, read_secret, write_hex};

/// A key of 32 bytes, derived from the secret of the installation.
///
/// HKDF cannot be reversed (RFC 5869 section 1): the secret and its other keys do not follow from this one.
#[derive(Clone)]
pub struct ResumeKey([u8; 32]);

/// Beginning of the text in a key file. Without it, a file with the main secret could be used as the key by mistake.
const PREFIX: &str = "resume-key:";

/// Reason why a text is not a key of resume tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResumeKeyFault {
    /// The text does not begin with the prefix: it may be the secret itself.
    #[error("the text does not begin with resume-key:")]
    OtherKind,
    /// The rest is not 32 random bytes.
    #[error(transparent)]
    Unusable(#[from] SecretFault),
    /// The rest is longer than 32 bytes.
    #[error("the key is longer than 32 bytes (64 hexadecimal digits)")]
    TooLong,
}

impl ResumeKey {
    /// Derives the key from the secret of the installation. Deterministic.
    pub fn derive(secret: &MasterSecret) -> Self {
        Self(secret.derive_bytes("resume token v2"))
    }

    /// Parses `resume-key:` and 64 hexadecimal digits; ignores surrounding white space.
    pub fn parse(text: &str) -> Result<Self, ResumeKeyFault> {
        let digits = text.trim().strip_prefix(PREFIX).ok_or(ResumeKeyFault::OtherKind)?;
        read_secret(digits)?.try_into().map(Self).map_err(|_longer: Vec<u8>| ResumeKeyFault::TooLong)
    }

    fn to_text(&self) -> String {
        format!("{PREFIX}{}\n", write_hex(&self.0))
    }

    pub(crate) fn mac_key(&self) -> DerivedKey {
        DerivedKey::from_bytes(&self.0)
    }
}

/// Reads the key in the file at `path`: text, readable by its owner only.
pub fn load_resume_key(path: &Path) -> Result<ResumeKey, KeyFileFault> {
    key_files::load(path, ResumeKey::parse)
}

/// Writes the key derived from `secret` to the file at `path`. Leaves an existing file unchanged, and fails if it holds
/// another key.
pub fn write_resume_key(path: &Path, secret: &MasterSecret) -> Result<(), KeyFileFault> {
    let derived = ResumeKey::derive(secret);
    let is_derived = |text: &str| match ResumeKey::parse(text) {
        Ok(found) if are_equal(&found.0, &derived.0) => Ok(()),
        Ok(_) => Err("the key is not derived from the secret; remove the file to write it anew".to_owned()),
        Err(fault) => Err(fault.to_string()),
    };
    key_files::load_or_create(path, is_derived, || Ok(derived.to_text()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::{load_or_create_secret, load_secret, test_secret};

    #[test]
    fn the_written_key_is_the_derived_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("resume.key");
        write_resume_key(&path, &test_secret()).unwrap();
        write_resume_key(&path, &test_secret()).unwrap();
        assert_eq!(load_resume_key(&path).unwrap().0, ResumeKey::derive(&test_secret()).0);
    }

    #[test]
    fn writing_over_a_key_of_another_secret_fails_and_keeps_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("resume.key");
        let other = load_or_create_secret(&directory.path().join("secret.hex")).unwrap();
        write_resume_key(&path, &other).unwrap();
        let fault = write_resume_key(&path, &test_secret()).unwrap_err().to_string();
        assert!(fault.contains("not derived from the secret"), "{fault}");
        assert_eq!(load_resume_key(&path).unwrap().0, ResumeKey::derive(&other).0);
    }

    #[test]
    fn only_32_random_bytes_in_hexadecimal_are_a_key() {
        let digits = write_hex(&ResumeKey::derive(&test_secret()).0);
        assert!(ResumeKey::parse(&format!(" resume-key:{digits}\n")).is_ok());
        for (text, fault) in [
            ("resume-key:".to_owned(), ResumeKeyFault::Unusable(SecretFault::TooShort)),
            (format!("resume-key:{digits}{digits}"), ResumeKeyFault::TooLong),
            (format!("resume-key:{}", "00".repeat(32)), ResumeKeyFault::Unusable(SecretFault::NotRandom)),
            (
                format!("resume-key:{}", "zz".repeat(32)),
                ResumeKeyFault::Unusable(SecretFault::NotHexadecimal),
            ),
            (digits, ResumeKeyFault::OtherKind),
        ] {
            assert_eq!(ResumeKey::parse(&text).err(), Some(fault), "{text}");
        }
    }

    #[test]
    fn the_secret_itself_is_refused_in_the_place_of_the_key() {
        let directory = tempfile::tempdir().unwrap();
        let (secret, key) = (directory.path().join("secret.hex"), directory.path().join("resume.key"));
        write_resume_key(&key, &load_or_create_secret(&secret).unwrap()).unwrap();
        let fault = load_resume_key(&secret).err().unwrap().to_string();
        assert!(fault.ends_with("secret.hex: the text does not begin with resume-key:"), "{fault}");
        assert!(load_secret(&key).is_err(), "the key is no secret");
    }
}
