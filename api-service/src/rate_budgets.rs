//! The budgets of requests: how many requests a person, or an anonymous network, may send in a minute.

use std::num::NonZeroU32;
use std::time::Duration;

use ephemeral::RateLimit;
use platform::config::{Environment, Faulty};

use crate::contract::{Counting, Operation};

/// The time in which each budget is available again as a whole.
pub(crate) const WINDOW: Duration = Duration::from_mins(1);

/// The kind of a budget. Each request is counted against one budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// Reads of a logged-in person.
    User,
    /// Requests without a valid access token, counted by network.
    Anonymous,
    /// Changes of a logged-in person.
    Write,
    /// Likes and follows of a logged-in person, and their withdrawal.
    Reaction,
    /// Sign-up, log-in and refresh, of one network.
    Auth,
}

impl Budget {
    /// Every budget.
    pub const ALL: [Self; 5] = [Self::User, Self::Anonymous, Self::Write, Self::Reaction, Self::Auth];

    /// Returns the budget that a request of an operation is counted against.
    pub(crate) fn of(operation: &Operation, is_read: bool, is_person: bool) -> Self {
        match (operation.counting, is_read, is_person) {
            (_, false, _) if operation.access.is_public() => Self::Auth,
            (_, _, false) => Self::Anonymous,
            (Counting::Reaction, _, true) => Self::Reaction,
            (_, false, true) => Self::Write,
            (_, true, true) => Self::User,
        }
    }

    /// Returns who has a budget of this kind.
    pub(crate) fn counted_by(self) -> &'static str {
        match self {
            Self::User | Self::Write | Self::Reaction => "person",
            Self::Anonymous | Self::Auth => "network",
        }
    }

    /// Returns the name of the budget, as it stands in the header fields `RateLimit` and `RateLimit-Policy`.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Anonymous => "anonymous",
            Self::Write => "write",
            Self::Reaction => "reaction",
            Self::Auth => "auth",
        }
    }
}

/// The sizes of the budgets: requests in one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateBudgets {
    user: u32,
    anonymous: u32,
    write: u32,
    reaction: u32,
    auth: u32,
}

impl Default for RateBudgets {
    fn default() -> Self {
        Self { user: 600, anonymous: 120, write: 60, reaction: 120, auth: 300 }
    }
}

impl RateBudgets {
    /// Returns budgets of one size, for tests that are about something else.
    pub fn all_of(size: u32) -> Self {
        Self { user: size, anonymous: size, write: size, reaction: size, auth: size }
    }

    /// Reads the sizes.
    pub fn from_environment(environment: &mut Environment) -> Result<Self, Faulty> {
        let mut size = |name, default, doc| {
            environment.or_default::<NonZeroU32>(name, default, doc).map(NonZeroU32::get)
        };
        let user = size("ORGO_RATE_USER", "600", "Reads of one person in a minute");
        let anonymous = size(
            "ORGO_RATE_ANONYMOUS",
            "120",
            "Requests without a valid access token of one network in a minute",
        );
        let write =
            size("ORGO_RATE_WRITE", "60", "Changes of one person in a minute, without likes and follows");
        let reaction = size("ORGO_RATE_REACTION", "120", "Likes and follows of one person in a minute");
        let auth =
            size("ORGO_RATE_AUTH", "300", "Sign-ups, log-ins and refreshes of one network in a minute");
        Ok(Self { user: user?, anonymous: anonymous?, write: write?, reaction: reaction?, auth: auth? })
    }

    /// Returns the rate limit of a budget.
    pub fn limit(&self, budget: Budget) -> RateLimit {
        let quota = match budget {
            Budget::User => self.user,
            Budget::Anonymous => self.anonymous,
            Budget::Write => self.write,
            Budget::Reaction => self.reaction,
            Budget::Auth => self.auth,
        };
        RateLimit { name: budget.name(), quota, per: WINDOW }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_of_the_settings_are_the_default_sizes() {
        let mut environment = Environment::from_pairs::<String, String>([]);
        assert_eq!(RateBudgets::from_environment(&mut environment).ok(), Some(RateBudgets::default()));
        let mut environment = Environment::from_pairs([
            ("ORGO_RATE_USER", "0"),
            ("ORGO_RATE_WRITE", "many"),
            ("ORGO_RATE_AUTH", "7"),
        ]);
        assert!(RateBudgets::from_environment(&mut environment).is_err());
        assert_eq!(environment.finish().unwrap_err().to_string().lines().count(), 2);
    }
}
