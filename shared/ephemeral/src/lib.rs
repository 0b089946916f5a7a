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

/// State that lives for seconds or minutes. Its clones are the same state.
#[derive(Clone)]
pub enum Ephemeral {
    /// Shared by all processes that use the same Redis and prefix.
    Redis(RedisForm),
    /// This process's own.
    InProcess(InProcessForm),
}

/// What became of a value that was to be put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is there now.
    New,
    /// There was one already, which stays.
    Existed,
}

/// The state cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum EphemeralError {
    /// The address of Redis cannot be read.
    #[error("the address of Redis is not right")]
    BadUrl(#[source] Box<dyn Error + Send + Sync>),
    /// It did not answer in time, or it answered with an error.
    #[error("short-lived state is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

impl Ephemeral {
    /// Returns the form on the Redis at `url`. Every key begins with `prefix`. Connects at the first call.
    pub fn redis(url: &str, prefix: &str) -> Result<Self, EphemeralError> {
        RedisForm::new(url, prefix).map(Self::Redis)
    }

    /// Returns the form in this process, whose time is that of `clock`.
    pub fn in_process(clock: Arc<dyn Clock>) -> Self {
        Self::InProcess(InProcessForm::new(clock))
    }

    /// Puts a value for `ttl` (whole milliseconds, one at least), unless there is one under that key.
    pub async fn put_new(&self, key: &str, value: &str, ttl: Duration) -> Result<Stored, EphemeralError> {
        match self {
            Self::Redis(form) => form.put_new(key, value, ttl).await,
            Self::InProcess(form) => form.put_new(key, value, ttl),
        }
    }

    /// Takes the value under that key away. Of many who take at once, one gets it.
    pub async fn take(&self, key: &str) -> Result<Option<String>, EphemeralError> {
        match self {
            Self::Redis(form) => form.take(key).await,
            Self::InProcess(form) => Ok(form.take(key)),
        }
    }

    /// Counts one use by `key` against `limit`, and tells whether it is allowed. A refused use costs nothing.
    pub async fn check(&self, limit: &RateLimit, key: &str) -> Result<Allowance, EphemeralError> {
        match self {
            Self::Redis(form) => form.check(limit, key).await,
            Self::InProcess(form) => form.check(limit, key),
        }
    }

    /// Tells whether the state can be reached.
    pub async fn ping(&self) -> Result<(), EphemeralError> {
        match self {
            Self::Redis(form) => form.ping().await,
            Self::InProcess(_) => Ok(()),
        }
    }
}
