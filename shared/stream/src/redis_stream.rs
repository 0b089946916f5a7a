//! The form of the events in Redis: one stream for each partition and epoch, each entry under the id `<position>-0` with
//! the fields `u` audience, `k` kind, `m` mark, `t` milliseconds since 1970, `d` frame. Readers ignore other fields, so
//! that a later version can add some.

mod tops;

use std::time::Duration;

use domain::Timestamp;
use domain::events::{LoggedEvent, Partition};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, IntoConnectionInfo, RedisError, Value};
use uuid::Uuid;

pub(crate) use self::tops::tops;

/// Prefix of the names of all keys.
pub const PREFIX: &str = "orgo:rt:";
/// Number of entries that a stream keeps. Redis keeps up to about 100 more: it drops whole nodes of the stream.
pub(crate) const WINDOW: i64 = 20_000;
/// Deadline for connecting.
const CONNECT: Duration = Duration::from_secs(1);

/// Id of an entry: `milliseconds-number`. The first part is the position, the second one is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EntryId(pub(crate) u64, pub(crate) u64);

impl EntryId {
    pub(crate) fn of(position: i64) -> Self {
        Self(u64::try_from(position).unwrap_or(0), 0)
    }

    pub(crate) fn position(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let (first, second) = std::str::from_utf8(text).ok()?.split_once('-')?;
        Some(Self(first.parse().ok()?, second.parse().ok()?))
    }
}

impl std::fmt::Display for EntryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

/// Returns the name of a partition's stream. It contains the epoch, so that positions of two epochs never meet.
pub(crate) fn key(prefix: &str, epoch: Uuid, partition: Partition) -> String {
    format!("{prefix}s:{epoch}:{}", partition.number())
}

/// Reads the URL. Turns Nagle's algorithm off, so that small writes are sent at once.
pub(crate) fn client(url: &str) -> Result<Client, RedisError> {
    let info = url.into_connection_info()?;
    let tcp = info.tcp_settings().clone().set_nodelay(true);
    Client::open(info.set_tcp_settings(tcp))
}

/// Opens a new connection. `response` is the deadline of every command; `None` for commands that block, whose caller
/// sets a deadline.
pub(crate) async fn connect(
    client: &Client,
    response: Option<Duration>,
) -> Result<MultiplexedConnection, RedisError> {
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(response);
    client.get_multiplexed_async_connection_with_config(&config).await
}

/// Returns the command that appends an event under its position.
pub(crate) fn append(key: &str, event: &LoggedEvent) -> Cmd {
    let mut command = redis::cmd("XADD");
    command.arg(key).arg("MAXLEN").arg("~").arg(WINDOW).arg(EntryId::of(event.position).to_string());
    command.arg("u").arg(event.audience.to_string()).arg("k").arg(&event.kind);
    command.arg("m").arg(event.mark).arg("t").arg(event.recorded_at.0).arg("d").arg(&event.frame);
    command
}

/// An entry of a stream, as read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Event(LoggedEvent),
    /// Not written by a relay. `None` if even the id cannot be read.
    Malformed(Partition, Option<EntryId>),
}

/// Reads the answer of `XREAD`: a list of pairs in RESP2, a map in RESP3, nil if there are no new entries. Does not use
/// the reader of the `redis` crate, because that one copies every frame twice.
pub(crate) fn parse_read(reply: Value, partition_of: impl Fn(&[u8]) -> Option<Partition>) -> Vec<Entry> {
    let streams: Vec<(Value, Value)> = match reply {
        Value::Map(streams) => streams,
        Value::Array(streams) => streams.into_iter().filter_map(pair).collect(),
        _ => Vec::new(),
    };
    let mut entries = Vec::new();
    for (name, rows) in streams {
        let (Some(partition), Value::Array(rows)) = (bytes(&name).and_then(&partition_of), rows) else {
            continue;
        };
        entries.extend(rows.into_iter().map(|row| entry(partition, row)));
    }
    entries
}

fn entry(partition: Partition, row: Value) -> Entry {
    let Some((id, fields)) = pair(row) else { return Entry::Malformed(partition, None) };
    let id = bytes(&id).and_then(EntryId::parse);
    match id.and_then(|id| event(partition, id, fields)) {
        Some(event) => Entry::Event(event),
        None => Entry::Malformed(partition, id),
    }
}

fn event(partition: Partition, id: EntryId, fields: Value) -> Option<LoggedEvent> {
    let EntryId(position @ 1.., 0) = id else { return None };
    let (mut audience, mut kind, mut mark, mut recorded_at, mut frame) = (None, None, None, None, None);
    for (name, value) in fields_of(fields)? {
        let slot = match bytes(&name)? {
            b"u" => &mut audience,
            b"k" => &mut kind,
            b"m" => &mut mark,
            b"t" => &mut recorded_at,
            b"d" => &mut frame,
            _ => continue,
        };
        *slot = Some(text(value)?);
    }
    Some(LoggedEvent {
        partition,
        position: i64::try_from(position).ok()?,
        // Entries of versions without marks have no mark: 0 means unknown.
        mark: mark.map_or(Some(0), |mark: String| mark.parse().ok())?,
        audience: audience?.into(),
        kind: kind?,
        frame: frame?,
        recorded_at: Timestamp(recorded_at?.parse().ok()?),
    })
}

fn fields_of(fields: Value) -> Option<Vec<(Value, Value)>> {
    match fields {
        Value::Map(fields) => Some(fields),
        Value::Array(flat) => {
            let mut flat = flat.into_iter();
            let mut fields = Vec::with_capacity(flat.len() / 2);
            while let Some(name) = flat.next() {
                fields.push((name, flat.next()?));
            }
            Some(fields)
        }
        _ => None,
    }
}

fn pair(value: Value) -> Option<(Value, Value)> {
    let Value::Array(items) = value else { return None };
    let [first, second] = <[Value; 2]>::try_from(items).ok()?;
    Some((first, second))
}

fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.as_bytes()),
        _ => None,
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
