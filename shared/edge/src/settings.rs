//! The settings that several programs share, each declared once.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use platform::config::{CommaSeparated, Environment, Faulty};
use platform::origin::Origin;
use platform::service_url::{DatabaseUrl, RedisUrl};
use platform::telemetry::{Format, LogFilter};
use url::Url;

use crate::LoopbackOrigins;

/// The settings of an [`Edge`](crate::Edge).
#[derive(Debug, Clone)]
pub struct Settings {
    /// The URL that clients use, without a trailing slash. The `type` of a problem begins with it.
    pub public_url: String,
    /// Other origins whose pages may call the service.
    pub allowed_origins: Vec<Origin>,
    /// Whether pages of every loopback origin may call the service.
    pub loopback_origins: LoopbackOrigins,
    /// Addresses of the proxies whose `X-Real-IP` header is trusted.
    pub trusted_proxies: Vec<IpAddr>,
    /// The limits on requests.
    pub limits: Limits,
}

/// The limits on requests.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Largest number of requests in flight; further requests are answered with 503. Health checks are not
    /// counted. A socket is counted only until its handshake is answered.
    pub in_flight: usize,
    /// Longest time from the complete request to its answer; then it is answered with 503. Longer than the deadline of
    /// the store for one statement (3 s) and shorter than that of the proxy (10 s), so that the innermost limit reports
    /// the cause.
    pub deadline: Duration,
    /// Longest time from the end of the headers to the end of the body; then the request is answered with 408.
    pub body: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { in_flight: 256, deadline: Duration::from_secs(5), body: Duration::from_secs(10) }
    }
}

impl Settings {
    /// Returns settings that allow no other origin and trust no proxy.
    pub fn new(public_url: impl Into<String>) -> Self {
        Self {
            public_url: public_url.into(),
            allowed_origins: Vec::new(),
            loopback_origins: LoopbackOrigins::Listed,
            trusted_proxies: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// Reads the settings of a program of the services mode.
    pub fn from_environment(environment: &mut Environment) -> Result<Self, Faulty> {
        let public_url = environment.required::<PublicUrl>(
            "ORGO_PUBLIC_URL",
            "https://api.example.com",
            "The URL that clients use, without a path",
        );
        let allowed_origins = allowed_origins(environment);
        let trusted_proxies = environment.or_default::<CommaSeparated<IpAddr>>(
            "ORGO_TRUSTED_PROXIES",
            "",
            "Addresses of the proxies whose X-Real-IP header is trusted, separated by commas",
        );
        Ok(Self {
            allowed_origins: allowed_origins?,
            trusted_proxies: trusted_proxies?.0,
            ..Self::new(public_url?.0)
        })
    }
}

/// Reads the origins, besides that of the public URL, whose pages may call the service.
pub fn allowed_origins(environment: &mut Environment) -> Result<Vec<Origin>, Faulty> {
    let origins = environment.or_default::<CommaSeparated<Origin>>(
        "ORGO_ALLOWED_ORIGINS",
        "",
        "Other origins whose pages may call the API and open sockets, separated by commas",
    );
    origins.map(|origins| origins.0)
}

/// The URLs of the database and of Redis.
pub struct Stores {
    /// The URL of the database.
    pub database_url: String,
    /// The URL of Redis.
    pub redis_url: String,
}

impl Stores {
    /// Reads the settings of a program of the services mode.
    pub fn from_environment(environment: &mut Environment) -> Result<Self, Faulty> {
        let database_url = environment.required::<DatabaseUrl>(
            "ORGO_DATABASE_URL",
            "postgres://orgo@127.0.0.1/orgo",
            "The URL of the database",
        );
        let redis_url =
            environment.required::<RedisUrl>("ORGO_REDIS_URL", "redis://127.0.0.1:6379", "The URL of Redis");
        Ok(Self { database_url: database_url?.into(), redis_url: redis_url?.into() })
    }
}

/// The log filter and the log format of a program.
#[derive(Debug, Clone)]
pub struct Logging {
    /// Filter of the log.
    pub filter: LogFilter,
    /// Format of the log lines.
    pub format: Format,
}

impl Logging {
    /// Reads the settings. The default filter differs between programs.
    pub fn from_environment(environment: &mut Environment, filter: &'static str) -> Result<Self, Faulty> {
        let filter =
            environment.or_default("ORGO_LOG", filter, "The log filter, in the syntax of tracing-subscriber");
        let format = environment.or_default("ORGO_LOG_FORMAT", "text", "The log format: text or json");
        Ok(Self { filter: filter?, format: format? })
    }
}

/// A URL with scheme, host and port only.
struct PublicUrl(String);

#[derive(Debug)]
struct NotAPublicUrl;

impl std::fmt::Display for NotAPublicUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("must be an http or https URL without path, query and fragment")
    }
}

impl FromStr for PublicUrl {
    type Err = NotAPublicUrl;

    fn from_str(text: &str) -> Result<Self, NotAPublicUrl> {
        let url = Url::parse(text).map_err(|_not_a_url| NotAPublicUrl)?;
        let is_bare = matches!(url.scheme(), "http" | "https")
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if is_bare { Ok(Self(url.origin().ascii_serialization())) } else { Err(NotAPublicUrl) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_url_is_a_bare_origin() {
        let read = |text: &str| text.parse::<PublicUrl>().map(|url| url.0).ok();
        assert_eq!(read("https://orgo.example:443/").as_deref(), Some("https://orgo.example"));
        assert_eq!(read("http://[::1]:8088").as_deref(), Some("http://[::1]:8088"));
        for bad in [
            "ftp://api.example.com",
            "https://api.example.com/v1",
            "https://api.example.com/?x=1",
            "https://user@api.example.com",
            "api.example.com",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        let wrong = [
            ("ORGO_ALLOWED_ORIGINS", "https://app.example.com,*"),
            ("ORGO_DATABASE_URL", "mysql://localhost"),
            ("ORGO_LOG", "sqlx=loud"),
            ("ORGO_LOG_FORMAT", "xml"),
            ("ORGO_PUBLIC_URL", "orgo"),
            ("ORGO_REDIS_URL", "http://localhost"),
            ("ORGO_TRUSTED_PROXIES", "nginx"),
        ];
        let mut environment = Environment::from_pairs(wrong);
        assert!(Settings::from_environment(&mut environment).is_err());
        assert!(Stores::from_environment(&mut environment).is_err());
        assert!(Logging::from_environment(&mut environment, "info").is_err());
        let faults = environment.finish().unwrap_err().to_string();
        let mut named: Vec<_> = faults.lines().filter_map(|line| line.split(':').next()).collect();
        named.sort_unstable();
        assert_eq!(named, wrong.map(|(name, _)| name));
    }
}
