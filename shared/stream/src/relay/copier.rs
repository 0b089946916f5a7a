use std::sync::Arc;
use std::time::Duration;

use domain::events::{LoggedEvent, Partition};
use domain::{Clock, IdSource};
use redis::aio::MultiplexedConnection;
use redis::{Client, RedisError, RedisResult, Value};
use store::Store;
use store::outbox::{self, NewEvents};
use uuid::Uuid;

use crate::epoch::{LogState, compare, open_log};
use crate::redis_stream::{self, WINDOW};
use crate::{Cursor, SourceFault};

/// Largest number of events of one partition that are copied in one round.
const LIMIT: u16 = 256;
/// Deadline of an answer of Redis.
const RESPONSE: Duration = Duration::from_secs(2);
/// Number of earlier epochs whose streams are deleted.
const EARLIER_EPOCHS: u64 = 8;

/// The connections and settings of a copier.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) store: Store,
    pub(super) client: Client,
    pub(super) prefix: String,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
}

/// Copies events after its cursor from the outbox to Redis, over one connection.
pub(super) struct Copier<'a> {
    parts: &'a Parts,
    connection: MultiplexedConnection,
    epoch: Uuid,
    cursor: Cursor,
}

impl<'a> Copier<'a> {
    /// Connects, compares the entries in Redis with the outbox, and deletes the streams of earlier epochs.
    pub(super) async fn connect(parts: &'a Parts) -> Result<Self, SourceFault> {
        let (epoch, _heads) = open_log(&parts.store, parts.clock.now(), parts.ids.next_id()).await?;
        let connection = redis_stream::connect(&parts.client, Some(RESPONSE)).await?;
        let mut copier = Self { parts, connection, epoch, cursor: Cursor::default() };
        copier.check().await?;
        copier.delete_earlier_epochs().await?;
        Ok(copier)
    }

    /// Copies the next events of every partition: one statement, and one round trip to Redis. Returns whether more events
    /// may be waiting.
    pub(super) async fn copy(&mut self) -> Result<bool, SourceFault> {
        let store = self.parts.store.reader();
        let events = match outbox::read_new(store, &self.cursor.marked(), LIMIT).await? {
            NewEvents::Following(events) => events,
            // The next connection compares and begins a new epoch.
            NewEvents::Diverged(partition) => return Err(SourceFault::Diverged(partition.number())),
        };
        let mut has_more = false;
        for of_partition in events.chunk_by(|one, other| one.partition == other.partition) {
            has_more |= of_partition.len() >= usize::from(LIMIT);
            self.warn_of_hole(of_partition);
        }
        self.append(&events).await?;
        Ok(has_more)
    }

    /// Compares Redis and this copier with the outbox. Fails with [`SourceFault::Restarted`] if the outbox has another
    /// history. Goes back to copy again what Redis has lost, at most as many events as a stream keeps.
    pub(super) async fn check(&mut self) -> Result<(), SourceFault> {
        // Read before the heads: the outbox can only be ahead of its copy.
        let tops = redis_stream::tops(&mut self.connection, &self.parts.prefix, self.epoch).await?;
        let known = self.cursor;
        let mut copied = known;
        copied.advance_to(&tops);
        let Parts { store, clock, ids, .. } = self.parts;
        let heads = match compare(store, clock.now(), ids.next_id(), self.epoch, &copied).await? {
            LogState::Continues { heads } => heads,
            LogState::Restarted { epoch, .. } => return Err(SourceFault::Restarted(epoch)),
        };
        for (partition, head) in heads.iter() {
            let top = tops.positions.get(partition);
            if top < known.positions.get(partition) {
                tracing::warn!(partition = partition.number(), "redis lost events; they are copied again");
            }
            let first_kept = head.saturating_sub(WINDOW);
            if top < first_kept {
                self.cursor.set(partition, first_kept, None);
            } else {
                self.cursor.set(partition, top, tops.mark(partition));
            }
        }
        Ok(())
    }

    async fn delete_earlier_epochs(&mut self) -> Result<(), SourceFault> {
        let epochs = outbox::earlier_epochs(self.parts.store.reader(), EARLIER_EPOCHS).await?;
        let key = |epoch, partition| redis_stream::key(&self.parts.prefix, epoch, partition);
        let keys: Vec<String> = epochs
            .iter()
            .filter(|epoch| **epoch != self.epoch)
            .flat_map(|epoch| Partition::all().map(move |partition| key(*epoch, partition)))
            .collect();
        if !keys.is_empty() {
            redis::cmd("UNLINK").arg(keys).exec_async(&mut self.connection).await?;
        }
        Ok(())
    }

    /// Logs a gap before the events, which pruning of the oldest events causes. Readers notice gaps by the positions.
    fn warn_of_hole(&self, events: &[LoggedEvent]) {
        let Some(first) = events.first() else { return };
        let after = self.cursor.positions.get(first.partition);
        if !is_contiguous(after, events) {
            tracing::warn!(partition = first.partition.number(), after, "the outbox has a gap");
        }
    }

    async fn append(&mut self, events: &[LoggedEvent]) -> Result<(), SourceFault> {
        if events.is_empty() {
            return Ok(());
        }
        let mut pipeline = redis::pipe();
        pipeline.ignore_errors();
        for event in events {
            let key = redis_stream::key(&self.parts.prefix, self.epoch, event.partition);
            pipeline.add_command(redis_stream::append(&key, event));
        }
        let answers: Vec<RedisResult<Value>> = pipeline.query_async(&mut self.connection).await?;
        for (event, answer) in events.iter().zip(answers) {
            match answer {
                Ok(_) => {}
                // Another relay copied the entry first, or the answer to an earlier command was lost.
                Err(error) if is_not_larger(&error) => {
                    let (partition, position) = (event.partition.number(), event.position);
                    tracing::debug!(partition, position, "already in redis");
                }
                Err(error) => return Err(error.into()),
            }
            self.cursor.advance(event);
        }
        Ok(())
    }
}

fn is_contiguous(after: i64, events: &[LoggedEvent]) -> bool {
    events.iter().zip(after.saturating_add(1)..).all(|(event, expected)| event.position == expected)
}

/// Returns whether Redis refused an entry because the stream already has an equal or larger id. Redis has no error code
/// for this case.
fn is_not_larger(error: &RedisError) -> bool {
    error.detail().is_some_and(|detail| detail.contains("equal or smaller"))
}
