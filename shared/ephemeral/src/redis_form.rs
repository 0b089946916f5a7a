//! The implementation on Redis, shared by all processes.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::{Connection, Manager, Pool, Runtime};
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, FromRedisValue, IntoConnectionInfo, Script, cmd};

use crate::{Allowance, EphemeralError, RateLimit, Stored};

/// Largest number of connections of one process.
const CONNECTIONS: usize = 16;
/// Longest time for a connection to be acquired, opened or checked, and for an answer.
const STEP: Duration = Duration::from_secs(1);
/// Longest time for a whole call.
const DEADLINE: Duration = Duration::from_secs(2);
/// Longest time to live that Redis is asked for: about thirty years.
const LONGEST_TTL: u64 = 1_000_000_000_000;

/// State on a Redis server. Clones share one pool of connections.
#[derive(Clone)]
pub struct RedisForm {
    pool: Pool,
    prefix: Arc<str>,
    count_use: Arc<Script>,
}

impl RedisForm {
    pub(crate) fn new(url: &str, prefix: &str) -> Result<Self, EphemeralError> {
        let address = url.into_connection_info().map_err(|error| EphemeralError::BadUrl(error.into()))?;
        let address = address.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(STEP)).set_response_timeout(Some(STEP));
        let manager = Manager::new_with_config(address, config)
            .map_err(|error| EphemeralError::BadUrl(error.into()))?;
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .wait_timeout(Some(STEP))
            .create_timeout(Some(STEP))
            .recycle_timeout(Some(STEP))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| EphemeralError::BadUrl(error.into()))?;
        Ok(Self {
            pool,
            prefix: prefix.into(),
            count_use: Arc::new(Script::new(include_str!("count_use.lua"))),
        })
    }

    pub(crate) async fn put_new(
        &self,
        key: &str,
        value: &str,
        ttl: Duration,
    ) -> Result<Stored, EphemeralError> {
        let mut set = cmd("SET");
        set.arg(self.key(key)).arg(value).arg("NX").arg("PX").arg(milliseconds(ttl));
        let stored: Option<String> = self.ask(&set).await?;
        Ok(if stored.is_some() { Stored::New } else { Stored::Existed })
    }

    pub(crate) async fn take(&self, key: &str) -> Result<Option<String>, EphemeralError> {
        self.ask(cmd("GETDEL").arg(self.key(key))).await
    }

    pub(crate) async fn check(&self, limit: &RateLimit, key: &str) -> Result<Allowance, EphemeralError> {
        let mut invocation = self.count_use.key(self.key(&format!("limit:{}:{key}", limit.name)));
        invocation.arg(limit.interval()).arg(limit.window());
        let invocation = &invocation;
        let (granted, microseconds): (i64, i64) = self
            .within_deadline(async |mut connection: Connection| {
                Ok(invocation.invoke_async(&mut connection).await?)
            })
            .await?;
        Ok(if granted == 1 { limit.granted(microseconds) } else { RateLimit::refused(microseconds) })
    }

    pub(crate) async fn ping(&self) -> Result<(), EphemeralError> {
        self.ask::<String>(&cmd("PING")).await.map(|_pong| ())
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    async fn ask<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, EphemeralError> {
        self.within_deadline(async |mut connection: Connection| {
            Ok(command.query_async(&mut connection).await?)
        })
        .await
    }

    async fn within_deadline<T>(
        &self,
        call: impl AsyncFnOnce(Connection) -> Result<T, Box<dyn Error + Send + Sync>>,
    ) -> Result<T, EphemeralError> {
        let answer = tokio::time::timeout(DEADLINE, async { call(self.pool.get().await?).await });
        match answer.await {
            Ok(answer) => answer.map_err(EphemeralError::Unavailable),
            Err(elapsed) => Err(EphemeralError::Unavailable(elapsed.into())),
        }
    }
}

fn milliseconds(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(LONGEST_TTL).clamp(1, LONGEST_TTL)
}
