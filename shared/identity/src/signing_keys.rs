//! The Ed25519 keys (RFC 8032) that sign access tokens, and their public halves.

use std::path::Path;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};

use crate::digest::sha256;
use crate::key_files::{self, KeyFileFault};

const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// A private signing key with the key id under which it is published.
pub struct SigningKey {
    key_id: String,
    public: String,
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
}

/// Error: the text is not a usable signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyFault {
    /// The text is not one PEM block with a private key (RFC 7468 section 10).
    #[error("not one PEM block BEGIN PRIVATE KEY")]
    NotPem,
    /// The block contains another kind of key, or a damaged one.
    #[error("not an Ed25519 private key in PKCS#8")]
    NotEd25519,
    /// No key could be generated.
    #[error("no key could be generated")]
    NotGenerated,
}

impl SigningKey {
    /// Generates a new key.
    pub fn generate() -> Result<Self, SigningKeyFault> {
        Self::from_pem(&generate_pem()?)
    }

    /// Parses a PKCS#8 private key (RFC 8410) in PEM, as `openssl genpkey -algorithm ed25519` writes it.
    pub fn from_pem(pem: &str) -> Result<Self, SigningKeyFault> {
        let body = pem.trim().strip_prefix(PEM_BEGIN).and_then(|rest| rest.strip_suffix(PEM_END));
        let body: String = body.ok_or(SigningKeyFault::NotPem)?.split_ascii_whitespace().collect();
        let der = STANDARD.decode(body).map_err(|_not_base64| SigningKeyFault::NotPem)?;
        let pair = Ed25519KeyPair::from_pkcs8(&der).map_err(|_rejected| SigningKeyFault::NotEd25519)?;
        let public = URL_SAFE_NO_PAD.encode(pair.public_key());
        let decoding =
            DecodingKey::from_ed_components(&public).map_err(|_rejected| SigningKeyFault::NotEd25519)?;
        Ok(Self { key_id: thumbprint(&public), public, encoding: EncodingKey::from_ed_der(&der), decoding })
    }

    /// Returns the key id: the thumbprint (RFC 7638), so that two processes with one key use the same id.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Returns the public half as a JSON Web Key (RFC 8037 section 2).
    fn jwk(&self) -> Value {
        json!({
            "kty": "OKP", "crv": "Ed25519", "x": self.public,
            "use": "sig", "alg": "EdDSA", "kid": self.key_id,
        })
    }
}

/// Returns the SHA-256 thumbprint of a public key given in base64url (RFC 7638 section 3, RFC 8037 appendix A.3).
fn thumbprint(public: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{public}"}}"#);
    sha256(members.as_bytes())
}

fn generate_pem() -> Result<String, SigningKeyFault> {
    let document = Ed25519KeyPair::generate()
        .and_then(|pair| pair.to_pkcs8v1())
        .map_err(|_unspecified| SigningKeyFault::NotGenerated)?;
    // 48 bytes are 64 characters of base64, which is one line (RFC 7468 section 2).
    Ok(format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", STANDARD.encode(document.as_ref())))
}

/// The keys in use: the current one signs; the earlier ones still verify tokens that they signed.
pub struct SigningKeys {
    current: SigningKey,
    previous: Vec<SigningKey>,
}

impl SigningKeys {
    /// Creates a key ring in which `current` signs.
    pub fn new(current: SigningKey) -> Self {
        Self { current, previous: Vec::new() }
    }

    /// Adds a retired key, which verifies but does not sign.
    #[must_use]
    pub fn with_previous(mut self, previous: SigningKey) -> Self {
        self.previous.push(previous);
        self
    }

    /// Returns the JSON Web Key Set of the public halves (RFC 7517 section 5).
    pub fn jwks(&self) -> Value {
        json!({ "keys": self.all().map(SigningKey::jwk).collect::<Vec<_>>() })
    }

    pub(crate) fn current(&self) -> &SigningKey {
        &self.current
    }

    pub(crate) fn named(&self, key_id: &str) -> Option<&SigningKey> {
        self.all().find(|key| key.key_id == key_id)
    }

    fn all(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

/// Reads the key in the PEM file at `path`, readable by its owner only.
pub fn load_signing_key(path: &Path) -> Result<SigningKey, KeyFileFault> {
    key_files::load(path, SigningKey::from_pem)
}

/// Reads the key in the PEM file at `path`. If the file does not exist, generates a key and writes it there first.
pub fn load_or_create_signing_key(path: &Path) -> Result<SigningKey, KeyFileFault> {
    key_files::load_or_create(path, SigningKey::from_pem, generate_pem)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 8037 appendix A.1, in PKCS#8.
    fn rfc_8037_pem() -> String {
        let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let prefix =
            [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
        format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", STANDARD.encode([&prefix[..], &seed].concat()))
    }

    #[test]
    fn keys_are_named_and_published_as_in_rfc_8037_appendix_a() {
        let key = SigningKey::from_pem(&rfc_8037_pem()).unwrap();
        assert_eq!(key.key_id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(
            SigningKeys::new(key).jwks(),
            json!({ "keys": [{
                "kty": "OKP",
                "crv": "Ed25519",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                "use": "sig",
                "alg": "EdDSA",
                "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            }] })
        );
    }

    #[test]
    fn a_ring_publishes_every_key_that_verifies() {
        let keys = [SigningKey::generate().unwrap(), SigningKey::generate().unwrap()];
        let names = keys.each_ref().map(|key| key.key_id().to_owned());
        let [current, previous] = keys;
        let ring = SigningKeys::new(current).with_previous(previous);
        let jwks = ring.jwks();
        assert_eq!(jwks["keys"][0]["kid"], names[0].as_str());
        assert_eq!(jwks["keys"][1]["kid"], names[1].as_str());
        assert!(ring.named(&names[1]).is_some());
        assert!(ring.named("unknown").is_none());
        assert!(!jwks.to_string().contains("\"d\""), "a private half was published");
    }

    #[test]
    fn other_texts_and_other_keys_are_refused() {
        let pem = rfc_8037_pem();
        // The object identifier of X25519 (RFC 8410 section 3) in place of that of Ed25519.
        let der = STANDARD.decode(pem.lines().nth(1).unwrap()).unwrap();
        let x25519 =
            STANDARD.encode(der.iter().map(|b| if *b == 0x70 { 0x6e } else { *b }).collect::<Vec<_>>());
        for (text, fault) in [
            (String::new(), SigningKeyFault::NotPem),
            (pem.replace("PRIVATE", "PUBLIC"), SigningKeyFault::NotPem),
            (pem.replace("MC4C", "M*4C"), SigningKeyFault::NotPem),
            (format!("{pem}{pem}"), SigningKeyFault::NotPem),
            (pem.replace("MC4C", "MC4D"), SigningKeyFault::NotEd25519),
            (format!("{PEM_BEGIN}\n{x25519}\n{PEM_END}"), SigningKeyFault::NotEd25519),
        ] {
            assert_eq!(SigningKey::from_pem(&text).err(), Some(fault), "{text}");
        }
    }

    #[test]
    fn a_generated_key_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("signing.pem");
        let drawn = load_or_create_signing_key(&path).unwrap();
        assert_eq!(load_or_create_signing_key(&path).unwrap().key_id(), drawn.key_id());
        assert_eq!(load_signing_key(&path).unwrap().key_id(), drawn.key_id());
    }
}
