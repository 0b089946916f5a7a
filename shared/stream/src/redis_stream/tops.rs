use domain::events::Partition;
use redis::aio::MultiplexedConnection;
use redis::{RedisError, RedisResult, Value};
use uuid::Uuid;

use super::{Entry, EntryId, bytes, entry, fields_of, key};
use crate::Cursor;

/// Returns the last id of every stream, with the mark of that entry. 0 if the stream does not exist.
pub(crate) async fn tops(
    connection: &mut MultiplexedConnection,
    prefix: &str,
    epoch: Uuid,
) -> Result<Cursor, RedisError> {
    let mut pipeline = redis::pipe();
    pipeline.ignore_errors();
    for partition in Partition::all() {
        pipeline.cmd("XINFO").arg("STREAM").arg(key(prefix, epoch, partition));
    }
    let answers: Vec<RedisResult<Value>> = pipeline.query_async(connection).await?;
    let mut tops = Cursor::default();
    for (partition, answer) in Partition::all().zip(answers) {
        match answer {
            Ok(answer) => {
                let (id, mark) = parse_top(partition, answer).ok_or_else(unreadable)?;
                tops.set(partition, id.position(), mark);
            }
            Err(error) if is_no_such_key(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(tops)
}

/// Reads the last id from the answer of `XINFO STREAM`, and the mark of the last entry. Unlike the last entry, the last
/// id survives trimming; the mark is unknown then.
pub(super) fn parse_top(partition: Partition, answer: Value) -> Option<(EntryId, Option<i64>)> {
    let (mut last_id, mut last_entry) = (None, None);
    for (name, value) in fields_of(answer)? {
        match bytes(&name) {
            Some(b"last-generated-id") => last_id = bytes(&value).and_then(EntryId::parse),
            Some(b"last-entry") => last_entry = Some(value),
            _ => {}
        }
    }
    let last_id = last_id?;
    let mark = match last_entry.map(|last| entry(partition, last)) {
        Some(Entry::Event(event)) if EntryId::of(event.position) == last_id => Some(event.mark),
        _ => None,
    };
    Some((last_id, mark.filter(|mark| *mark != 0)))
}

/// Returns whether Redis answered that the stream does not exist. It has no error code for this, only a text.
fn is_no_such_key(error: &RedisError) -> bool {
    error.detail().is_some_and(|detail| detail.contains("no such key"))
}

fn unreadable() -> RedisError {
    (redis::ErrorKind::UnexpectedReturnType, "XINFO STREAM names no last id").into()
}
