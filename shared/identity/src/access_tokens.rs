//! Access tokens, valid for ten minutes: JSON Web Tokens of the profile RFC 9068, signed with `EdDSA` (RFC 8037).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use domain::ids::{SessionId, UserId};
use domain::users::Role;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::digest::sha256;
use crate::random::{RandomSource, bytes};
use crate::signing_keys::SigningKeys;
use crate::verified_tokens::VerifiedTokens;

/// Lifetime of a token.
pub const LIFETIME: Duration = Duration::from_mins(10);

/// Tolerated difference between the clocks of two servers, in seconds.
pub(crate) const LEEWAY_SECONDS: i64 = 5;

/// Longest token that is parsed, in bytes. Issued tokens have about 600.
const MAX_BYTES: usize = 4096;
const TYPE: &str = "at+jwt";
const ALGORITHM: &str = "EdDSA";
/// The client id of every token: OrGo has no other applications (RFC 9068 section 2.2).
const CLIENT: &str = "orgo";

/// The claims of a token about its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessClaims {
    /// The person.
    pub user: UserId,
    /// The session of the token. The token is refused when the session has ended.
    pub session: SessionId,
    /// The role of the person.
    pub role: Role,
    /// When the person last logged in; whole seconds in the token.
    pub authenticated_at: Timestamp,
}

/// A token and its expiry.
pub struct IssuedToken {
    /// The token, as sent after `Bearer`.
    pub token: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Reason why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// The token is malformed, of another kind, changed, or signed with another key.
    #[error("the token is not valid")]
    Invalid,
    /// The token is genuine, but it has expired.
    #[error("the token has expired")]
    Expired,
}

/// The token could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("the token could not be signed")]
pub struct SigningFault(#[from] jsonwebtoken::errors::Error);

/// The only accepted header fields: a header with `jku`, `jwk`, `x5u`, `crit` or any other field does not parse, and
/// neither does one with a repeated field (RFC 8725 sections 3.1 and 3.10).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenHeader {
    typ: String,
    alg: String,
    kid: String,
}

/// The claims of RFC 9068 section 2.2. Their types refuse times in quotes and lists of audiences.
#[derive(Serialize, Deserialize)]
struct TokenClaims {
    iss: String,
    sub: UserId,
    aud: String,
    client_id: String,
    sid: SessionId,
    role: String,
    auth_time: i64,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
}

/// Issues and verifies access tokens.
pub struct AccessTokens {
    keys: SigningKeys,
    issuer: String,
    audience: String,
    validation: Validation,
    random: Arc<dyn RandomSource>,
    verified: VerifiedTokens<String, Verified>,
}

/// A token whose signature is valid. Its times, in seconds since 1970, are compared at each use.
#[derive(Clone)]
struct Verified {
    claims: AccessClaims,
    not_before: i64,
    expires: i64,
}

impl Verified {
    /// Returns the claims if the token is valid at `now`.
    fn at(self, now: Timestamp) -> Result<AccessClaims, TokenFault> {
        let now = now.unix_seconds();
        if now.saturating_add(LEEWAY_SECONDS) < self.not_before {
            return Err(TokenFault::Invalid);
        }
        if self.expires.saturating_add(LEEWAY_SECONDS) < now {
            return Err(TokenFault::Expired);
        }
        Ok(self.claims)
    }
}

impl AccessTokens {
    /// Creates an issuer: `issuer` signs with `keys` for `audience`; `random` draws the id of each token.
    pub fn new(
        keys: SigningKeys,
        issuer: impl Into<String>,
        audience: impl Into<String>,
        random: Arc<dyn RandomSource>,
    ) -> Self {
        let (issuer, audience) = (issuer.into(), audience.into());
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[&audience]);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        // The library would use the system clock; `verify` compares with the given time.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self { keys, issuer, audience, validation, random, verified: VerifiedTokens::new() }
    }

    /// Issues a token that is valid from `now` for [`LIFETIME`].
    pub fn issue(&self, claims: &AccessClaims, now: Timestamp) -> Result<IssuedToken, SigningFault> {
        let key = self.keys.current();
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.key_id().to_owned());
        let expires_at = Timestamp(now.plus(LIFETIME).unix_seconds().saturating_mul(1000));
        let content = TokenClaims {
            iss: self.issuer.clone(),
            sub: claims.user,
            aud: self.audience.clone(),
            client_id: CLIENT.to_owned(),
            sid: claims.session,
            role: claims.role.as_str().to_owned(),
            auth_time: claims.authenticated_at.unix_seconds(),
            iat: now.unix_seconds(),
            nbf: now.unix_seconds(),
            exp: expires_at.unix_seconds(),
            jti: URL_SAFE_NO_PAD.encode(bytes::<16>(self.random.as_ref())),
        };
        let token = jsonwebtoken::encode(&header, &content, &key.encoding)?;
        Ok(IssuedToken { token, expires_at })
    }

    /// Verifies a token and returns its claims, if it is valid at `now` with a leeway of five seconds.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenFault> {
        if token.len() > MAX_BYTES {
            return Err(TokenFault::Invalid);
        }
        // Another token with the same hash cannot be made: SHA-256 resists collisions.
        let hash = sha256(token.as_bytes());
        if let Some(verified) = self.verified.get(&hash) {
            return verified.at(now);
        }
        let verified = self.verify_signature(token)?;
        let claims = verified.clone().at(now)?;
        self.verified.insert(hash, verified);
        Ok(claims)
    }

    /// Checks everything about a token that does not change with time.
    fn verify_signature(&self, token: &str) -> Result<Verified, TokenFault> {
        let header = read_header(token).ok_or(TokenFault::Invalid)?;
        if header.alg != ALGORITHM || header.typ != TYPE {
            return Err(TokenFault::Invalid);
        }
        let key = self.keys.named(&header.kid).ok_or(TokenFault::Invalid)?;
        let content = jsonwebtoken::decode::<TokenClaims>(token, &key.decoding, &self.validation)
            .map_err(|_refused| TokenFault::Invalid)?
            .claims;
        if content.client_id != CLIENT {
            return Err(TokenFault::Invalid);
        }
        let claims = AccessClaims {
            user: content.sub,
            session: content.sid,
            role: Role::from_name(&content.role).ok_or(TokenFault::Invalid)?,
            authenticated_at: Timestamp(content.auth_time.saturating_mul(1000)),
        };
        Ok(Verified { claims, not_before: content.nbf.max(content.iat), expires: content.exp })
    }

    /// Returns the public keys that verify the tokens, as a JSON Web Key Set (RFC 7517 section 5).
    pub fn jwks(&self) -> serde_json::Value {
        self.keys.jwks()
    }
}

/// Returns whether a text has the header and the three parts of an access token. Verifies nothing.
pub(crate) fn looks_like_one(text: &str) -> bool {
    text.len() <= MAX_BYTES
        && text.split('.').count() == 3
        && read_header(text).is_some_and(|header| header.typ == TYPE)
}

fn read_header(token: &str) -> Option<TokenHeader> {
    let (header, _) = token.split_once('.')?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()
}

#[cfg(test)]
#[path = "access_tokens_tests.rs"]
mod tests;
