//! Typed identifiers. Each is a `UUIDv7` (RFC 9562, section 5.7), so they sort by the time of creation; those of flows are
//! `UUIDv4`, because they are secrets.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A source of new identifiers. Tests use a predictable one.
pub trait IdSource: Send + Sync + 'static {
    /// Returns a new identifier that sorts after all earlier ones of this source.
    fn next_id(&self) -> Uuid;
}

/// Error: the text is not a UUID in canonical form.
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
            /// Creates a new identifier.
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
                // With hyphens; letters of either case (RFC 9562 section 4). Written in lower case.
                let id = Uuid::try_parse(text).map_err(|_not_a_uuid| NotAnId)?;
                let mut buffer = Uuid::encode_buffer();
                let written = id.hyphenated().encode_lower(&mut buffer);
                if written.eq_ignore_ascii_case(text) { Ok(Self(id)) } else { Err(NotAnId) }
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
    /// A session, which begins with a log-in.
    SessionId
    /// A request for an e-mailed code, to which the code and the attempts belong. Unguessable.
    CodeFlowId
    /// A device from which a person logged in.
    DeviceId
    /// A follow of one person by another.
    FollowId
    /// A like of a post.
    LikeId
    /// A notification in a recipient's list.
    NotificationId
    /// A job: follow-up work that is done after the transaction.
    JobId
    /// A mail that is kept for the mail page of the embedded mode.
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
    fn an_id_has_hyphens_and_letters_of_either_case_and_is_written_in_lower_case() {
        let text = "01890a5d-ac96-774b-bcce-b302099a8057";
        for read in [text, "01890A5D-AC96-774B-BCCE-B302099A8057"] {
            assert_eq!(read.parse::<UserId>().map(|id| id.to_string()), Ok(text.into()));
        }
        for wrong in ["", "1", "01890a5dac96774bbcceb302099a8057", "{01890a5d-ac96-774b-bcce-b302099a8057}"] {
            assert_eq!(wrong.parse::<UserId>(), Err(NotAnId), "{wrong}");
        }
    }
}
