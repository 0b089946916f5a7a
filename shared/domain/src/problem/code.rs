use super::ProblemKind;

macro_rules! catalogue {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $kind:ident, $title:literal;)+) => {
        /// The catalogue of problems. Codes are public: they are never renamed and never reused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProblemCode {
            $($(#[$doc])* #[doc = $title] $name,)+
        }

        impl ProblemCode {
            /// All codes in the order of the catalogue.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns the name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// Returns the class.
            pub fn kind(self) -> ProblemKind {
                match self { $(Self::$name => ProblemKind::$kind,)+ }
            }

            /// Returns the fixed English title.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }
        }
    };
}

catalogue! {
    MalformedRequest = "malformed_request", Malformed, "The request cannot be read";
    UnknownParameter = "unknown_parameter", Malformed, "Unknown query parameter";
    InvalidCursor = "invalid_cursor", Malformed, "The cursor is not valid here";
    IdempotencyKeyInvalid = "idempotency_key_invalid", Malformed, "The idempotency key cannot be read";
    RequestTimeout = "request_timeout", TooSlow, "The request did not arrive in time";
    HeadersTooLarge = "headers_too_large", HeadersTooLarge, "The headers are too large";
    Unauthenticated = "unauthenticated", Unauthenticated, "Log in first";
    TokenExpired = "token_expired", Unauthenticated, "The access token has expired";
    SessionRevoked = "session_revoked", Unauthenticated, "The session has ended";
    InvalidCredentials = "invalid_credentials", Unauthenticated, "The e-mail address or the password is wrong";
    RefreshTokenInvalid = "refresh_token_invalid", Unauthenticated, "The refresh token is not valid";
    RefreshTokenReused = "refresh_token_reused", Unauthenticated, "The refresh token was used before";
    Forbidden = "forbidden", Forbidden, "Not allowed";
    NotAuthor = "not_author", Forbidden, "Only the author may do this";
    InteractionUnavailable = "interaction_unavailable", Forbidden, "This interaction is not available";
    NotFound = "not_found", NotFound, "Not found";
    MethodNotAllowed = "method_not_allowed", NotAllowed, "The method is not offered here";
    NotAcceptable = "not_acceptable", NotAcceptable, "The answer would be JSON";
    EmailTaken = "email_taken", Conflict, "The e-mail address has an account";
    IdempotencyInProgress = "idempotency_in_progress", Conflict, "The first attempt has not ended";
    VersionMismatch = "version_mismatch", PreconditionFailed, "The resource was changed in the meantime";
    RestoreWindowPassed = "restore_window_passed", Gone, "It was deleted too long ago to be restored";
    PayloadTooLarge = "payload_too_large", TooLarge, "The body is too large";
    UnsupportedMediaType = "unsupported_media_type", Unsupported, "The media type is not supported";
    ValidationFailed = "validation_failed", Invalid, "Validation failed";
    CodeInvalid = "code_invalid", Invalid, "The code is wrong or has expired";
    PasswordWeak = "password_weak", Invalid, "The password is too easy to guess";
    PasswordUnchanged = "password_unchanged", Invalid, "The new password is the present one";
    SelfFollow = "self_follow", Invalid, "A person cannot follow themselves";
    ParentMismatch = "parent_mismatch", Invalid, "The parent is not a comment of this post";
    IdempotencyKeyReused = "idempotency_key_reused", Invalid, "The idempotency key belongs to another request";
    RateLimited = "rate_limited", TooMany, "Too many requests";
    CodeCooldown = "code_cooldown", TooMany, "A code was sent a moment ago";
    CodeAttemptsExhausted = "code_attempts_exhausted", TooMany, "Too many wrong codes";
    Internal = "internal", Internal, "Internal error";
    Unavailable = "unavailable", Unavailable, "Not available at the moment";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_snake_case() {
        let names: std::collections::BTreeSet<_> =
            ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), ProblemCode::ALL.len());
        for name in names {
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
        }
    }
}
