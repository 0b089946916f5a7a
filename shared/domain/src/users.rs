//! People, their profiles, and follows.

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
    /// The text about a person on the profile.
    About: 0..=500, Many;
}

macro_rules! define_names {
    ($($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum $name {
            $($(#[$value_doc])* #[serde(rename = $text)] $value,)+
        }

        impl $name {
            /// The names of all values, on the wire and in the store.
            pub const NAMES: &[&str] = &[$($text,)+];

            /// Returns the name on the wire and in the store.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text,)+ }
            }

            /// Returns the value with this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$value),)+ _ => None }
            }
        }
    )+};
}
pub(crate) use define_names;

define_names! {
    /// Rights of a person.
    Role {
        /// Ordinary rights.
        User = "user",
        /// May also moderate content.
        Moderator = "moderator",
        /// May also manage people and settings.
        Admin = "admin",
    }
    /// The state of an account.
    UserState {
        /// The account is in use.
        Active = "active",
        /// The account was deleted. Clients show a placeholder.
        Deleted = "deleted",
    }
    /// The language of the texts that a person receives.
    Locale {
        /// Korean, the default.
        Korean = "ko",
        /// English.
        English = "en",
    }
}

/// A person, as shown beside posts, comments and notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserSummary {
    /// Id of the person.
    pub id: UserId,
    /// Nickname. Not unique.
    pub nickname: String,
    /// The state of the account.
    pub state: UserState,
    /// Rights of the person.
    pub role: Role,
}

/// The counters of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UserCounts {
    /// Posts that are not deleted.
    pub posts: i64,
    /// People who follow this person.
    pub followers: i64,
    /// People whom this person follows.
    pub following: i64,
}

/// A stored account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The proven address, unique among accounts. Shown only to its owner.
    pub email: EmailAddress,
    /// When the address was proven.
    pub email_verified_at: Timestamp,
    /// The nickname.
    pub nickname: Nickname,
    /// The text about the person.
    pub about: About,
    /// The language of mails and problems.
    pub locale: Locale,
    /// The role.
    pub role: Role,
    /// The state of the account.
    pub state: UserState,
    /// The counters of the profile.
    pub counts: UserCounts,
    /// Incremented by every edit of the profile.
    pub version: i64,
    /// When the person signed up.
    pub created_at: Timestamp,
}

impl User {
    /// Returns the public summary.
    pub fn summary(&self) -> UserSummary {
        let nickname = crate::text::Text::as_str(&self.nickname).to_owned();
        UserSummary { id: self.id, nickname, state: self.state, role: self.role }
    }
}

/// The follows between two people, from the first person's point of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relationship {
    /// The other person.
    pub user_id: UserId,
    /// Whether the first person follows the other.
    pub following: bool,
    /// Whether the other person follows the first.
    pub followed_by: bool,
}

/// Checks that `follower` may follow `person`, whose account is in `state` (rules PF2, PF3).
pub fn may_follow(follower: UserId, person: UserId, state: UserState) -> Result<(), Problem> {
    if follower == person {
        return Err(ProblemCode::SelfFollow.into());
    }
    match state {
        UserState::Active => Ok(()),
        UserState::Deleted => Err(ProblemCode::NotFound.into()),
    }
}

/// Checks that an edit meant for version `expected` may change version `current` (rule AP9; RFC 9110, section
/// 13.1.1).
pub fn may_change_version(current: i64, expected: impl Into<ExpectedVersions>) -> Result<(), Problem> {
    if expected.into().contains(current) {
        return Ok(());
    }
    Err(Problem::new(ProblemCode::VersionMismatch).with("current_version", current.to_string()))
}

/// The versions of a thing that an edit may change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ExpectedVersions {
    /// Every version.
    #[default]
    Any,
    /// One of these versions. An empty list matches none.
    OneOf(Vec<i64>),
}

impl ExpectedVersions {
    fn contains(&self, version: i64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}

impl From<Option<i64>> for ExpectedVersions {
    fn from(version: Option<i64>) -> Self {
        version.map_or(Self::Any, |version| Self::OneOf(vec![version]))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// Rules PF2, PF3.
    #[test]
    fn following_oneself_or_a_deleted_account_is_refused() {
        let (mina, jun) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        assert_eq!(may_follow(mina, jun, UserState::Active), Ok(()));
        assert_eq!(may_follow(mina, mina, UserState::Active), Err(ProblemCode::SelfFollow.into()));
        assert_eq!(may_follow(mina, jun, UserState::Deleted), Err(ProblemCode::NotFound.into()));
    }

    #[test]
    fn an_edit_meant_for_another_version_is_refused() {
        assert_eq!(may_change_version(3, None), Ok(()));
        assert_eq!(may_change_version(3, Some(3)), Ok(()));
        assert_eq!(may_change_version(3, ExpectedVersions::OneOf(vec![2, 3])), Ok(()));
        may_change_version(3, ExpectedVersions::OneOf(Vec::new())).unwrap_err();
        let refused = may_change_version(3, Some(2)).unwrap_err();
        assert_eq!(refused.code, ProblemCode::VersionMismatch);
        assert_eq!(refused.params.get("current_version"), Some(&"3".into()));
    }

    #[test]
    fn every_name_parses_to_its_value() {
        for name in Role::NAMES {
            assert_eq!(Role::from_name(name).map(Role::as_str), Some(*name));
        }
        assert_eq!(Locale::from_name("fr"), None);
    }
}
