//! URLs of PostgreSQL, SQLite and Redis. Parsing checks their form and opens no connection.

use std::str::FromStr;

use url::Url;

/// The URL of a database: `postgres://…` or `sqlite://…`. No `Debug`, because it may contain a password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

/// The URL of Redis: `redis://…`, `rediss://…` or `unix://…`. No `Debug`, because it may contain a password.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl(String);

/// Error: the text is not the URL of a supported service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAServiceUrl {
    /// The text is not the URL of a supported database.
    #[error("must be a URL that begins with postgres:// or sqlite://")]
    Database,
    /// The text is not the URL of a Redis server.
    #[error("must be a URL that begins with redis://, rediss:// or unix://")]
    Redis,
}

impl FromStr for DatabaseUrl {
    type Err = NotAServiceUrl;

    fn from_str(text: &str) -> Result<Self, NotAServiceUrl> {
        // The path of a SQLite database may not parse as a URL: `sqlite::memory:`.
        if text.starts_with("sqlite:") || is_url(text, &["postgres", "postgresql"]) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAServiceUrl::Database)
        }
    }
}

impl FromStr for RedisUrl {
    type Err = NotAServiceUrl;

    fn from_str(text: &str) -> Result<Self, NotAServiceUrl> {
        if is_url(text, &["redis", "rediss", "unix", "redis+unix"]) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAServiceUrl::Redis)
        }
    }
}

impl From<DatabaseUrl> for String {
    fn from(url: DatabaseUrl) -> Self {
        url.0
    }
}

impl From<RedisUrl> for String {
    fn from(url: RedisUrl) -> Self {
        url.0
    }
}

fn is_url(text: &str, schemes: &[&str]) -> bool {
    let starts =
        schemes.iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| rest.starts_with("://")));
    starts && Url::parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_supported_databases_are_accepted() {
        for good in [
            "postgres://orgo:s3cret@db:5432/orgo",
            "postgresql://db/orgo",
            "sqlite:///a/b.db",
            "sqlite::memory:",
        ] {
            assert!(good.parse::<DatabaseUrl>().is_ok(), "{good}");
        }
        for bad in ["mysql://db/orgo", "db", "postgres:db", "postgres://db:port/orgo"] {
            assert_eq!(bad.parse::<DatabaseUrl>().err(), Some(NotAServiceUrl::Database), "{bad}");
        }
    }

    #[test]
    fn only_redis_urls_are_accepted() {
        for good in ["redis://:s3cret@cache:6379/", "rediss://cache", "unix:///run/redis.sock"] {
            assert!(good.parse::<RedisUrl>().is_ok(), "{good}");
        }
        for bad in ["http://cache", "cache:6379", "redis://cache:port"] {
            assert_eq!(bad.parse::<RedisUrl>().err(), Some(NotAServiceUrl::Redis), "{bad}");
        }
    }
}
