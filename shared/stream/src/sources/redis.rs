use std::time::Duration;

use domain::events::{LoggedEvent, Partition};
use redis::aio::MultiplexedConnection;
use redis::{Client, Value};
use uuid::Uuid;

use super::SourceFault;
use crate::Positions;
use crate::redis_stream::{self, Entry, EntryId};

/// How many entries of one stream are read at once.
const COUNT: usize = 512;
/// How much longer than it blocks Redis may take to answer, before the connection counts as dead.
const GRACE: Duration = Duration::from_secs(2);

/// Reads the cache of the log in Redis, over a connection of its own: a blocked command would hold up all others.
pub struct RedisSource {
    client: Client,
    keys: Vec<(String, Partition)>,
    block: Duration,
    connection: Option<MultiplexedConnection>,
    /// Ids of entries nobody can read, to be passed over.
    passed_over: Vec<(Partition, EntryId)>,
    malformed: u64,
}

impl RedisSource {
    /// Reads from the Redis at `url`, in whose streams the log's life `epoch` is kept. Connects when first asked.
    pub fn new(url: &str, prefix: &str, epoch: Uuid, block: Duration) -> Result<Self, SourceFault> {
        Ok(Self {
            client: redis_stream::client(url)?,
            keys: Partition::all().map(|part| (redis_stream::key(prefix, epoch, part), part)).collect(),
            block,
            connection: None,
            passed_over: Vec::new(),
            malformed: 0,
        })
    }

    /// Returns events after the given positions; none where `block` passed without any. After a fault the next call
    /// connects anew.
    pub async fn next(&mut self, after: &Positions) -> Result<Vec<LoggedEvent>, SourceFault> {
        self.read(after, Some(self.block)).await
    }

    /// x
    pub async fn tops(&mut self) -> Result<Positions, SourceFault> {
        self.read(&Positions([i64::MAX; 32]), None).await.map(|_nothing_is_later| Positions([i64::MAX; 32]))
    }

    /// Forgets the connection and everything passed over.
    pub fn reset(&mut self) {
        self.connection = None;
        self.passed_over.clear();
    }

    /// Returns how many entries were passed over, because no relay wrote them.
    pub fn malformed(&self) -> u64 {
        self.malformed
    }

    async fn read(
        &mut self,
        after: &Positions,
        block: Option<Duration>,
    ) -> Result<Vec<LoggedEvent>, SourceFault> {
        let outcome = self.ask(after, block).await;
        if outcome.is_err() {
            // The answer may still come, and would be taken for that of the next question.
            self.connection = None;
        }
        let known = |name: &[u8]| {
            self.keys.iter().find(|(key, _)| key.as_bytes() == name).map(|(_, partition)| *partition)
        };
        let entries = redis_stream::parse_read(outcome?, known);
        let mut events = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry {
                Entry::Event(event) => events.push(event),
                Entry::Malformed(partition, id) => self.pass_over(partition, id),
            }
        }
        Ok(events)
    }

    async fn ask(&mut self, after: &Positions, block: Option<Duration>) -> Result<Value, SourceFault> {
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(COUNT);
        if let Some(block) = block {
            // Zero would mean for ever.
            command.arg("BLOCK").arg(u64::try_from(block.as_millis()).unwrap_or(u64::MAX).max(1));
        }
        command.arg("STREAMS");
        for (key, _) in &self.keys {
            command.arg(key);
        }
        for (partition, position) in after.iter() {
            command.arg(self.cursor(partition, position).to_string());
        }
        let client = &self.client;
        let connection = &mut self.connection;
        let asked = async {
            let connection = match connection {
                Some(connection) => connection,
                None => connection.insert(redis_stream::connect(client, None).await?),
            };
            command.query_async(connection).await
        };
        match tokio::time::timeout(block.unwrap_or_default() + GRACE, asked).await {
            Ok(answer) => Ok(answer?),
            Err(_elapsed) => Err(SourceFault::TimedOut),
        }
    }

    fn cursor(&self, partition: Partition, position: i64) -> EntryId {
        let passed = self.passed_over.iter().filter(|(part, _)| *part == partition).map(|(_, id)| *id);
        passed.fold(EntryId::of(position), Ord::max)
    }

    fn pass_over(&mut self, partition: Partition, id: Option<EntryId>) {
        self.malformed = self.malformed.saturating_add(1);
        tracing::warn!(
            partition = partition.number(),
            id = id.map(tracing::field::display),
            "an entry that no relay wrote is passed over"
        );
        if let Some(id) = id {
            self.passed_over.retain(|(part, _)| *part != partition);
            self.passed_over.push((partition, id));
        }
    }
}
