//! How events are addressed: the wire contract between the outbox, the stream and the gateway.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::ids::{SessionId, UserId};

/// How many partitions the log has. Fixed by the first migration: another number needs another log.
pub const PARTITIONS: u8 = 16;

/// One of the [`PARTITIONS`] independently ordered parts of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(u8);

impl Partition {
    /// Returns the partition that holds everything ordered by `key`.
    ///
    /// FNV-1a, 32 bits, over the 16 bytes of the key (draft-eastlake-fnv), modulo [`PARTITIONS`].
    pub fn of(key: Uuid) -> Self {
        let hash = key
            .as_bytes()
            .iter()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
        Self(u8::try_from(hash % u32::from(PARTITIONS)).unwrap_or(0))
    }

    /// Returns the partition with this number, where there is one.
    pub fn from_number(number: i64) -> Option<Self> {
        u8::try_from(number).ok().filter(|number| *number < PARTITIONS).map(Self)
    }

    /// Returns its number, from 0 to 15.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Returns its number as an index.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Returns all partitions in ascending order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..PARTITIONS).map(Self)
    }
}

/// Who an event is for. The operation that records it decides; the gateway asks nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// One person, on every socket of theirs.
    User(UserId),
    /// One session of one person: its sockets are closed.
    Session(UserId, SessionId),
    /// Whoever watches what this person publishes.
    FeedOf(UserId),
}

/// The text names no audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an audience")]
pub struct NotAnAudience;

impl Audience {
    /// Returns the partition in which its events are ordered.
    pub fn partition(self) -> Partition {
        let (Self::User(user) | Self::Session(user, _) | Self::FeedOf(user)) = self;
        Partition::of(user.0)
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "user:{user}"),
            Self::Session(user, session) => write!(f, "session:{user}:{session}"),
            Self::FeedOf(user) => write!(f, "feed:{user}"),
        }
    }
}

impl FromStr for Audience {
    type Err = NotAnAudience;

    fn from_str(text: &str) -> Result<Self, NotAnAudience> {
        let mut parts = text.split(':');
        let kind = parts.next();
        let user = parts.next().and_then(|id| id.parse().ok());
        let session = parts.next().map(str::parse);
        match (kind, user, session, parts.next()) {
            (Some("user"), Some(user), None, None) => Ok(Self::User(user)),
            (Some("feed"), Some(user), None, None) => Ok(Self::FeedOf(user)),
            (Some("session"), Some(user), Some(Ok(session)), None) => Ok(Self::Session(user, session)),
            _ => Err(NotAnAudience),
        }
    }
}

/// Who an event of the log is for. A newer version may have written audiences this one does not know: their events
/// keep their places, and their text is passed on unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoggedAudience {
    /// An audience of this version.
    Known(Audience),
    /// The text of an audience this version does not know.
    Unknown(String),
}

impl LoggedAudience {
    /// Returns the audience, where this version knows it.
    pub fn known(&self) -> Option<Audience> {
        match self {
            Self::Known(audience) => Some(*audience),
            Self::Unknown(_) => None,
        }
    }
}

impl From<Audience> for LoggedAudience {
    fn from(audience: Audience) -> Self {
        Self::Known(audience)
    }
}

impl From<String> for LoggedAudience {
    fn from(text: String) -> Self {
        match text.parse() {
            Ok(audience) => Self::Known(audience),
            Err(NotAnAudience) => Self::Unknown(text),
        }
    }
}

impl PartialEq<Audience> for LoggedAudience {
    fn eq(&self, other: &Audience) -> bool {
        self.known() == Some(*other)
    }
}

impl fmt::Display for LoggedAudience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(audience) => audience.fmt(f),
            Self::Unknown(text) => f.write_str(text),
        }
    }
}

/// An event as an operation records it, before the commit gives it a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Who it is for.
    pub audience: Audience,
    /// What happened: `post.created`, `notification`, `session.revoked`.
    pub kind: &'static str,
    /// The JSON object the clients get, without the position.
    pub frame: String,
}

/// An event of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// The partition it is in.
    pub partition: Partition,
    /// Its place there: 1, 2, 3 … without holes, in the order of the commits.
    pub position: i64,
    /// Who it is for.
    pub audience: LoggedAudience,
    /// What happened.
    pub kind: String,
    /// The JSON object the clients get, without the position.
    pub frame: String,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audiences_survive_the_wire() {
        let user = UserId(Uuid::from_u128(7));
        let session = SessionId(Uuid::from_u128(8));
        for audience in [Audience::User(user), Audience::FeedOf(user), Audience::Session(user, session)] {
            assert_eq!(audience.to_string().parse(), Ok(audience));
            assert_eq!(LoggedAudience::from(audience.to_string()), audience);
        }
        for wrong in ["", "user", "user:", "user:1", "room:01890a5d-ac96-774b-bcce-b302099a8057"] {
            assert_eq!(wrong.parse::<Audience>(), Err(NotAnAudience), "{wrong}");
            let unknown = LoggedAudience::from(wrong.to_owned());
            assert_eq!((unknown.known(), unknown.to_string().as_str()), (None, wrong));
        }
    }

    #[test]
    fn partitions_are_spread_and_stable() {
        let used: std::collections::BTreeSet<_> =
            (0..400_u128).map(|n| Partition::of(Uuid::from_u128(n))).collect();
        assert_eq!(used.len(), usize::from(PARTITIONS));
        // A changed hash would move people between partitions of a living log.
        assert_eq!(Partition::of(Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057)).number(), 3);
        assert_eq!(Partition::from_number(16), None);
    }

    #[test]
    fn what_a_person_is_told_and_publishes_shares_one_partition() {
        let user = UserId(Uuid::from_u128(99));
        assert_eq!(Audience::User(user).partition(), Audience::FeedOf(user).partition());
    }
}
