use domain::Problem;
use domain::ids::UserId;
use domain::text::{Fields, Text};
use domain::users::{About, Locale, Nickname, Relationship, User, UserCounts, UserSummary};
use operations::users::{ProfileChange, UserProfile};
use poem_openapi::{Enum, Object};

use crate::id::Id;
use crate::instant::Instant;
use crate::request_body::IntoInput;
use crate::text_field::TextField;

/// A person as shown beside their posts and comments.
#[derive(Object)]
#[oai(rename = "UserSummary")]
pub(crate) struct UserSummaryBody {
    /// Id of the person.
    id: Id<UserId>,
    /// Name that the person shows. It is not unique.
    nickname: String,
    /// `active` or `deleted`. Values may be added.
    state: String,
    /// `user`, `moderator` or `admin`. Values may be added.
    role: String,
}

impl From<UserSummary> for UserSummaryBody {
    fn from(user: UserSummary) -> Self {
        Self {
            id: user.id.into(),
            nickname: user.nickname,
            state: user.state.as_str().into(),
            role: user.role.as_str().into(),
        }
    }
}

/// The counters of a profile.
#[derive(Object)]
#[oai(rename = "UserCounts")]
pub(crate) struct UserCountsBody {
    /// Number of posts that are not deleted.
    posts: i64,
    /// Number of people who follow the person.
    followers: i64,
    /// Number of people whom the person follows.
    following: i64,
}

impl From<UserCounts> for UserCountsBody {
    fn from(counts: UserCounts) -> Self {
        Self { posts: counts.posts, followers: counts.followers, following: counts.following }
    }
}

/// The relation of the caller to a person.
#[derive(Object)]
#[oai(rename = "Relationship")]
pub(crate) struct RelationshipBody {
    /// Id of the person.
    user_id: Id<UserId>,
    /// Whether the caller follows the person.
    following: bool,
    /// Whether the person follows the caller.
    followed_by: bool,
}

impl From<Relationship> for RelationshipBody {
    fn from(relationship: Relationship) -> Self {
        Self {
            user_id: relationship.user_id.into(),
            following: relationship.following,
            followed_by: relationship.followed_by,
        }
    }
}

/// The public profile of a person.
#[derive(Object)]
#[oai(rename = "UserProfile")]
pub(crate) struct UserProfileBody {
    #[oai(flatten)]
    summary: UserSummaryBody,
    /// Text about the person. May be empty.
    about: String,
    /// Time of the sign-up.
    joined_at: Instant,
    /// Counters.
    counts: UserCountsBody,
    /// Relation of the caller to the person. Absent without an access token.
    #[oai(skip_serializing_if_is_none)]
    viewer: Option<RelationshipBody>,
}

impl From<UserProfile> for UserProfileBody {
    fn from(UserProfile { user, viewer }: UserProfile) -> Self {
        Self {
            summary: user.summary().into(),
            about: user.about.as_str().into(),
            joined_at: user.created_at.into(),
            counts: user.counts.into(),
            viewer: viewer.map(Into::into),
        }
    }
}

/// The account of the caller.
#[derive(Object)]
#[oai(rename = "Me")]
pub(crate) struct MeBody {
    #[oai(flatten)]
    summary: UserSummaryBody,
    /// Text about the person. May be empty.
    about: String,
    /// Time of the sign-up.
    joined_at: Instant,
    /// Counters.
    counts: UserCountsBody,
    /// E-mail address in lower case.
    email: String,
    /// Time at which the e-mail address was proved.
    email_verified_at: Instant,
    /// Language of mails and texts.
    locale: LocaleBody,
    /// Version for `If-Match`. An edit raises it.
    version: String,
}

impl From<User> for MeBody {
    fn from(user: User) -> Self {
        Self {
            summary: user.summary().into(),
            about: user.about.as_str().into(),
            joined_at: user.created_at.into(),
            counts: user.counts.into(),
            email: user.email.as_str().into(),
            email_verified_at: user.email_verified_at.into(),
            locale: user.locale.into(),
            version: user.version.to_string(),
        }
    }
}

/// A language of mails and texts: `ko` is Korean, `en` is English.
#[derive(Enum, Clone, Copy)]
#[oai(rename = "Locale", remote = "Locale")]
pub(crate) enum LocaleBody {
    /// Korean
    #[oai(rename = "ko")]
    Korean,
    /// English
    #[oai(rename = "en")]
    English,
}

/// Changes to the caller's account. Absent fields keep their values.
#[derive(Object)]
#[oai(rename = "UpdateMe")]
pub(crate) struct UpdateMeBody {
    /// Name that the person shows. One line.
    nickname: Option<TextField<Nickname>>,
    /// Text about the person. May be empty.
    about: Option<TextField<About>>,
    /// Language of mails and texts.
    locale: Option<LocaleBody>,
}

impl IntoInput for UpdateMeBody {
    type Input = ProfileChange;

    fn into_input(self) -> Result<ProfileChange, Problem> {
        let mut fields = Fields::default();
        let nickname = self.nickname.and_then(|field| fields.take(field.parse("/nickname")));
        let about = self.about.and_then(|field| fields.take(field.parse("/about")));
        fields.finish(Some(ProfileChange { nickname, about, locale: self.locale.map(Into::into) }))
    }
}
