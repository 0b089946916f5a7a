use std::fmt;
use std::str::FromStr;

use super::Partition;
use crate::ids::{PostId, RoomId, SessionId, UserId};

/// To whom an event is delivered. The operation that records the event decides; the gateway makes no query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Audience {
    /// One person, on every socket.
    User(UserId),
    /// The sockets of one session of one person.
    Session(UserId, SessionId),
    /// The sockets that watch a person's public events.
    Feed(UserId),
    /// The sockets that watch a post. The author decides the partition, so that the events of a like, the one for the
    /// author and the one for the watchers, share it.
    Post {
        /// Author of the post.
        author: UserId,
        /// The post.
        post: PostId,
    },
    /// The members of a room.
    Room(RoomId),
}

/// The text is not an audience of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an audience")]
pub struct NotAnAudience;

impl Audience {
    /// Returns the partition that orders the audience's events.
    pub fn partition(self) -> Partition {
        match self {
            Self::User(person) | Self::Session(person, _) | Self::Feed(person) => {
                Partition::of_person(person)
            }
            Self::Post { author, .. } => Partition::of_person(author),
            Self::Room(room) => Partition::of_room(room),
        }
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(person) => write!(f, "user:{person}"),
            Self::Session(person, session) => write!(f, "session:{person}:{session}"),
            Self::Feed(person) => write!(f, "feed:{person}"),
            Self::Post { author, post } => write!(f, "post:{author}:{post}"),
            Self::Room(room) => write!(f, "room:{room}"),
        }
    }
}

impl FromStr for Audience {
    type Err = NotAnAudience;

    fn from_str(text: &str) -> Result<Self, NotAnAudience> {
        let (kind, ids) = text.split_once(':').ok_or(NotAnAudience)?;
        let id = || ids.parse().map_err(|_not_an_id| NotAnAudience);
        let pair = || ids.split_once(':').ok_or(NotAnAudience);
        match kind {
            "user" => Ok(Self::User(id()?)),
            "feed" => Ok(Self::Feed(id()?)),
            "room" => ids.parse().map(Self::Room).map_err(|_not_an_id| NotAnAudience),
            "session" => {
                let (person, session) = pair()?;
                parse_both(person, session).map(|(person, session)| Self::Session(person, session))
            }
            "post" => {
                let (author, post) = pair()?;
                parse_both(author, post).map(|(author, post)| Self::Post { author, post })
            }
            _ => Err(NotAnAudience),
        }
    }
}

fn parse_both<A: FromStr, B: FromStr>(first: &str, second: &str) -> Result<(A, B), NotAnAudience> {
    match (first.parse(), second.parse()) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        _ => Err(NotAnAudience),
    }
}

/// The audience of a stored event. A newer version may have written audiences that this version does not know: their
/// events keep their positions, and their text is copied unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoggedAudience {
    /// An audience of this version.
    Known(Audience),
    /// The text of an audience that this version does not know.
    Unknown(String),
}

impl LoggedAudience {
    /// Returns the audience, if this version knows it.
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn audiences_are_read_back_from_their_text() {
        let person = UserId(Uuid::from_u128(7));
        for audience in [
            Audience::User(person),
            Audience::Feed(person),
            Audience::Session(person, SessionId(Uuid::from_u128(8))),
            Audience::Post { author: person, post: PostId(Uuid::from_u128(9)) },
            Audience::Room(RoomId(Uuid::from_u128(10))),
        ] {
            assert_eq!(audience.to_string().parse(), Ok(audience));
            assert_eq!(LoggedAudience::from(audience.to_string()), audience);
        }
    }

    #[test]
    fn text_of_an_unknown_audience_is_kept() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let wrong = ["", "user", "user:", "user:1", "post:1:2"].map(str::to_owned);
        let unknown = [format!("planet:{id}"), format!("post:{id}"), format!("user:{id}:{id}")];
        for text in wrong.into_iter().chain(unknown) {
            assert_eq!(text.parse::<Audience>(), Err(NotAnAudience), "{text}");
            let unknown = LoggedAudience::from(text.clone());
            assert_eq!((unknown.known(), unknown.to_string()), (None, text));
        }
    }

    #[test]
    fn everything_ordered_by_a_person_shares_one_partition() {
        let person = UserId(Uuid::from_u128(99));
        let post = Audience::Post { author: person, post: PostId(Uuid::from_u128(1)) };
        for audience in [Audience::Feed(person), post] {
            assert_eq!(audience.partition(), Audience::User(person).partition());
        }
    }
}
