//! What a socket shows to be let in again without a ticket, within five minutes of its last one.
//!
//! base64url without padding of version (1 byte), user (16), session (16), connection (16), issued at (8), expires at
//! (8, both milliseconds, big-endian), MAC (32). Verified by computation alone, so that ten thousand sockets that come
//! back at once ask no database. The gateway still refuses sessions it knows to have ended.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use domain::ids::{ConnectionId, SessionId, UserId};
use uuid::Uuid;

use crate::access_tokens::TokenFault;
use crate::secrets::{DerivedKey, MasterSecret, are_equal};

/// How long a token is good for.
pub const LIFETIME: Duration = Duration::from_mins(5);

/// How far the clocks of two gateways may stand apart.
const LEEWAY: Duration = Duration::from_secs(5);
const VERSION: u8 = 1;
/// How many characters 97 bytes take.
const TEXT_LENGTH: usize = 130;

/// What a token says of the socket it was given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResumeClaims {
    /// Whose socket.
    pub user: UserId,
    /// The session it was opened in.
    pub session: SessionId,
    /// The socket itself, which the next one takes the place of.
    pub connection: ConnectionId,
}

/// Issues and verifies resume tokens.
#[derive(Clone)]
pub struct ResumeTokens {
    key: DerivedKey,
}

impl ResumeTokens {
    /// Returns tokens under a key derived from `secret`: the same in every gateway.
    pub fn new(secret: &MasterSecret) -> Self {
        Self { key: secret.derive("resume token v1") }
    }

    /// Issues a token good from `now` for [`LIFETIME`].
    pub fn issue(&self, claims: &ResumeClaims, now: Timestamp) -> String {
        let mut bytes = vec![VERSION];
        for id in [claims.user.0, claims.session.0, claims.connection.0] {
            bytes.extend(id.as_bytes());
        }
        bytes.extend(now.0.to_be_bytes());
        bytes.extend(now.plus(LIFETIME).0.to_be_bytes());
        let mac = self.key.mac(&[&bytes]);
        bytes.extend(mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Returns what the token says, if it is one of ours and good at `now`, give or take five seconds.
    pub fn verify(&self, text: &str, now: Timestamp) -> Result<ResumeClaims, TokenFault> {
        if text.len() != TEXT_LENGTH {
            return Err(TokenFault::Invalid);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_not_base64| TokenFault::Invalid)?;
        let (payload, mac) = bytes.split_last_chunk::<32>().ok_or(TokenFault::Invalid)?;
        if !are_equal(mac, &self.key.mac(&[payload])) {
            return Err(TokenFault::Invalid);
        }
        let (claims, issued_at, expires_at) = read(payload).ok_or(TokenFault::Invalid)?;
        if now.plus(LEEWAY) < issued_at {
            return Err(TokenFault::Invalid);
        }
        if expires_at.plus(LEEWAY) < now { Err(TokenFault::Expired) } else { Ok(claims) }
    }
}

fn read(payload: &[u8]) -> Option<(ResumeClaims, Timestamp, Timestamp)> {
    let (&[VERSION], rest) = payload.split_first_chunk()? else { return None };
    let (user, rest) = rest.split_first_chunk()?;
    let (session, rest) = rest.split_first_chunk()?;
    let (connection, rest) = rest.split_first_chunk()?;
    let (issued_at, expires_at) = rest.split_first_chunk()?;
    let claims = ResumeClaims {
        user: UserId(Uuid::from_bytes(*user)),
        session: SessionId(Uuid::from_bytes(*session)),
        connection: ConnectionId(Uuid::from_bytes(*connection)),
    };
    let expires_at = i64::from_be_bytes(expires_at.try_into().ok()?);
    Some((claims, Timestamp(i64::from_be_bytes(*issued_at)), Timestamp(expires_at)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::string_slice, reason = "the texts cut here are ASCII")]

    use super::*;
    use crate::secrets::test_secret;

    const NOW: Timestamp = Timestamp(1_767_323_045_678);

    fn tokens() -> ResumeTokens {
        ResumeTokens::new(&test_secret())
    }

    fn claims() -> ResumeClaims {
        ResumeClaims {
            user: UserId(Uuid::from_u128(1)),
            session: SessionId(Uuid::from_u128(2)),
            connection: ConnectionId(Uuid::from_u128(3)),
        }
    }

    #[test]
    fn a_token_lets_its_socket_in_again_for_five_minutes() {
        let token = tokens().issue(&claims(), NOW);
        assert_eq!(token.len(), TEXT_LENGTH);
        let at = |seconds| NOW.plus(Duration::from_secs(seconds));
        assert_eq!(tokens().verify(&token, NOW), Ok(claims()));
        assert_eq!(tokens().verify(&token, at(305)), Ok(claims()));
        assert_eq!(tokens().verify(&token, at(306)), Err(TokenFault::Expired));
        assert_eq!(tokens().verify(&token, NOW.minus(LEEWAY)), Ok(claims()));
        let early = NOW.minus(Duration::from_secs(6));
        assert_eq!(tokens().verify(&token, early), Err(TokenFault::Invalid));
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
                assert_eq!(tokens().verify(&changed, NOW), Err(TokenFault::Invalid), "bit {bit} of {index}");
            }
        }
        for end in 0..token.len() {
            assert_eq!(tokens().verify(&token[..end], NOW), Err(TokenFault::Invalid), "{end} characters");
        }
        // 97 bytes leave four bits of the last character idle; they must be zero.
        let last = token.chars().last().unwrap();
        for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars() {
            let changed = format!("{}{other}", &token[..token.len() - 1]);
            assert_eq!(tokens().verify(&changed, NOW).is_ok(), other == last, "{changed}");
        }
    }

    #[test]
    fn other_tokens_are_refused() {
        let cursor_key = ResumeTokens { key: test_secret().derive("cursor v1") };
        for wrong in [
            String::new(),
            "A".repeat(TEXT_LENGTH),
            "가".repeat(TEXT_LENGTH),
            cursor_key.issue(&claims(), NOW),
            format!("{}=", tokens().issue(&claims(), NOW)),
        ] {
            assert_eq!(tokens().verify(&wrong, NOW), Err(TokenFault::Invalid), "{wrong}");
        }
    }
}
