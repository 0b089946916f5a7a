mod outbox;
mod redis;

use domain::events::LoggedEvent;
use store::StoreError;

pub use self::outbox::OutboxSource;
pub use self::redis::RedisSource;
use crate::Positions;

/// Why a source has nothing to tell.
#[derive(Debug, thiserror::Error)]
pub enum SourceFault {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Redis failed, or its URL is none.
    #[error("redis: {0}")]
    Redis(#[from] ::redis::RedisError),
    /// The log has no epoch yet: nobody has opened it.
    #[error("the log has not begun")]
    NotBegun,
    /// Redis did not answer at all.
    #[error("redis did not answer in time")]
    TimedOut,
}

/// Where events come from.
pub enum EventSource {
    /// The cache of the log in Redis Streams.
    Redis(Box<RedisSource>),
    /// The log itself.
    Outbox(OutboxSource),
}

impl EventSource {
    /// Returns events after the given positions, in order in each partition; none where a while passed without any. It
    /// may leave holes: who reads compares the positions.
    pub async fn next(&mut self, after: &Positions) -> Result<Vec<LoggedEvent>, SourceFault> {
        match self {
            Self::Redis(source) => source.next(after).await,
            Self::Outbox(source) => source.next(after).await,
        }
    }
}
