//! E-mailed codes and sessions (rules ID2 and ID7).

use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::{SessionId, UserId};
use crate::problem::{Problem, ProblemCode};
use crate::text::is_hidden;
use crate::users::define_names;

define_names! {
    /// The purpose for which an e-mailed code proves an address. A code never logs anybody in.
    CodePurpose {
        /// Sign-up.
        SignUp = "signup",
    }
}

/// Lifetime of a code.
pub const CODE_LIFETIME: Duration = Duration::from_mins(10);
/// Minimum time between two codes to the same address.
pub const CODE_COOLDOWN: Duration = Duration::from_mins(1);
/// Number of wrong attempts after which a code is invalid.
pub const CODE_ATTEMPTS: i32 = 5;

/// Idle time after which a session expires.
pub const SESSION_IDLE: Duration = Duration::from_hours(30 * 24);
/// Longest lifetime of a session.
pub const SESSION_ABSOLUTE: Duration = Duration::from_hours(180 * 24);
/// Largest number of live sessions of a person. One more ends the oldest.
pub const SESSIONS_AT_MOST: usize = 10;
/// Lifetime of a realtime ticket.
pub const TICKET_LIFETIME: Duration = Duration::from_secs(30);

/// The stored state of a code, without the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailCode {
    /// When it was sent.
    pub created_at: Timestamp,
    /// The number of wrong attempts.
    pub attempts: i32,
    /// When it was used; `None` if it was not.
    pub used_at: Option<Timestamp>,
}

impl EmailCode {
    /// Checks that another code may be sent now.
    pub fn may_be_replaced(&self, now: Timestamp) -> Result<(), Problem> {
        let waited = now.since(self.created_at);
        match CODE_COOLDOWN.checked_sub(waited) {
            Some(left) if !left.is_zero() => Err(Problem::new(ProblemCode::CodeCooldown).retry_after(left)),
            _ => Ok(()),
        }
    }

    /// Checks that an attempt may be made now.
    pub fn may_be_tried(&self, now: Timestamp) -> Result<(), Problem> {
        if self.attempts >= CODE_ATTEMPTS {
            return Err(ProblemCode::CodeAttemptsExhausted.into());
        }
        if self.used_at.is_some() || now >= self.created_at.plus(CODE_LIFETIME) {
            return Err(wrong_code(0));
        }
        Ok(())
    }
}

/// Creates the problem of a wrong, used or expired code. It does not show which of these it is.
pub fn wrong_code(attempts_left: i32) -> Problem {
    Problem::new(ProblemCode::CodeInvalid).with("attempts_left", attempts_left.max(0))
}

/// Longest description of a client, in characters.
const CLIENT_AT_MOST: usize = 200;

/// The program and the network that a log-in comes from, as the owner of the account sees them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientOrigin {
    /// The program, as it describes itself. Empty if it does not.
    pub client: String,
    /// The network of its address: the /24 of an IPv4 address, the /64 of an IPv6 address.
    pub ip_prefix: String,
}

impl ClientOrigin {
    /// Creates it from the header `User-Agent`, which may hold anything, and the network.
    pub fn new(user_agent: &str, ip_prefix: String) -> Self {
        let shown = |c: &char| !is_hidden(*c);
        let words = user_agent.split_whitespace().map(|word| word.chars().filter(shown).collect::<String>());
        let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
        Self { client: words.join(" ").chars().take(CLIENT_AT_MOST).collect(), ip_prefix }
    }
}

/// A stored session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The id.
    pub id: SessionId,
    /// The person who logged in.
    pub user_id: UserId,
    /// The number of rotations of its refresh token.
    pub generation: i64,
    /// When the refresh token was last rotated, or the session began: its last use, as far as it is recorded.
    pub rotated_at: Timestamp,
    /// When the session began.
    pub created_at: Timestamp,
    /// When the session was ended; `None` if it was not.
    pub revoked_at: Option<Timestamp>,
}

impl Session {
    /// Returns whether the session is live: not ended, used within [`SESSION_IDLE`], younger than [`SESSION_ABSOLUTE`].
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at()
    }

    /// Returns when it expires unless it is used again.
    pub fn expires_at(&self) -> Timestamp {
        self.rotated_at.plus(SESSION_IDLE).min(self.created_at.plus(SESSION_ABSOLUTE))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000_000);

    fn code(age: Duration, attempts: i32, used_at: Option<Timestamp>) -> EmailCode {
        EmailCode { created_at: NOW.minus(age), attempts, used_at }
    }

    /// Rule ID2.
    #[test]
    fn a_code_is_valid_for_ten_minutes_and_five_wrong_attempts_and_works_once() {
        let second = Duration::from_secs(1);
        assert_eq!(code(CODE_LIFETIME.saturating_sub(second), 4, None).may_be_tried(NOW), Ok(()));
        assert_eq!(code(CODE_LIFETIME, 0, None).may_be_tried(NOW), Err(wrong_code(0)));
        assert_eq!(code(second, 0, Some(NOW)).may_be_tried(NOW), Err(wrong_code(0)));
        assert_eq!(
            code(second, 5, None).may_be_tried(NOW),
            Err(Problem::new(ProblemCode::CodeAttemptsExhausted))
        );
    }

    #[test]
    fn a_second_code_within_a_minute_is_refused_with_the_remaining_time() {
        let early = code(Duration::from_secs(20), 0, None).may_be_replaced(NOW).unwrap_err();
        assert_eq!(early.code, ProblemCode::CodeCooldown);
        assert_eq!(early.retry_after, Some(Duration::from_secs(40)));
        assert_eq!(code(CODE_COOLDOWN, 0, None).may_be_replaced(NOW), Ok(()));
    }

    #[test]
    fn the_description_of_a_client_is_one_line_of_visible_characters() {
        let described = |text: &str| ClientOrigin::new(text, String::new()).client;
        assert_eq!(described(" Mozilla/5.0  (X11;\tLinux) "), "Mozilla/5.0 (X11; Linux)");
        assert_eq!(described("a\u{0}b\r\nc \u{202e}d \u{200b}"), "ab c d");
        assert_eq!(described(""), "");
        assert_eq!(described(&"가".repeat(1000)), "가".repeat(200));
    }

    #[test]
    fn a_session_ends_when_idle_too_long_too_old_or_revoked() {
        let day = Duration::from_hours(24);
        let session = Session {
            id: SessionId(Uuid::nil()),
            user_id: UserId(Uuid::nil()),
            generation: 0,
            rotated_at: NOW,
            created_at: NOW,
            revoked_at: None,
        };
        assert!(session.is_live(NOW.plus(day * 29)));
        assert!(!session.is_live(NOW.plus(day * 30)));
        let kept = Session { rotated_at: NOW.plus(day * 170), ..session.clone() };
        assert!(kept.is_live(NOW.plus(day * 179)));
        assert!(!kept.is_live(NOW.plus(day * 180)));
        let revoked = Session { revoked_at: Some(NOW), ..session };
        assert!(!revoked.is_live(NOW));
    }
}
