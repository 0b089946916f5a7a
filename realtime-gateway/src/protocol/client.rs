//! What clients send. An unknown field or a field that is there twice is a fault: one message has one meaning.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::outbox::Heads;
use stream::Positions;

use super::Close;

/// The longest text in any field but a credential.
pub(super) const TEXT: usize = 64;
/// The longest ticket or resume token.
pub(super) const CREDENTIAL: usize = 512;
/// The most capabilities a client may name.
pub(super) const CAPABILITIES: usize = 16;
/// The largest number a JavaScript client can hold.
const LARGEST: i64 = (1 << 53) - 1;

/// Who the client says it is.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) enum Credential {
    /// A ticket from the API.
    Ticket(String),
    /// A token from an earlier socket.
    ResumeToken(String),
}

/// How far the client had come on an earlier socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResumePoint {
    pub(crate) epoch: String,
    pub(crate) positions: Positions,
}

/// The first message.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Hello {
    pub(crate) credential: Credential,
    pub(crate) resume: Option<ResumePoint>,
}

/// A later message.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) enum ClientFrame {
    /// The answer to a heartbeat.
    Heartbeat,
    /// A new ticket, before the old grant ends.
    Auth { id: String, ticket: String },
}

/// A later message cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FrameFault {
    /// The message's own id, where it could be made out.
    pub(crate) id: Option<String>,
    /// Whether the type is part of the protocol, but not offered yet.
    pub(crate) known: Known,
}

/// Whether a type is part of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// It is, and not offered yet.
    NotOffered,
    /// It is not, or the message breaks its form.
    No,
}

/// Types of the protocol that are not offered yet.
pub(super) const NOT_OFFERED: [&str; 4] = ["send", "read", "typing", "presence"];

#[derive(Deserialize)]
struct Envelope {
    t: String,
    #[serde(default)]
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHello {
    t: String,
    v: u32,
    ticket: Option<String>,
    resume: Option<RawResume>,
    #[serde(default)]
    caps: Vec<String>,
    client: Option<RawClient>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawResume {
    rt: Option<String>,
    epoch: String,
    pos: Heads,
}

/// What the client says of itself; nothing depends on it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClient {
    name: Option<String>,
    ver: Option<String>,
    tz: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAuth {
    #[serde(rename = "t")]
    _type: String,
    id: String,
    ticket: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHeartbeat {
    #[serde(rename = "t")]
    _type: String,
}

/// Reads the first message.
pub(crate) fn parse_hello(text: &str) -> Result<Hello, Close> {
    let hello: RawHello = serde_json::from_str(text).map_err(|_fault| version_or_protocol(text))?;
    if hello.t != "hello" {
        return Err(Close::Protocol);
    }
    if hello.v != super::VERSION {
        return Err(Close::Version);
    }
    let client = hello.client.into_iter().flat_map(|client| [client.name, client.ver, client.tz]);
    let texts_fit = client.flatten().chain(hello.caps.iter().cloned()).all(|text| text.len() <= TEXT);
    if !texts_fit || hello.caps.len() > CAPABILITIES {
        return Err(Close::Protocol);
    }
    let (token, resume) = match hello.resume {
        Some(RawResume { rt, epoch, pos }) => {
            if epoch.len() > TEXT || !pos.iter().all(|position| (0..=LARGEST).contains(position)) {
                return Err(Close::Protocol);
            }
            (rt, Some(ResumePoint { epoch, positions: Positions(pos) }))
        }
        None => (None, None),
    };
    let credential = match (hello.ticket, token) {
        (Some(ticket), None) if ticket.len() <= CREDENTIAL => Credential::Ticket(ticket),
        (None, Some(token)) if token.len() <= CREDENTIAL => Credential::ResumeToken(token),
        // Neither, or both: which of two would count?
        _ => return Err(Close::Protocol),
    };
    Ok(Hello { credential, resume })
}

/// A hello of another version may have other fields; the version is what is wrong with it.
fn version_or_protocol(text: &str) -> Close {
    #[derive(Deserialize)]
    struct Version {
        t: String,
        v: u32,
    }
    match serde_json::from_str(text) {
        Ok(Version { t, v }) if t == "hello" && v != super::VERSION => Close::Version,
        _ => Close::Protocol,
    }
}

/// Reads a later message.
pub(crate) fn parse(text: &str) -> Result<ClientFrame, FrameFault> {
    let unknown = |_fault| FrameFault { id: None, known: Known::No };
    let Envelope { t, id } = serde_json::from_str(text).map_err(unknown)?;
    let id = id.filter(|id| id.len() <= TEXT);
    match t.as_str() {
        "hb" => read(text, id).map(|RawHeartbeat { _type }| ClientFrame::Heartbeat),
        "auth" => match read(text, id.clone())? {
            RawAuth { id, ticket, .. } if id.len() <= TEXT && ticket.len() <= CREDENTIAL => {
                Ok(ClientFrame::Auth { id, ticket })
            }
            _ => Err(FrameFault { id, known: Known::No }),
        },
        other if NOT_OFFERED.contains(&other) => Err(FrameFault { id, known: Known::NotOffered }),
        _ => Err(FrameFault { id, known: Known::No }),
    }
}

fn read<T: DeserializeOwned>(text: &str, id: Option<String>) -> Result<T, FrameFault> {
    serde_json::from_str(text).map_err(|_fault| FrameFault { id, known: Known::No })
}
