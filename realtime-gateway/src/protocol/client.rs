//! Frames that clients send. An unknown field, or a field that is given twice, is an error: one message has one meaning.

use std::borrow::Cow;

use operations::realtime::WatchTarget;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::close::cut;
use super::object::{given, given_object, object};
use super::{Close, Closing, PositionMap};

/// Longest text in any field but a credential, in characters.
pub(super) const TEXT: usize = 64;
/// Longest credential that is read, in characters: also an access token sent by mistake, so that the answer can say so.
pub(super) const CREDENTIAL: usize = 1024;
/// Largest number of capabilities that a client may name.
pub(super) const CAPABILITIES: usize = 16;

/// The credential of a `hello`.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) enum Credential {
    /// A ticket of `createRealtimeTicket`.
    Ticket(String),
    /// A resume token of an earlier socket.
    ResumeToken(String),
}

/// How far the client had come on an earlier socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResumePoint {
    pub(crate) epoch: String,
    pub(crate) positions: PositionMap,
}

/// The first message.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Hello {
    pub(crate) credential: Credential,
    pub(crate) resume: Option<ResumePoint>,
    pub(crate) watch: Vec<WatchTarget>,
}

/// A later message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ClientFrame {
    /// The answer to a heartbeat.
    Heartbeat,
    /// A new ticket before the grant ends.
    Auth { id: String, ticket: String },
    /// Asks for the events of a post or a person.
    Watch { id: String, watched: WatchTarget },
    /// Ends a watch.
    Unwatch { id: String, watched: WatchTarget },
}

/// Why a later message cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FrameFault {
    /// The message's own id, where it could be read.
    pub(crate) id: Option<String>,
    pub(crate) kind: FaultKind,
}

/// Kind of a [`FrameFault`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The type is reserved by the protocol, but not offered yet.
    NotOffered,
    /// The message does not follow the protocol: why.
    Malformed(Cow<'static, str>),
}

/// Types of the protocol that are not offered yet.
pub(super) const NOT_OFFERED: [&str; 4] = ["send", "read", "typing", "presence"];

#[derive(Deserialize)]
struct Envelope {
    t: String,
    #[serde(default, deserialize_with = "given")]
    id: Option<String>,
}

/// First message of a client. Contains exactly one of `ticket` and `resume.rt`. Answered by `welcome`, or the socket is
/// closed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(
    rename = "Hello",
    extend("oneOf" = [
        { "required": ["ticket"] },
        { "required": ["resume"], "properties": { "resume": { "type": "object", "required": ["rt"] } } },
    ])
)]
pub(super) struct HelloFrame {
    /// Type of the frame.
    #[schemars(extend("const" = "hello"))]
    t: String,
    /// Version of the protocol.
    #[schemars(extend("const" = super::VERSION))]
    v: u32,
    /// Ticket of `POST /api/v1/realtime/tickets`. Can be used once, within 30 seconds.
    #[serde(default, deserialize_with = "given")]
    #[schemars(length(max = CREDENTIAL))]
    ticket: Option<String>,
    /// Where an earlier socket ended.
    #[serde(default, deserialize_with = "given_object")]
    resume: Option<ResumeField>,
    /// Capabilities of the client. None is defined yet.
    #[serde(default)]
    #[schemars(length(max = CAPABILITIES), inner(length(max = TEXT)))]
    caps: Vec<String>,
    /// Name and version of the client. Only for statistics.
    #[serde(default, deserialize_with = "given_object")]
    client: Option<ClientField>,
    /// Posts and people to watch, at most 20. Give the whole list after a reconnect too: with `resume`, no event of them
    /// is missed.
    #[serde(default)]
    #[schemars(length(max = super::WATCHED))]
    watch: Vec<WatchedField>,
}

/// Where an earlier socket ended.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ResumePoint")]
struct ResumeField {
    /// Last resume token that was received. Replaces the ticket; lives five minutes, at most until the grant ends.
    #[serde(default, deserialize_with = "given")]
    #[schemars(length(max = CREDENTIAL))]
    rt: Option<String>,
    /// Epoch of the last `welcome` or `gap`.
    #[schemars(length(max = TEXT))]
    epoch: String,
    /// Positions that the client has reached: those of the last `welcome`, `gap` or `hb`, moved forward by the `o` of
    /// every frame received after it.
    pos: PositionMap,
}

/// Name and version of a client.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClientInfo")]
struct ClientField {
    /// Name of the client.
    #[serde(default, deserialize_with = "given")]
    #[schemars(length(max = TEXT))]
    name: Option<String>,
    /// Version of the client.
    #[serde(default, deserialize_with = "given")]
    #[schemars(length(max = TEXT))]
    ver: Option<String>,
    /// Time zone of the person, as in the IANA time zone database.
    #[serde(default, deserialize_with = "given")]
    #[schemars(length(max = TEXT))]
    tz: Option<String>,
}

/// A post or a person.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
#[schemars(rename = "Watched")]
enum WatchedField {
    /// Id of a post.
    Post(#[schemars(with = "Uuid")] String),
    /// Id of a person.
    User(#[schemars(with = "Uuid")] String),
}

/// Replaces the grant of the open socket before it ends. Answered by `auth.ok` or `err`, or the socket is closed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Auth")]
pub(super) struct AuthFrame {
    /// Type of the frame.
    #[serde(rename = "t")]
    #[schemars(extend("const" = "auth"))]
    _type: String,
    /// Id that the answer repeats.
    #[schemars(length(max = TEXT))]
    id: String,
    /// New ticket of the same session.
    #[schemars(length(max = CREDENTIAL))]
    ticket: String,
}

/// Asks for the events of a post, or for the public events of a person. Exactly one of `post` and `user` is given.
/// Idempotent. Answered by `ack` or `err`. Load the post or profile after the `ack`: every later change is sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Watch", extend("oneOf" = [{ "required": ["post"] }, { "required": ["user"] }]))]
pub(super) struct WatchFrame {
    /// Type of the frame.
    #[serde(rename = "t")]
    #[schemars(extend("enum" = ["watch", "unwatch"]))]
    _type: String,
    /// Id that the answer repeats.
    #[schemars(length(max = TEXT))]
    id: String,
    /// Id of a post.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Uuid>")]
    post: Option<String>,
    /// Id of a person.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Uuid>")]
    user: Option<String>,
}

/// Answers a heartbeat.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HeartbeatAnswer {
    /// Type of the frame.
    #[serde(rename = "t")]
    #[schemars(extend("const" = "hb"))]
    _type: String,
}

fn protocol(detail: impl Into<Cow<'static, str>>) -> Closing {
    Closing { close: Close::Protocol, detail: Some(detail.into()) }
}

/// Reads the first message.
pub(crate) fn parse_hello(text: &str) -> Result<Hello, Closing> {
    let hello: HelloFrame = object(text).map_err(|fault| not_a_hello(text, &fault))?;
    if hello.t != "hello" {
        return Err(protocol("the first message must be hello"));
    }
    if hello.v != super::VERSION {
        return Err(Close::Version.into());
    }
    let client = hello.client.into_iter().flat_map(|client| [client.name, client.ver, client.tz]);
    if client.flatten().chain(hello.caps.iter().cloned()).any(|text| is_longer(&text, TEXT)) {
        return Err(protocol("hello: a text is too long"));
    }
    if hello.caps.len() > CAPABILITIES {
        return Err(protocol("hello: too many caps"));
    }
    if hello.watch.len() > super::WATCHED {
        return Err(protocol("hello: too many to watch"));
    }
    let (token, resume) = match hello.resume {
        Some(ResumeField { epoch, .. }) if is_longer(&epoch, TEXT) => {
            return Err(protocol("hello: epoch is too long"));
        }
        Some(ResumeField { rt, epoch, pos }) => (rt, Some(ResumePoint { epoch, positions: pos })),
        None => (None, None),
    };
    let credential = match (hello.ticket, token) {
        (Some(ticket), None) => Credential::Ticket(ticket),
        (None, Some(token)) => Credential::ResumeToken(token),
        _ => return Err(protocol("hello: exactly one of ticket and resume.rt")),
    };
    let (Credential::Ticket(text) | Credential::ResumeToken(text)) = &credential;
    if is_longer(text, CREDENTIAL) {
        return Err(protocol("hello: the credential is too long"));
    }
    let watch = hello.watch.into_iter().map(|field| match field {
        WatchedField::Post(id) => id.parse().map(WatchTarget::Post),
        WatchedField::User(id) => id.parse().map(WatchTarget::User),
    });
    let watch =
        watch.collect::<Result<_, _>>().map_err(|_not_an_id| protocol("hello: watch has a malformed id"))?;
    Ok(Hello { credential, resume, watch })
}

/// A hello of another version may have other fields: then the version is at fault.
fn not_a_hello(text: &str, fault: &serde_json::Error) -> Closing {
    #[derive(Deserialize)]
    struct Version {
        t: String,
        v: u32,
    }
    match object(text) {
        Ok(Version { t, v }) if t == "hello" && v != super::VERSION => Close::Version.into(),
        _ => protocol(format!("hello: {}", explain(fault))),
    }
}

/// Reads a later message.
pub(crate) fn parse(text: &str) -> Result<ClientFrame, FrameFault> {
    let malformed = |id, why: Cow<'static, str>| FrameFault { id, kind: FaultKind::Malformed(why) };
    let Envelope { t, id } = object(text).map_err(|fault| malformed(None, explain(&fault).into()))?;
    let id = id.filter(|id| !is_longer(id, TEXT));
    let too_long = |id| malformed(id, "a text is too long".into());
    match t.as_str() {
        "hb" => read(text, id).map(|HeartbeatAnswer { _type }| ClientFrame::Heartbeat),
        "auth" => match read(text, id.clone())? {
            AuthFrame { id, ticket, .. } if !is_longer(&id, TEXT) && !is_longer(&ticket, CREDENTIAL) => {
                Ok(ClientFrame::Auth { id, ticket })
            }
            _ => Err(too_long(id)),
        },
        "watch" | "unwatch" => {
            let frame: WatchFrame = read(text, id.clone())?;
            if is_longer(&frame.id, TEXT) {
                return Err(too_long(id));
            }
            let watched = match (frame.post, frame.user) {
                (Some(post), None) => post.parse().map(WatchTarget::Post),
                (None, Some(user)) => user.parse().map(WatchTarget::User),
                _ => return Err(malformed(id, "exactly one of post and user".into())),
            };
            let watched = watched.map_err(|_not_an_id| malformed(id, "a malformed id".into()))?;
            Ok(if t == "watch" {
                ClientFrame::Watch { id: frame.id, watched }
            } else {
                ClientFrame::Unwatch { id: frame.id, watched }
            })
        }
        other if NOT_OFFERED.contains(&other) => Err(FrameFault { id, kind: FaultKind::NotOffered }),
        _ => Err(malformed(id, "unknown type".into())),
    }
}

/// Returns whether a text has more characters. JSON Schema counts characters, so the published bounds do.
fn is_longer(text: &str, most: usize) -> bool {
    text.chars().nth(most).is_some()
}

fn read<T: DeserializeOwned>(text: &str, id: Option<String>) -> Result<T, FrameFault> {
    object(text).map_err(|fault| FrameFault { id, kind: FaultKind::Malformed(explain(&fault).into()) })
}

/// Longest explanation of a malformed message, in bytes.
const LONGEST_EXPLANATION: usize = 200;

/// Returns what is wrong with a message, without its place: messages are one line.
fn explain(fault: &serde_json::Error) -> String {
    let text = fault.to_string();
    // The message repeats a field's name, which may be as long as the frame.
    cut(text.split(" at line ").next().unwrap_or_default(), LONGEST_EXPLANATION).to_owned()
}
