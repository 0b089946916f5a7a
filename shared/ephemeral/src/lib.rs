#![doc = include_str!("../README.md")]

pub mod in_process;
pub mod rate_limits;
pub mod redis_form;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use domain::Clock;

use in_process::InProcessForm;
pub use rate_limits::{Allowance, RateLimit};
use redis_form::RedisForm;

/// State that lives for seconds or minutes. Clones share it.
#[derive(Clone)]
pub enum Ephemeral {
    /// Shared by all processes that use the same Redis server and prefix.
    Redis(RedisForm),
    /// Local to this process.
    InProcess(InProcessForm),
}

/// Result of [`Ephemeral::put_new`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// The value was stored.
    New,
    /// A value existed already and was kept.
    Existed,
}

/// Error of a call.
#[derive(Debug, thiserror::Error)]
pub enum EphemeralError {
    /// The URL of Redis cannot be parsed.
    #[error("the address of Redis is not right")]
    BadUrl(#[source] Box<dyn Error + Send + Sync>),
    /// Redis did not answer in time, or answered with an error.
    #[error("short-lived state is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

impl Ephemeral {
    /// Creates state on the Redis server at `url`. Every key begins with `prefix`. Connects at the first call.
    pub fn redis(url: &str, prefix: &str) -> Result<Self, EphemeralError> {
        RedisForm::new(url, prefix).map(Self::Redis)
    }

    /// Creates state in this process. `clock` decides when entries expire.
    pub fn in_process(clock: Arc<dyn Clock>) -> Self {
        Self::InProcess(InProcessForm::new(clock))
    }

    /// Stores a value for `ttl` (whole milliseconds, at least one), unless the key already has one.
    pub async fn put_new(&self, key: &str, value: &str, ttl: Duration) -> Result<Stored, EphemeralError> {
        match self {
            Self::Redis(form) => form.put_new(key, value, ttl).await,
            Self::InProcess(form) => form.put_new(key, value, ttl),
        }
    }

    /// Removes and returns the value of the key. Of several concurrent calls, one gets it.
    pub async fn take(&self, key: &str) -> Result<Option<String>, EphemeralError> {
        match self {
            Self::Redis(form) => form.take(key).await,
            Self::InProcess(form) => Ok(form.take(key)),
        }
    }

    /// Counts one use by `key` against `limit` and returns whether it is allowed. A refused use is not counted.
    pub async fn check(&self, limit: &RateLimit, key: &str) -> Result<Allowance, EphemeralError> {
        match self {
            Self::Redis(form) => form.check(limit, key).await,
            Self::InProcess(form) => form.check(limit, key),
        }
    }

    /// Checks that the state can be reached.
    pub async fn ping(&self) -> Result<(), EphemeralError> {
        match self {
            Self::Redis(form) => form.ping().await,
            Self::InProcess(_) => Ok(()),
        }
    }
}
