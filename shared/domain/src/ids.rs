//! Typed identifiers. Every one is a `UUIDv7` (RFC 9562 section 5.7), so its order is the order of creation.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where new identifiers come from; tests hand in a predictable one.
pub trait IdSource: Send + Sync + 'static {
    /// Returns an identifier never returned before, later in order than those before it.
    fn next_id(&self) -> Uuid;
}

/// The text is not a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct NotAnId;

macro_rules! define_id {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "columns", derive(sea_orm::DeriveValueType))]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Takes a new identifier from the source.
            pub fn new(source: &dyn IdSource) -> Self {
                Self(source.next_id())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                // Only the canonical form, hyphenated and in lower case: one thing has one name.
                let id = Uuid::try_parse(text).map_err(|_not_a_uuid| NotAnId)?;
                let mut buffer = Uuid::encode_buffer();
                if id.hyphenated().encode_lower(&mut buffer) == text { Ok(Self(id)) } else { Err(NotAnId) }
            }
        }

        #[cfg(feature = "columns")]
        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    )+};
}

define_id! {
    /// A person's account.
    UserId
    /// A post.
    PostId
    /// A comment or a reply.
    CommentId
    /// A logged-in session: one family of refresh tokens.
    SessionId
    /// One edge of the follow graph.
    FollowId
    /// One like of one post by one person.
    LikeId
    /// An entry of somebody's notification list.
    NotificationId
    /// A piece of follow-up work.
    JobId
    /// A mail kept for the local mail page.
    CapturedMailId
    /// One open socket.
    ConnectionId
    /// A chat room.
    RoomId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_is_an_id() {
        let text = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert_eq!(text.parse::<UserId>().map(|id| id.to_string()), Ok(text.into()));
        for wrong in [
            "",
            "1",
            "01890A5D-AC96-774B-BCCE-B302099A8057",
            "01890a5dac96774bbcceb302099a8057",
            "{01890a5d-ac96-774b-bcce-b302099a8057}",
        ] {
            assert_eq!(wrong.parse::<UserId>(), Err(NotAnId), "{wrong}");
        }
    }
}
