mod outbox;
mod redis;

use domain::events::LoggedEvent;
use store::StoreError;

pub use self::outbox::OutboxSource;
pub use self::redis::RedisSource;
use crate::Positions;

/// Failure of a source of events, or of the relay.
#[derive(Debug, thiserror::Error)]
pub enum SourceFault {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Redis failed, or its URL is malformed.
    #[error("redis: {0}")]
    Redis(#[from] ::redis::RedisError),
    /// The outbox has begun a new epoch. Readers continue under its name.
    #[error("the outbox has begun a new epoch: {0}")]
    Restarted(uuid::Uuid),
    /// The outbox holds another event at the reader's position in a partition: the database has lost commits. A
    /// comparison of the reader begins a new epoch.
    #[error("the outbox has another history than its reader, in partition {0}")]
    Diverged(u8),
    /// Redis did not answer within the deadline.
    #[error("redis did not answer in time")]
    TimedOut,
}

/// A source of events.
pub enum EventSource {
    /// The copy of the outbox in Redis Streams.
    Redis(Box<RedisSource>),
    /// The outbox table.
    Outbox(OutboxSource),
}

impl EventSource {
    /// Returns events after the given positions, in order within each partition; an empty list if none arrived in time.
    /// Positions may be missing: the caller checks them. At most 250 calls a second reach the database or
    /// Redis.
    pub async fn next(&mut self, after: &Positions) -> Result<Vec<LoggedEvent>, SourceFault> {
        match self {
            Self::Redis(source) => source.next(after).await,
            Self::Outbox(source) => source.next(after).await,
        }
    }
}
