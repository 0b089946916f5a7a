//! People, their profiles, and who follows whom.

mod email;
mod nickname;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::ids::UserId;
use crate::problem::{Problem, ProblemCode};
use crate::text::define_text;

pub use email::EmailAddress;
pub use nickname::random_nickname;

define_text! {
    /// The name a person shows. Not unique.
    Nickname: 1..=50, One;
    /// What a person says of themselves.
    About: 0..=500, Many;
}

macro_rules! define_names {
    ($($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
        pub enum $name {
            $($(#[$value_doc])* #[serde(rename = $text)] $value,)+
        }

        impl $name {
            /// Every value, by its name on the wire and in the store.
            pub const NAMES: &[&str] = &[$($text,)+];

            /// Returns its name on the wire and in the store.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text,)+ }
            }

            /// Returns the value of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$value),)+ _ => None }
            }
        }
    )+};
}
pub(crate) use define_names;

define_names! {
    /// What a person may do beyond their own things.
    Role {
        /// What everybody may.
        User = "user",
        /// Looks after content.
        Moderator = "moderator",
        /// Looks after people and settings too.
        Admin = "admin",
    }
    /// Whether an account is in use.
    UserState {
        /// In use.
        Active = "active",
        /// Given up; shown as a placeholder.
        Deleted = "deleted",
    }
    /// A language of texts that people read.
    Locale {
        /// Korean, the default.
        Korean = "ko",
        /// English.
        English = "en",
    }
}

/// What everybody sees of a person next to their things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserSummary {
    /// Who it is.
    pub id: UserId,
    /// The name they show.
    pub nickname: String,
    /// Whether the account is in use.
    pub state: UserState,
    /// What they may do.
    pub role: Role,
}

/// How many things a profile counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UserCounts {
    /// Live posts.
    pub posts: i64,
    /// People who follow them.
    pub followers: i64,
    /// People they follow.
    pub following: i64,
}

/// An account as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Who it is.
    pub id: UserId,
    /// The proven address: the account's unique name. Shown to its owner alone.
    pub email: EmailAddress,
    /// When the address was proven.
    pub email_verified_at: Timestamp,
    /// The name they show.
    pub nickname: Nickname,
    /// What they say of themselves.
    pub about: About,
    /// The language they are written to.
    pub locale: Locale,
    /// What they may do.
    pub role: Role,
    /// Whether the account is in use.
    pub state: UserState,
    /// The counters of the profile.
    pub counts: UserCounts,
    /// Rises with every edit of the profile.
    pub version: i64,
    /// When they signed up.
    pub created_at: Timestamp,
}

impl User {
    /// Returns what everybody sees of them.
    pub fn summary(&self) -> UserSummary {
        let nickname = crate::text::Text::as_str(&self.nickname).to_owned();
        UserSummary { id: self.id, nickname, state: self.state, role: self.role }
    }
}

/// How two people stand to each other, as the first sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relationship {
    /// The other one.
    pub user_id: UserId,
    /// Whether the first follows the other.
    pub following: bool,
    /// Whether the other follows the first.
    pub followed_by: bool,
}

/// Decides whether `follower` may follow a person in that state (rules PF2, PF3).
pub fn may_follow(follower: UserId, person: UserId, state: UserState) -> Result<(), Problem> {
    if follower == person {
        return Err(ProblemCode::SelfFollow.into());
    }
    match state {
        UserState::Active => Ok(()),
        UserState::Deleted => Err(ProblemCode::NotFound.into()),
    }
}

/// Decides whether an edit meant for version `expected` may change version `current` (RFC 9110 section 13.1.1).
pub fn may_change_version(current: i64, expected: Option<i64>) -> Result<(), Problem> {
    match expected {
        Some(expected) if expected != current => {
            Err(Problem::new(ProblemCode::VersionMismatch).with("current_version", current.to_string()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// Rules PF2, PF3.
    #[test]
    fn nobody_follows_themselves_or_a_deleted_account() {
        let (mina, jun) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        assert_eq!(may_follow(mina, jun, UserState::Active), Ok(()));
        assert_eq!(may_follow(mina, mina, UserState::Active), Err(ProblemCode::SelfFollow.into()));
        assert_eq!(may_follow(mina, jun, UserState::Deleted), Err(ProblemCode::NotFound.into()));
    }

    #[test]
    fn an_edit_meant_for_another_version_is_refused() {
        assert_eq!(may_change_version(3, None), Ok(()));
        assert_eq!(may_change_version(3, Some(3)), Ok(()));
        let refused = may_change_version(3, Some(2)).unwrap_err();
        assert_eq!(refused.code, ProblemCode::VersionMismatch);
        assert_eq!(refused.params.get("current_version"), Some(&"3".into()));
    }

    #[test]
    fn names_read_back() {
        for name in Role::NAMES {
            assert_eq!(Role::from_name(name).map(Role::as_str), Some(*name));
        }
        assert_eq!(Locale::from_name("fr"), None);
    }
}
