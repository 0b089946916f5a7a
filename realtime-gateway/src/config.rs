//! The settings of the gateway program.

use std::net::SocketAddr;
use std::path::PathBuf;

use edge::health::HealthListen;
use edge::settings::{Logging, Stores};
use identity::secrets::load_secret;
use platform::config::{ConfigFaults, Environment};

use crate::{Limits, Settings, Source, Timing};

/// The settings of the gateway program.
pub struct GatewayConfig {
    /// The database, and the Redis of tickets and of the event log's cache.
    pub stores: Stores,
    /// Where the gateway listens.
    pub listen: SocketAddr,
    /// Where health checks have a listener of their own.
    pub health_listen: HealthListen,
    /// The settings of the HTTP edge.
    pub edge: edge::Settings,
    /// The file with the secret behind resume tokens.
    pub secret_file: PathBuf,
    /// What is logged, and how.
    pub logging: Logging,
}

impl GatewayConfig {
    /// Reads and checks every setting. Every fault is reported at once.
    pub fn from_environment(environment: &mut Environment) -> Result<Self, ConfigFaults> {
        let stores = Stores::from_environment(environment);
        let listen =
            environment.or_default("ORGO_GATEWAY_LISTEN", "127.0.0.1:8082", "Where the gateway listens.");
        let health_listen = environment.or_default(
            "ORGO_GATEWAY_HEALTH_LISTEN",
            "127.0.0.1:8182",
            "Where the gateway answers health checks on connections of their own; or off.",
        );
        let edge = edge::Settings::from_environment(environment);
        let secret_file = environment.required_file(
            "ORGO_SECRET_FILE",
            "/run/secrets/secret.hex",
            "The file with the secret that other keys are derived from: 32 random bytes or more, as hex.",
            |file| load_secret(file).map(|_usable| file.to_owned()),
        );
        let logging = Logging::from_environment(environment, "info");
        environment.finish()?;
        Ok(Self {
            stores: stores?,
            listen: listen?,
            health_listen: health_listen?,
            edge: edge?,
            secret_file: secret_file?,
            logging: logging?,
        })
    }

    /// Returns the settings of the gateway.
    pub fn settings(&self) -> Settings {
        let url = self.stores.redis_url.clone();
        Settings {
            source: Source::Redis { url, prefix: stream::PREFIX.to_owned() },
            edge: self.edge.clone(),
            limits: Limits::default(),
            timing: Timing::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use identity::secrets::load_or_create_secret;

    use super::*;

    const NEEDED: [(&str, &str); 3] = [
        ("ORGO_DATABASE_URL", "postgres://localhost/orgo"),
        ("ORGO_PUBLIC_URL", "http://127.0.0.1:8088"),
        ("ORGO_REDIS_URL", "redis://localhost"),
    ];

    /// A secret of one test's own; gone with it.
    struct SecretFile(PathBuf);

    impl Drop for SecretFile {
        fn drop(&mut self) {
            std::fs::remove_file(&self.0).unwrap();
        }
    }

    fn read<const N: usize>(more: [(&str, &str); N]) -> Result<GatewayConfig, String> {
        let name = format!("orgo-gateway-secret-{:?}", std::thread::current().id());
        let file = SecretFile(std::env::temp_dir().join(format!("{name}-{}", std::process::id())));
        load_or_create_secret(&file.0).unwrap();
        let secret = ("ORGO_SECRET_FILE", file.0.to_str().unwrap());
        let pairs = NEEDED.into_iter().chain([secret]).chain(more);
        GatewayConfig::from_environment(&mut Environment::from_pairs(pairs))
            .map_err(|faults| faults.to_string())
    }

    #[test]
    fn the_public_url_is_kept_as_browsers_write_it() {
        let config = read([("ORGO_PUBLIC_URL", "https://orgo.example:443/")]).unwrap();
        assert_eq!(config.settings().edge.public_url, "https://orgo.example");
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let faults = read([
            ("ORGO_GATEWAY_HEALTH_LISTEN", "on"),
            ("ORGO_GATEWAY_LISTEN", "nowhere"),
            ("ORGO_ALLOWED_ORIGINS", "https://other.example/path"),
            ("ORGO_DATABASE_URL", "mysql://localhost/s3cret"),
            ("ORGO_LOG", "sqlx=s3cret"),
            ("ORGO_REDIS_URL", "http://:s3cret@localhost"),
            ("ORGO_SECRET_FILE", "s3cret"),
            ("ORGO_TRUSTED_PROXIES", "nginx"),
            ("ORGO_GATEWAY_LISTN", "127.0.0.1:1"),
        ])
        .err()
        .unwrap();
        assert_eq!(faults.lines().count(), 9, "{faults}");
        assert!(!faults.contains("s3cret"), "{faults}");
        let nothing = Environment::from_pairs::<String, String>([]);
        let faults = GatewayConfig::from_environment(&mut { nothing }).err().unwrap().to_string();
        assert_eq!(faults.lines().count(), NEEDED.len() + 1, "{faults}");
    }
}
