//! The settings of the gateway program.

use std::net::SocketAddr;
use std::path::PathBuf;

use edge::health::HealthListen;
use edge::settings::{Logging, Stores};
use identity::resume_keys::load_resume_key;
use platform::config::{ConfigFaults, Environment};

use crate::{Limits, Settings, Source, Timing};

/// The settings of the gateway program.
pub struct GatewayConfig {
    /// The URLs of the database and of Redis, which holds the tickets and the event stream.
    pub stores: Stores,
    /// Address and port on which the gateway listens.
    pub listen: SocketAddr,
    /// Address of the separate listener for health checks.
    pub health_listen: HealthListen,
    /// The settings of the HTTP edge.
    pub edge: edge::Settings,
    /// The file with the key of resume tokens: the only key the gateway needs.
    pub resume_key_file: PathBuf,
    /// Log filter and log format.
    pub logging: Logging,
}

impl GatewayConfig {
    /// Reads and checks every setting. Every fault is reported at once.
    pub fn from_environment(environment: &mut Environment) -> Result<Self, ConfigFaults> {
        let stores = Stores::from_environment(environment);
        let listen = environment.or_default(
            "ORGO_GATEWAY_LISTEN",
            "127.0.0.1:8082",
            "The address and port on which the gateway listens",
        );
        let health_listen = environment.or_default(
            "ORGO_GATEWAY_HEALTH_LISTEN",
            "127.0.0.1:8182",
            "The address and port of a separate listener for health checks of the gateway, or off",
        );
        let edge = edge::Settings::from_environment(environment);
        let resume_key_file = environment.required_file(
            "ORGO_RESUME_KEY_FILE",
            "/etc/orgo/resume.key",
            "The file with the key of resume tokens, created by `api-service keys`",
            |file| load_resume_key(file).map(|_usable| file.to_owned()),
        );
        let logging = Logging::from_environment(environment, "info");
        environment.finish()?;
        Ok(Self {
            stores: stores?,
            listen: listen?,
            health_listen: health_listen?,
            edge: edge?,
            resume_key_file: resume_key_file?,
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
    use identity::resume_keys::write_resume_key;
    use identity::secrets::MasterSecret;

    use super::*;

    const NEEDED: [(&str, &str); 3] = [
        ("ORGO_DATABASE_URL", "postgres://localhost/orgo"),
        ("ORGO_PUBLIC_URL", "http://127.0.0.1:8088"),
        ("ORGO_REDIS_URL", "redis://localhost"),
    ];

    /// A key file of one test. Dropping it deletes the file.
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
            ("ORGO_RESUME_KEY_FILE", "s3cret"),
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
