use std::time::Duration;

use domain::events::{LoggedEvent, Partition};
use redis::aio::MultiplexedConnection;
use redis::{Client, RedisError};
use uuid::Uuid;

use super::SourceFault;
use crate::Positions;
use crate::pace::Pace;
use crate::redis_stream::{self, Entry, EntryId};

/// Largest number of entries of one stream that are read at once.
const COUNT: usize = 512;
/// Deadline of an answer, beyond the time for which the command blocks. The connection counts as dead after it.
const GRACE: Duration = Duration::from_secs(2);

/// Reads the copy of the outbox in Redis Streams. Has a connection of its own, because a blocking command delays all
/// other commands on its connection.
pub struct RedisSource {
    client: Client,
    prefix: String,
    epoch: Uuid,
    keys: Vec<(String, Partition)>,
    block: Duration,
    connection: Option<MultiplexedConnection>,
    /// Ids of the last entries that could not be read. Reading continues after them.
    skipped: Vec<(Partition, EntryId)>,
    malformed: u64,
    pace: Pace,
}

impl RedisSource {
    /// Reads the streams of an epoch in the Redis at `url`, whose keys begin with `prefix`. Connects on the first call of
    /// another function. Fails only if the URL is malformed.
    pub fn new(url: &str, prefix: &str, epoch: Uuid, block: Duration) -> Result<Self, SourceFault> {
        Ok(Self {
            client: redis_stream::client(url)?,
            prefix: prefix.to_owned(),
            epoch,
            keys: Partition::all().map(|part| (redis_stream::key(prefix, epoch, part), part)).collect(),
            block,
            connection: None,
            skipped: Vec::new(),
            malformed: 0,
            pace: Pace::default(),
        })
    }

    /// Returns events after the given positions; an empty list if there were none for `block`. After a fault the next
    /// call connects again; so does the next call after a cancelled one.
    pub async fn next(&mut self, after: &Positions) -> Result<Vec<LoggedEvent>, SourceFault> {
        self.pace.next_round().await;
        let command = self.read_command(after);
        let connecting = self.take_connection();
        let asked = async {
            let mut connection = connecting.await?;
            let answer = command.query_async(&mut connection).await?;
            Ok((connection, answer))
        };
        let answer = self.keep_connection(self.block, asked).await?;
        let known = |name: &[u8]| {
            self.keys.iter().find(|(key, _)| key.as_bytes() == name).map(|(_, partition)| *partition)
        };
        let entries = redis_stream::parse_read(answer, known);
        let mut events = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry {
                Entry::Event(event) => events.push(event),
                Entry::Malformed(partition, id) => self.skip(partition, id),
            }
        }
        Ok(events)
    }

    /// Returns the last position of every stream, without waiting for events; 0 if the stream does not exist. A reader
    /// of the outbox returns to Redis when the streams have reached its own positions.
    pub async fn tops(&mut self) -> Result<Positions, SourceFault> {
        let (prefix, epoch) = (self.prefix.clone(), self.epoch);
        let connecting = self.take_connection();
        let asked = async {
            let mut connection = connecting.await?;
            let tops = redis_stream::tops(&mut connection, &prefix, epoch).await?;
            Ok((connection, tops.positions))
        };
        self.keep_connection(Duration::ZERO, asked).await
    }

    /// Closes the connection and forgets which entries could not be read.
    pub fn reset(&mut self) {
        self.connection = None;
        self.skipped.clear();
    }

    /// Returns the number of entries that were skipped because they were not written by a relay.
    pub fn malformed(&self) -> u64 {
        self.malformed
    }

    fn read_command(&self, after: &Positions) -> redis::Cmd {
        let mut command = redis::cmd("XREAD");
        // Zero would block without limit.
        let block = u64::try_from(self.block.as_millis()).unwrap_or(u64::MAX).max(1);
        command.arg("COUNT").arg(COUNT).arg("BLOCK").arg(block).arg("STREAMS");
        for (key, _) in &self.keys {
            command.arg(key);
        }
        for (partition, position) in after.iter() {
            command.arg(self.last_read(partition, position).to_string());
        }
        command
    }

    /// Takes the connection out, or opens one. It is put back only after a complete answer: a late answer to a failed
    /// or cancelled command would be taken for the answer to the next one.
    fn take_connection(&mut self) -> impl Future<Output = Result<MultiplexedConnection, RedisError>> + use<> {
        let (connection, client) = (self.connection.take(), self.client.clone());
        async move {
            match connection {
                Some(connection) => Ok(connection),
                None => redis_stream::connect(&client, None).await,
            }
        }
    }

    /// Waits for an answer, at most `block` and a grace period, and puts its connection back.
    async fn keep_connection<T>(
        &mut self,
        block: Duration,
        asked: impl Future<Output = Result<(MultiplexedConnection, T), RedisError>>,
    ) -> Result<T, SourceFault> {
        let answered = tokio::time::timeout(block.saturating_add(GRACE), asked).await;
        let (connection, answer) = answered.map_err(|_elapsed| SourceFault::TimedOut)??;
        self.connection = Some(connection);
        Ok(answer)
    }

    fn last_read(&self, partition: Partition, position: i64) -> EntryId {
        let skipped = self.skipped.iter().filter(|(part, _)| *part == partition).map(|(_, id)| *id);
        skipped.fold(EntryId::of(position), Ord::max)
    }

    fn skip(&mut self, partition: Partition, id: Option<EntryId>) {
        self.malformed = self.malformed.saturating_add(1);
        tracing::warn!(
            partition = partition.number(),
            id = id.map(tracing::field::display),
            "skipped an entry that no relay wrote"
        );
        if let Some(id) = id {
            self.skipped.retain(|(part, _)| *part != partition);
            self.skipped.push((partition, id));
        }
    }
}
