//! E-mailed codes and sessions (rules ID2, ID7 and ID12).

mod log_in_failures;

use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::{CodeFlowId, SessionId, UserId};
use crate::problem::{Problem, ProblemCode};
use crate::text::is_hidden;
use crate::users::{EmailAddress, define_names};

pub use log_in_failures::{FAILURES_KEPT, LogInFailures};

define_names! {
    /// The purpose for which an e-mailed code proves an address. A code never logs anybody in.
    CodePurpose {
        /// Sign-up.
        SignUp = "signup",
        /// A new password for an account whose password is forgotten.
        PasswordReset = "password_reset",
        /// Another address for an account.
        EmailChange = "email_change",
    }
}

/// Lifetime of a code.
pub const CODE_LIFETIME: Duration = Duration::from_mins(10);
/// Number of attempts at a code, the right one included.
pub const CODE_ATTEMPTS: i32 = 5;
/// Minimum time between two mails with codes to the same mailbox.
pub const CODE_COOLDOWN: Duration = Duration::from_mins(1);
/// Largest number of mails with codes to one mailbox in a window.
pub const CODE_MAILS: u32 = 3;
/// Length of a window, which begins with the first mail.
pub const CODE_MAILS_WINDOW: Duration = Duration::from_hours(1);

/// Idle time after which a session expires.
pub const SESSION_IDLE: Duration = Duration::from_hours(30 * 24);
/// Longest lifetime of a session.
pub const SESSION_ABSOLUTE: Duration = Duration::from_hours(180 * 24);
/// Largest number of live sessions of a person. One more ends the oldest.
pub const SESSIONS_AT_MOST: usize = 10;
/// Lifetime of a realtime ticket.
pub const TICKET_LIFETIME: Duration = Duration::from_secs(30);

/// A stored request for a code, without the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeFlow {
    /// The id. Who does not know it cannot try the code.
    pub id: CodeFlowId,
    /// The address that the code proves.
    pub email: EmailAddress,
    /// The purpose.
    pub purpose: CodePurpose,
    /// When the code was requested.
    pub created_at: Timestamp,
    /// The number of attempts.
    pub attempts: i32,
    /// When it was used; `None` if it was not.
    pub used_at: Option<Timestamp>,
}

impl CodeFlow {
    /// Returns why no attempt may be made now; `None` if one may be made.
    pub fn refusal(&self, now: Timestamp) -> Option<Problem> {
        if self.used_at.is_some() || now >= self.created_at.plus(CODE_LIFETIME) {
            return Some(wrong_code(0));
        }
        (self.attempts >= CODE_ATTEMPTS).then(|| ProblemCode::CodeAttemptsExhausted.into())
    }
}

/// The mails with codes to one mailbox, as far as they are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeMailbox {
    /// When the window began.
    pub window_started_at: Timestamp,
    /// The number of mails in the window.
    pub mails: u32,
    /// When the last one was requested.
    pub requested_at: Timestamp,
}

impl CodeMailbox {
    /// Returns why no mail may be sent to it now, with the time to wait; `None` if one may be sent.
    pub fn refusal(&self, now: Timestamp) -> Option<Problem> {
        let refused = |code, wait: Duration, since| {
            let left = wait.saturating_sub(now.since(since));
            (!left.is_zero()).then(|| Problem::new(code).retry_after(left))
        };
        if self.mails >= CODE_MAILS {
            let full = refused(ProblemCode::RateLimited, CODE_MAILS_WINDOW, self.window_started_at);
            if full.is_some() {
                return full;
            }
        }
        refused(ProblemCode::CodeCooldown, CODE_COOLDOWN, self.requested_at)
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

    fn flow(age: Duration, attempts: i32, used_at: Option<Timestamp>) -> CodeFlow {
        CodeFlow {
            id: CodeFlowId(Uuid::nil()),
            email: EmailAddress::from_stored("mina@example.com".into()),
            purpose: CodePurpose::SignUp,
            created_at: NOW.minus(age),
            attempts,
            used_at,
        }
    }

    /// Rule ID2.
    #[test]
    fn a_code_is_valid_for_ten_minutes_and_five_attempts_and_works_once() {
        let second = Duration::from_secs(1);
        assert_eq!(flow(CODE_LIFETIME.saturating_sub(second), 4, None).refusal(NOW), None);
        for attempts in [0, 5] {
            assert_eq!(flow(CODE_LIFETIME, attempts, None).refusal(NOW), Some(wrong_code(0)));
            assert_eq!(flow(second, attempts, Some(NOW)).refusal(NOW), Some(wrong_code(0)));
        }
        let exhausted = Problem::new(ProblemCode::CodeAttemptsExhausted);
        assert_eq!(flow(second, 5, None).refusal(NOW), Some(exhausted));
    }

    /// Rule ID12.
    #[test]
    fn a_mailbox_gets_three_codes_in_a_window_and_one_a_minute() {
        let minute = Duration::from_mins(1);
        let mailbox = |began: u32, mails, last: u32| CodeMailbox {
            window_started_at: NOW.minus(minute * began),
            mails,
            requested_at: NOW.minus(minute * last),
        };
        let refused =
            |mailbox: CodeMailbox| mailbox.refusal(NOW).map(|problem| (problem.code, problem.retry_after));
        assert_eq!(refused(mailbox(2, 2, 1)), None);
        assert_eq!(refused(mailbox(2, 2, 0)), Some((ProblemCode::CodeCooldown, Some(minute))));
        assert_eq!(refused(mailbox(2, 3, 1)), Some((ProblemCode::RateLimited, Some(minute * 58))));
        assert_eq!(refused(mailbox(2, 3, 0)), Some((ProblemCode::RateLimited, Some(minute * 58))));
        assert_eq!(refused(mailbox(60, 3, 1)), None);
        assert_eq!(refused(mailbox(60, 3, 0)), Some((ProblemCode::CodeCooldown, Some(minute))));
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
