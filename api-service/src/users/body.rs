use domain::Problem;
use domain::text::{Fields, Text};
use domain::users::{About, Locale, Nickname, Relationship, User, UserSummary};
use operations::users::{ProfileChange, UserProfile};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::instant::Instant;
use crate::text_field::TextField;

/// What everybody sees of a person next to their things
#[derive(Object)]
#[oai(rename = "UserSummary")]
pub(crate) struct UserSummaryBody {
    id: Uuid,
    nickname: String,
    /// active or deleted; more may come
    state: String,
    /// user, moderator or admin; more may come
    role: String,
}

impl From<UserSummary> for UserSummaryBody {
    fn from(user: UserSummary) -> Self {
        Self {
            id: user.id.0,
            nickname: user.nickname,
            state: user.state.as_str().into(),
            role: user.role.as_str().into(),
        }
    }
}

/// The counters of a profile
#[derive(Object)]
#[oai(rename = "UserCounts")]
pub(crate) struct UserCountsBody {
    posts: i64,
    followers: i64,
    following: i64,
}

/// How somebody stands to the one who asks
#[derive(Object)]
#[oai(rename = "Relationship")]
pub(crate) struct RelationshipBody {
    user_id: Uuid,
    /// Whether you follow them
    following: bool,
    /// Whether they follow you
    followed_by: bool,
}

impl From<Relationship> for RelationshipBody {
    fn from(relationship: Relationship) -> Self {
        Self {
            user_id: relationship.user_id.0,
            following: relationship.following,
            followed_by: relationship.followed_by,
        }
    }
}

/// Somebody's profile
#[derive(Object)]
#[oai(rename = "UserProfile")]
pub(crate) struct UserProfileBody {
    id: Uuid,
    nickname: String,
    state: String,
    role: String,
    about: String,
    joined_at: Instant,
    counts: UserCountsBody,
    /// Absent for the anonymous
    #[oai(skip_serializing_if_is_none)]
    viewer: Option<RelationshipBody>,
}

impl From<UserProfile> for UserProfileBody {
    fn from(UserProfile { user, viewer }: UserProfile) -> Self {
        let summary = user.summary();
        Self {
            id: summary.id.0,
            nickname: summary.nickname,
            state: summary.state.as_str().into(),
            role: summary.role.as_str().into(),
            about: user.about.as_str().into(),
            joined_at: user.created_at.into(),
            counts: counts(&user),
            viewer: viewer.map(Into::into),
        }
    }
}

/// Your own account
#[derive(Object)]
#[oai(rename = "Me")]
pub(crate) struct MeBody {
    id: Uuid,
    nickname: String,
    state: String,
    role: String,
    about: String,
    joined_at: Instant,
    counts: UserCountsBody,
    email: String,
    email_verified_at: Instant,
    /// ko or en; more may come
    locale: String,
    /// Rises with every edit; for If-Match
    version: String,
}

impl From<User> for MeBody {
    fn from(user: User) -> Self {
        let summary = user.summary();
        Self {
            id: summary.id.0,
            nickname: summary.nickname,
            state: summary.state.as_str().into(),
            role: summary.role.as_str().into(),
            about: user.about.as_str().into(),
            joined_at: user.created_at.into(),
            counts: counts(&user),
            email: user.email.as_str().into(),
            email_verified_at: user.email_verified_at.into(),
            locale: user.locale.as_str().into(),
            version: user.version.to_string(),
        }
    }
}

fn counts(user: &User) -> UserCountsBody {
    UserCountsBody {
        posts: user.counts.posts,
        followers: user.counts.followers,
        following: user.counts.following,
    }
}

/// A language of texts that people read
#[derive(Enum, Clone, Copy)]
#[oai(rename = "Locale")]
pub(crate) enum LocaleBody {
    /// Korean
    #[oai(rename = "ko")]
    Korean,
    /// English
    #[oai(rename = "en")]
    English,
}

impl From<LocaleBody> for Locale {
    fn from(locale: LocaleBody) -> Self {
        match locale {
            LocaleBody::Korean => Self::Korean,
            LocaleBody::English => Self::English,
        }
    }
}

/// What to change of your profile; what is absent stays
#[derive(Object)]
#[oai(rename = "UpdateMe")]
pub(crate) struct UpdateMeBody {
    nickname: Option<TextField<Nickname>>,
    about: Option<TextField<About>>,
    locale: Option<LocaleBody>,
}

impl UpdateMeBody {
    pub(crate) fn into_change(self) -> Result<ProfileChange, Problem> {
        let mut fields = Fields::default();
        let nickname = self.nickname.and_then(|field| fields.take(field.parse("/nickname")));
        let about = self.about.and_then(|field| fields.take(field.parse("/about")));
        fields.finish(Some(ProfileChange { nickname, about, locale: self.locale.map(Into::into) }))
    }
}
