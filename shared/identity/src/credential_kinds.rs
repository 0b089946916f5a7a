//! Recognises the kind of a credential from its form, so that an error message can name the mistake.

use std::fmt;

use crate::access_tokens;
use crate::refresh_tokens::PresentedToken;
use crate::resume_tokens;
use crate::tickets::Ticket;

/// The kind of a credential, by its form only: nothing is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// An access token: a JSON Web Token with the type `at+jwt`.
    AccessToken,
    /// A refresh token.
    RefreshToken,
    /// A ticket for one socket.
    Ticket,
    /// A token that resumes a socket.
    ResumeToken,
    /// Not a credential of OrGo.
    Unknown,
}

impl CredentialKind {
    /// Returns the kind whose form `text` has. Constant cost: long texts are not decoded.
    pub fn of(text: &str) -> Self {
        if access_tokens::looks_like_one(text) {
            Self::AccessToken
        } else if PresentedToken::parse(text).is_ok() {
            Self::RefreshToken
        } else if Ticket::parse(text).is_ok() {
            Self::Ticket
        } else if resume_tokens::looks_like_one(text) {
            Self::ResumeToken
        } else {
            Self::Unknown
        }
    }

    /// Returns the name with its article, for a sentence such as "This is an access token, not a ticket".
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "an access token",
            Self::RefreshToken => "a refresh token",
            Self::Ticket => "a ticket",
            Self::ResumeToken => "a resume token",
            Self::Unknown => "an unknown credential",
        }
    }
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::Timestamp;
    use domain::ids::{ConnectionId, SessionId, UserId};
    use domain::users::Role;
    use uuid::Uuid;

    use super::*;
    use crate::access_tokens::{AccessClaims, AccessTokens};
    use crate::random::OsRandom;
    use crate::refresh_tokens::RefreshTokens;
    use crate::resume_keys::ResumeKey;
    use crate::resume_tokens::{ResumeClaims, ResumeTokens};
    use crate::secrets::test_secret;
    use crate::signing_keys::{SigningKey, SigningKeys};

    const NOW: Timestamp = Timestamp(1_767_323_045_678);
    const USER: UserId = UserId(Uuid::from_u128(1));
    const SESSION: SessionId = SessionId(Uuid::from_u128(2));

    fn access_token() -> String {
        let keys = SigningKeys::new(SigningKey::generate().unwrap());
        let tokens = AccessTokens::new(keys, "https://api.example.com", "orgo-api", Arc::new(OsRandom));
        let claims = AccessClaims { user: USER, session: SESSION, role: Role::User, authenticated_at: NOW };
        tokens.issue(&claims, NOW).unwrap().token
    }

    fn resume_token() -> String {
        let connection = ConnectionId(Uuid::from_u128(3));
        let claims = ResumeClaims { user: USER, session: SESSION, connection, grant_ends: NOW };
        ResumeTokens::new(&ResumeKey::derive(&test_secret())).issue(&claims, NOW)
    }

    #[test]
    fn every_credential_is_recognised_whether_it_is_valid_or_not() {
        for (text, kind) in [
            (access_token(), CredentialKind::AccessToken),
            (RefreshTokens::new(&test_secret()).issue(SESSION, 4, &[9; 16]), CredentialKind::RefreshToken),
            (Ticket::generate(&OsRandom).expose().to_owned(), CredentialKind::Ticket),
            (resume_token(), CredentialKind::ResumeToken),
        ] {
            assert_eq!(CredentialKind::of(&text), kind, "{text}");
            assert_eq!(CredentialKind::of(&format!(" {text}")), CredentialKind::Unknown, "{text}");
        }
    }

    #[test]
    fn other_texts_have_no_kind() {
        let not_ours = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln";
        for text in ["", "012345", "a.b.c", "가나다", not_ours, &"A".repeat(1 << 20), &"A.".repeat(1 << 20)]
        {
            assert_eq!(CredentialKind::of(text), CredentialKind::Unknown, "{text:.40}");
        }
    }
}
