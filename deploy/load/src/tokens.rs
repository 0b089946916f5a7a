use std::path::Path;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::LoadFault;

/// Signs access tokens (JSON Web Tokens, RFC 7519, with `EdDSA`, RFC 8037) with the key of a private system, so that
/// the load program does not have to log in thousands of people. One person logs in; the other tokens are copies of
/// that token for other people and sessions.
pub(crate) struct Minter {
    key: Ed25519KeyPair,
    header: String,
    claims: Value,
}

impl Minter {
    /// Reads the PKCS#8 key in the PEM file, and the model.
    pub(crate) fn new(key_file: &Path, model: &str) -> Result<Self, LoadFault> {
        let fault = |what: &str| LoadFault::Unexpected(what.to_owned());
        let pem = std::fs::read_to_string(key_file)?;
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = STANDARD.decode(body).map_err(|_not_base64| fault("the key file is not PEM"))?;
        let key = Ed25519KeyPair::from_pkcs8(&der).map_err(|_rejected| fault("not an Ed25519 key"))?;
        let mut parts = model.split('.');
        let (header, claims) =
            parts.next().zip(parts.next()).ok_or_else(|| fault("the model is no token"))?;
        let claims = URL_SAFE_NO_PAD.decode(claims).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let claims = claims.ok_or_else(|| fault("the model has no claims"))?;
        Ok(Self { key, header: header.to_owned(), claims })
    }

    /// Signs a token of this person and session, as fresh as the model.
    pub(crate) fn mint(&self, person: &str, session: &str) -> String {
        let mut claims = self.claims.clone();
        if let Some(claims) = claims.as_object_mut() {
            claims.insert("sub".into(), json!(person));
            claims.insert("sid".into(), json!(session));
            claims.insert("jti".into(), json!(URL_SAFE_NO_PAD.encode(session)));
        }
        let signed = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use aws_lc_rs::signature::{ED25519, KeyPair as _, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_token_carries_the_person_and_the_signature_of_the_key() {
        let key = Ed25519KeyPair::generate().unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let der = STANDARD.encode(key.to_pkcs8v1().unwrap().as_ref());
        writeln!(file, "-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----").unwrap();
        let claims = URL_SAFE_NO_PAD.encode(json!({ "iss": "here", "sub": "x", "sid": "y" }).to_string());
        let minter = Minter::new(file.path(), &format!("header.{claims}.signature")).unwrap();
        let token = minter.mint("person", "session");
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let public = UnparsedPublicKey::new(&ED25519, key.public_key());
        public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(signed.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(
            (&claims["iss"], &claims["sub"], &claims["sid"]),
            (&json!("here"), &json!("person"), &json!("session"))
        );
    }
}
