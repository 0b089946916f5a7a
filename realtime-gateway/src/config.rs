//! The settings of the gateway binary.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use identity::resume_keys::load_resume_key;
use platform::config::{CommaSeparated, ConfigFaults, Environment};
use platform::origin::Origin;
use platform::service_url::{DatabaseUrl, RedisUrl};
use platform::telemetry::{Format, LogFilter};
use url::Url;

use crate::handshake::origin_of;
use crate::{Limits, Settings, Source, Timing};

/// Everything the gateway binary is told.
pub struct GatewayConfig {
    /// The database.
    pub database_url: String,
    /// The Redis of tickets and of the log's cache.
    pub redis_url: String,
    /// Where to listen.
    pub listen: SocketAddr,
    /// How clients reach us.
    pub public_url: Url,
    /// Whose scripts may open sockets, beside the origin of the public URL.
    pub allowed_origins: Vec<String>,
    /// The file with the key of resume tokens: the only key the gateway needs.
    pub resume_key_file: PathBuf,
    /// The peers whose `X-Real-IP` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// What is logged.
    pub log: LogFilter,
    /// How it is logged.
    pub log_format: Format,
}

impl GatewayConfig {
    /// Reads the settings, and finds every fault in them at once.
    pub fn from_environment(environment: &mut Environment) -> Result<Self, ConfigFaults> {
        let database_url = environment.required::<DatabaseUrl>(
            "ORGO_DATABASE_URL",
            "postgres://orgo@127.0.0.1/orgo",
            "The database",
        );
        let redis_url =
            environment.required::<RedisUrl>("ORGO_REDIS_URL", "redis://127.0.0.1:6379", "The Redis");
        let listen =
            environment.or_default("ORGO_GATEWAY_LISTEN", "127.0.0.1:8082", "Where the gateway listens");
        let public_url = environment.or_default::<Url>(
            "ORGO_PUBLIC_URL",
            "http://127.0.0.1:8088",
            "The address by which clients reach the service",
        );
        let origins = environment.optional::<CommaSeparated<Origin>>(
            "ORGO_ALLOWED_ORIGINS",
            "https://orgo.example,https://www.orgo.example",
            "Other origins whose pages may use the service",
        );
        let resume_key_file = environment.required_file(
            "ORGO_RESUME_KEY_FILE",
            "/etc/orgo/resume.key",
            "The file with the key of resume tokens, which `api-service keys` makes",
            |file| load_resume_key(file).map(|_usable| file.to_owned()),
        );
        let proxies = environment.optional::<CommaSeparated<IpAddr>>(
            "ORGO_TRUSTED_PROXIES",
            "127.0.0.1",
            "The peers whose X-Real-IP is believed",
        );
        let log = environment.or_default("ORGO_LOG", "info", "What is logged, as a filter of tracing");
        let log_format = environment.or_default("ORGO_LOG_FORMAT", "text", "How it is logged: text or json");
        environment.finish()?;
        Ok(Self {
            database_url: database_url?.into(),
            redis_url: redis_url?.into(),
            listen: listen?,
            public_url: public_url?,
            allowed_origins: origins?
                .map_or_else(Vec::new, |list| list.0.into_iter().map(String::from).collect()),
            resume_key_file: resume_key_file?,
            trusted_proxies: proxies?.map_or_else(Vec::new, |list| list.0),
            log: log?,
            log_format: log_format?,
        })
    }

    /// Returns how the gateway is set up by these settings.
    pub fn settings(&self) -> Settings {
        let mut allowed_origins = self.allowed_origins.clone();
        allowed_origins.push(origin_of(&self.public_url));
        Settings {
            source: Source::Redis { url: self.redis_url.clone(), prefix: stream::PREFIX.to_owned() },
            public_url: self.public_url.as_str().trim_end_matches('/').to_owned(),
            allowed_origins,
            trusted_proxies: self.trusted_proxies.clone(),
            limits: Limits::default(),
            timing: Timing::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use identity::resume_keys::write_resume_key;
    use identity::secrets::MasterSecret;

    use super::*;

    const NEEDED: [(&str, &str); 2] =
        [("ORGO_DATABASE_URL", "postgres://localhost/orgo"), ("ORGO_REDIS_URL", "redis://localhost")];

    /// A key file of one test; removed with it.
    struct KeyFile(PathBuf);

    impl Drop for KeyFile {
        fn drop(&mut self) {
            std::fs::remove_file(&self.0).unwrap();
        }
    }

    fn read<const N: usize>(more: [(&str, &str); N]) -> Result<GatewayConfig, String> {
        let name = format!("orgo-gateway-key-{:?}", std::thread::current().id());
        let file = KeyFile(std::env::temp_dir().join(format!("{name}-{}", std::process::id())));
        let secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        write_resume_key(&file.0, &MasterSecret::from_hex(secret).unwrap()).unwrap();
        let key = ("ORGO_RESUME_KEY_FILE", file.0.to_str().unwrap());
        let pairs = NEEDED.into_iter().chain([key]).chain(more);
        GatewayConfig::from_environment(&mut Environment::from_pairs(pairs))
            .map_err(|faults| faults.to_string())
    }

    #[test]
    fn the_origin_of_the_public_url_is_always_allowed() {
        let config = read([
            ("ORGO_PUBLIC_URL", "https://orgo.example:443/"),
            ("ORGO_ALLOWED_ORIGINS", "https://other.example:8443"),
        ])
        .unwrap();
        let settings = config.settings();
        assert_eq!(settings.allowed_origins, ["https://other.example:8443", "https://orgo.example"]);
        assert_eq!(settings.public_url, "https://orgo.example");
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let faults = read([
            ("ORGO_GATEWAY_LISTEN", "nowhere"),
            ("ORGO_ALLOWED_ORIGINS", "https://other.example/path"),
            ("ORGO_DATABASE_URL", "mysql://localhost/s3cret"),
            ("ORGO_LOG", "sqlx=s3cret"),
            ("ORGO_REDIS_URL", "http://:s3cret@localhost"),
            ("ORGO_RESUME_KEY_FILE", "s3cret"),
            ("ORGO_TRUSTED_PROXIES", "nginx"),
            ("ORGO_GATEWAY_LISTN", "127.0.0.1:1"),
        ])
        .err()
        .unwrap();
        assert_eq!(faults.lines().count(), 8, "{faults}");
        assert!(!faults.contains("s3cret"), "{faults}");
        let nothing = Environment::from_pairs::<String, String>([]);
        let faults = GatewayConfig::from_environment(&mut { nothing }).err().unwrap().to_string();
        assert_eq!(faults.lines().count(), NEEDED.len() + 1, "{faults}");
    }
}
