use std::time::Duration;

use domain::events::{LoggedEvent, Partition};
use redis::aio::MultiplexedConnection;
use redis::{Client, RedisError, RedisResult, Value};
use store::{Store, outbox};
use uuid::Uuid;

use crate::redis_stream::{self, WINDOW};
use crate::{Positions, SourceFault};

/// How many events of one partition are copied in one go.
const LIMIT: u64 = 256;
/// How long Redis may take to answer.
const RESPONSE: Duration = Duration::from_secs(2);

/// Copies events after its cursor from the outbox to one connection's Redis.
pub(super) struct Copier<'a> {
    store: &'a Store,
    connection: MultiplexedConnection,
    prefix: &'a str,
    epoch: Uuid,
    cursor: Positions,
}

impl<'a> Copier<'a> {
    /// Connects, and sets the cursor to what Redis has, but not further back than what Redis would keep.
    pub(super) async fn connect(
        store: &'a Store,
        client: &Client,
        prefix: &'a str,
    ) -> Result<Self, SourceFault> {
        let epoch = outbox::epoch(store.reader()).await?.ok_or(SourceFault::NotBegun)?;
        let connection = redis_stream::connect(client, Some(RESPONSE)).await?;
        let mut copier = Self { store, connection, prefix, epoch, cursor: Positions::default() };
        copier.rewind().await?;
        Ok(copier)
    }

    /// Copies one batch of every partition that has something new. Returns how many events.
    pub(super) async fn copy(&mut self) -> Result<usize, SourceFault> {
        let heads = Positions(outbox::heads(self.store.reader()).await?);
        let mut copied = 0;
        for (partition, head) in heads.iter() {
            let cursor = self.cursor.get(partition);
            if head > cursor {
                let events = self.read(partition, cursor).await?;
                copied += events.len();
                self.append(partition, &events).await?;
            }
        }
        Ok(copied)
    }

    /// Looks whether Redis still has what was copied, and goes back to copy what it lost.
    pub(super) async fn check(&mut self) -> Result<(), SourceFault> {
        let known = self.cursor;
        let tops = self.rewind().await?;
        for (partition, position) in known.iter() {
            if tops.get(partition) < position {
                tracing::warn!(partition = partition.number(), "redis lost events; they are copied again");
            }
        }
        Ok(())
    }

    /// Sets the cursor to what Redis has. Returns that.
    async fn rewind(&mut self) -> Result<Positions, SourceFault> {
        let mut tops = self.tops().await?;
        // In this order: the log can only be ahead of what was copied from it.
        let heads = Positions(outbox::heads(self.store.reader()).await?);
        for (partition, head) in heads.iter() {
            if tops.get(partition) > head {
                // The log was set back, or somebody else wrote here. Either way it is no copy of the log.
                tracing::error!(
                    partition = partition.number(),
                    "redis has positions the log has not; they are deleted"
                );
                let key = redis_stream::key(self.prefix, self.epoch, partition);
                redis::cmd("DEL").arg(key).exec_async(&mut self.connection).await?;
                tops.set(partition, 0);
            }
            self.cursor.set(partition, tops.get(partition).max(head.saturating_sub(WINDOW)));
        }
        Ok(tops)
    }

    async fn tops(&mut self) -> Result<Positions, SourceFault> {
        let mut pipeline = redis::pipe();
        pipeline.ignore_errors();
        for partition in Partition::all() {
            let key = redis_stream::key(self.prefix, self.epoch, partition);
            pipeline.cmd("XINFO").arg("STREAM").arg(key);
        }
        let answers: Vec<RedisResult<Value>> = pipeline.query_async(&mut self.connection).await?;
        let mut tops = Positions::default();
        for (partition, answer) in Partition::all().zip(answers) {
            match answer {
                Ok(answer) => {
                    let id = redis_stream::parse_last_id(answer).ok_or_else(unreadable)?;
                    tops.set(partition, id.position());
                }
                Err(error) if is_no_such_key(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(tops)
    }

    /// Reads the next events. Committed positions have no holes, but the oldest events are forgotten in time.
    async fn read(&self, partition: Partition, cursor: i64) -> Result<Vec<LoggedEvent>, SourceFault> {
        let mut events = outbox::read(self.store.reader(), partition, cursor, LIMIT).await?;
        if !is_contiguous(cursor, &events) {
            events = outbox::read(self.store.reader(), partition, cursor, LIMIT).await?;
            if !is_contiguous(cursor, &events) {
                // Readers see the hole by the positions, and ask the log themselves.
                tracing::warn!(partition = partition.number(), after = cursor, "the log has a hole");
            }
        }
        Ok(events)
    }

    async fn append(&mut self, partition: Partition, events: &[LoggedEvent]) -> Result<(), SourceFault> {
        let key = redis_stream::key(self.prefix, self.epoch, partition);
        let mut pipeline = redis::pipe();
        pipeline.ignore_errors();
        for event in events {
            pipeline.add_command(redis_stream::append(&key, event));
        }
        let answers: Vec<RedisResult<Value>> = pipeline.query_async(&mut self.connection).await?;
        for (event, answer) in events.iter().zip(answers) {
            match answer {
                Ok(_) => {}
                // It is there: another relay was faster, or we sent it before and lost the answer.
                Err(error) if is_refused_as_known(&error) => {
                    tracing::debug!(partition = partition.number(), position = event.position, "known");
                }
                Err(error) => return Err(error.into()),
            }
            self.cursor.advance(partition, event.position);
        }
        Ok(())
    }
}

fn is_contiguous(after: i64, events: &[LoggedEvent]) -> bool {
    events.iter().zip(after.saturating_add(1)..).all(|(event, expected)| event.position == expected)
}

/// Redis names neither of these errors by a code of its own.
fn is_no_such_key(error: &RedisError) -> bool {
    error.detail().is_some_and(|detail| detail.contains("no such key"))
}

fn is_refused_as_known(error: &RedisError) -> bool {
    error.detail().is_some_and(|detail| detail.contains("equal or smaller"))
}

fn unreadable() -> SourceFault {
    SourceFault::Redis((redis::ErrorKind::UnexpectedReturnType, "XINFO STREAM names no last id").into())
}
