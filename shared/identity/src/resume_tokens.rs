//! Tokens with which a client opens a socket again without a ticket, at most five minutes after its last one.
//!
//! base64url without padding of version (1 byte), user (16), session (16), connection (16), issued at (8), expires at
//! (8), end of the grant (8, all three in milliseconds since 1970, big-endian), MAC (32). Verified by computation alone,
//! so that ten thousand sockets that reconnect at once cause no database query. The gateway still refuses sessions that
//! it knows to have ended.
//!
//! The grant is what the first ticket gave. A token carries its end from socket to socket: resuming never extends it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use domain::ids::{ConnectionId, SessionId, UserId};
use uuid::Uuid;

use crate::credential_kinds::CredentialKind;
use crate::resume_keys::ResumeKey;
use crate::secrets::{DerivedKey, are_equal};

/// Longest lifetime of a token. A token expires earlier if its grant does.
pub const LIFETIME: Duration = Duration::from_mins(5);

/// The largest difference between the clocks of two gateways that is tolerated.
const LEEWAY: Duration = Duration::from_secs(5);
const VERSION: u8 = 2;
/// The length of 105 bytes in base64url. 105 is a multiple of three, so no bit of the text is unused.
const TEXT_LENGTH: usize = 140;

/// The contents of a token: its socket, and the end of the socket's grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResumeClaims {
    /// The person.
    pub user: UserId,
    /// The session in which the socket was opened.
    pub session: SessionId,
    /// The socket itself. A socket that resumes with the token replaces it.
    pub connection: ConnectionId,
    /// The end of the grant that began with a ticket.
    pub grant_ends: Timestamp,
}

/// Reason why a resume token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResumeFault {
    /// The text does not have the form of a resume token.
    #[error("this is {0}, not a resume token")]
    WrongKind(CredentialKind),
    /// The token was changed, or issued with another key.
    #[error("the resume token is not valid")]
    Invalid,
    /// The token is older than [`LIFETIME`].
    #[error("the resume token has expired")]
    Expired,
    /// The grant has ended. Only a new ticket begins another one.
    #[error("the grant of the resume token has ended")]
    GrantEnded,
}

/// Issues and verifies resume tokens.
#[derive(Clone)]
pub struct ResumeTokens {
    key: DerivedKey,
}

impl ResumeTokens {
    /// Returns the tokens of an installation: every gateway with `key` accepts what another one issued.
    pub fn new(key: &ResumeKey) -> Self {
        Self { key: key.mac_key() }
    }

    /// Issues a token that is valid from `now` for [`LIFETIME`] or until the end of the grant, whichever is earlier.
    pub fn issue(&self, claims: &ResumeClaims, now: Timestamp) -> String {
        let mut bytes = vec![VERSION];
        for id in [claims.user.0, claims.session.0, claims.connection.0] {
            bytes.extend(id.as_bytes());
        }
        let expires_at = now.plus(LIFETIME).min(claims.grant_ends);
        for instant in [now, expires_at, claims.grant_ends] {
            bytes.extend(instant.0.to_be_bytes());
        }
        let mac = self.key.mac(&[&bytes]);
        bytes.extend(mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Returns the contents of a token that is valid at `now`. Clocks may differ by five seconds, but the end of the
    /// grant is exact.
    pub fn verify(&self, text: &str, now: Timestamp) -> Result<ResumeClaims, ResumeFault> {
        let bytes = decode(text).ok_or_else(|| ResumeFault::WrongKind(CredentialKind::of(text)))?;
        let (payload, mac) = bytes.split_last_chunk::<32>().ok_or(ResumeFault::Invalid)?;
        if !are_equal(mac, &self.key.mac(&[payload])) {
            return Err(ResumeFault::Invalid);
        }
        let Token { claims, issued_at, expires_at } = read(payload).ok_or(ResumeFault::Invalid)?;
        if now.plus(LEEWAY) < issued_at {
            return Err(ResumeFault::Invalid);
        }
        if claims.grant_ends <= now {
            return Err(ResumeFault::GrantEnded);
        }
        if expires_at.plus(LEEWAY) < now { Err(ResumeFault::Expired) } else { Ok(claims) }
    }
}

/// Returns whether a text has the form of a resume token. Verifies nothing.
pub(crate) fn looks_like_one(text: &str) -> bool {
    decode(text).is_some()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    // The length is checked first, so that longer texts are not decoded.
    let bytes = (text.len() == TEXT_LENGTH).then(|| URL_SAFE_NO_PAD.decode(text).ok())??;
    (bytes.first() == Some(&VERSION)).then_some(bytes)
}

struct Token {
    claims: ResumeClaims,
    issued_at: Timestamp,
    expires_at: Timestamp,
}

fn read(payload: &[u8]) -> Option<Token> {
    let (&[VERSION], rest) = payload.split_first_chunk()? else { return None };
    let (user, rest) = rest.split_first_chunk()?;
    let (session, rest) = rest.split_first_chunk()?;
    let (connection, rest) = rest.split_first_chunk()?;
    let (issued_at, rest) = rest.split_first_chunk()?;
    let (expires_at, grant_ends) = rest.split_first_chunk()?;
    let claims = ResumeClaims {
        user: UserId(Uuid::from_bytes(*user)),
        session: SessionId(Uuid::from_bytes(*session)),
        connection: ConnectionId(Uuid::from_bytes(*connection)),
        grant_ends: Timestamp(i64::from_be_bytes(grant_ends.try_into().ok()?)),
    };
    let [issued_at, expires_at] = [issued_at, expires_at].map(|bytes| Timestamp(i64::from_be_bytes(*bytes)));
    Some(Token { claims, issued_at, expires_at })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::string_slice, reason = "the texts cut here are ASCII")]

    use super::*;
    use crate::secrets::{load_or_create_secret, test_secret};

    const NOW: Timestamp = Timestamp(1_767_323_045_678);

    fn tokens() -> ResumeTokens {
        ResumeTokens::new(&ResumeKey::derive(&test_secret()))
    }

    fn at(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    fn claims() -> ResumeClaims {
        ResumeClaims {
            user: UserId(Uuid::from_u128(1)),
            session: SessionId(Uuid::from_u128(2)),
            connection: ConnectionId(Uuid::from_u128(3)),
            grant_ends: at(900),
        }
    }

    #[test]
    fn a_token_resumes_its_socket_for_five_minutes() {
        let token = tokens().issue(&claims(), NOW);
        assert_eq!(token.len(), TEXT_LENGTH);
        assert_eq!(tokens().verify(&token, NOW), Ok(claims()));
        assert_eq!(tokens().verify(&token, at(305)), Ok(claims()));
        assert_eq!(tokens().verify(&token, at(306)), Err(ResumeFault::Expired));
        assert_eq!(tokens().verify(&token, NOW.minus(LEEWAY)), Ok(claims()));
        let early = NOW.minus(Duration::from_secs(6));
        assert_eq!(tokens().verify(&token, early), Err(ResumeFault::Invalid));
    }

    #[test]
    fn a_token_ends_with_its_grant() {
        let token = tokens().issue(&claims(), at(890));
        let last = Timestamp(claims().grant_ends.0 - 1);
        assert_eq!(tokens().verify(&token, last), Ok(claims()));
        for late in [900, 901, 1_200] {
            assert_eq!(tokens().verify(&token, at(late)), Err(ResumeFault::GrantEnded), "{late} s");
        }
        let after_the_grant = tokens().issue(&claims(), at(901));
        assert_eq!(tokens().verify(&after_the_grant, at(901)), Err(ResumeFault::GrantEnded));
    }

    #[test]
    fn resuming_again_and_again_does_not_move_the_end_of_the_grant() {
        let mut token = tokens().issue(&claims(), NOW);
        for minute in 1..15 {
            let resumed = tokens().verify(&token, at(60 * minute)).unwrap();
            assert_eq!(resumed.grant_ends, claims().grant_ends);
            token = tokens().issue(&resumed, at(60 * minute));
        }
        assert_eq!(tokens().verify(&token, at(900)), Err(ResumeFault::GrantEnded));
    }

    #[test]
    fn every_changed_bit_and_every_part_is_refused() {
        let token = tokens().issue(&claims(), NOW);
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for index in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[index] ^= 1 << bit;
                let changed = URL_SAFE_NO_PAD.encode(changed);
                let fault = tokens().verify(&changed, NOW).unwrap_err();
                let expected = match index {
                    0 => ResumeFault::WrongKind(CredentialKind::Unknown),
                    _ => ResumeFault::Invalid,
                };
                assert_eq!(fault, expected, "bit {bit} of {index}");
            }
        }
        for end in 0..token.len() {
            let fault = tokens().verify(&token[..end], NOW).unwrap_err();
            assert!(matches!(fault, ResumeFault::WrongKind(_)), "{end} characters: {fault}");
        }
    }

    #[test]
    fn other_tokens_are_refused_by_their_kind() {
        let ticket = "A".repeat(43);
        let padded = format!("{}=", tokens().issue(&claims(), NOW));
        for (wrong, kind) in [
            (String::new(), CredentialKind::Unknown),
            (ticket, CredentialKind::Ticket),
            ("A".repeat(TEXT_LENGTH), CredentialKind::Unknown),
            ("가".repeat(TEXT_LENGTH), CredentialKind::Unknown),
            (padded, CredentialKind::Unknown),
        ] {
            assert_eq!(tokens().verify(&wrong, NOW), Err(ResumeFault::WrongKind(kind)), "{wrong}");
        }
        let fault = ResumeFault::WrongKind(CredentialKind::AccessToken);
        assert_eq!(fault.to_string(), "this is an access token, not a resume token");
    }

    #[test]
    fn a_token_of_another_installation_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let other = load_or_create_secret(&directory.path().join("secret.hex")).unwrap();
        let foreign = ResumeTokens::new(&ResumeKey::derive(&other)).issue(&claims(), NOW);
        assert_eq!(tokens().verify(&foreign, NOW), Err(ResumeFault::Invalid));
    }
}
