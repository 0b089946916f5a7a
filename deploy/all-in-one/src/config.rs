use std::net::SocketAddr;
use std::path::PathBuf;

use api_service::RateBudgets;
use edge::settings::{Logging, allowed_origins};
use platform::config::{ConfigFaults, Environment};
use platform::origin::Origin;

/// The argument that lets the embedded mode listen beyond loopback.
const EXPOSE: &str = "--expose-to-the-network";

/// The settings of the embedded mode.
pub(crate) struct EmbeddedConfig {
    /// Address and port to listen on.
    pub(crate) listen: SocketAddr,
    /// The directory for the database and the keys.
    pub(crate) data_directory: PathBuf,
    /// Other origins whose pages may call the API and open sockets.
    pub(crate) allowed_origins: Vec<Origin>,
    /// The URL that clients use, if it differs from the listening address.
    pub(crate) public_url: Option<Origin>,
    /// The sizes of the rate budgets.
    pub(crate) rates: RateBudgets,
    /// Log filter and log format.
    pub(crate) logging: Logging,
}

impl EmbeddedConfig {
    /// Reads and checks every setting. Every fault is reported at once.
    pub(crate) fn read(environment: &mut Environment, arguments: &[String]) -> Result<Self, ConfigFaults> {
        let listen: Result<SocketAddr, _> = environment.or_default(
            "ORGO_LISTEN",
            "127.0.0.1:8080",
            "The address and port on which the embedded mode listens",
        );
        let data_directory = environment.or_default(
            "ORGO_DATA_DIR",
            "./data",
            "The directory for the database and the keys of the embedded mode",
        );
        let allowed_origins = allowed_origins(environment);
        let public_url = environment.optional(
            "ORGO_PUBLIC_URL",
            "http://orgo.local:8080",
            "The URL that clients use, if it differs from the address on which the program listens",
        );
        let rates = RateBudgets::from_environment(environment);
        let logging = Logging::from_environment(environment, "warn,orgo=info");
        let is_exposed = arguments.iter().any(|argument| argument == EXPOSE);
        if let Some(unknown) = arguments.iter().find(|argument| *argument != EXPOSE) {
            environment.refuse("arguments", format!("{unknown} is unknown; the only argument is {EXPOSE}"));
        }
        if let Ok(listen) = &listen
            && !listen.ip().is_loopback()
            && !is_exposed
        {
            environment.refuse(
                "ORGO_LISTEN",
                format!("the embedded mode is for trying OrGo out and listens on loopback only; {EXPOSE} overrides"),
            );
        }
        environment.finish()?;
        Ok(Self {
            listen: listen?,
            data_directory: data_directory?,
            allowed_origins: allowed_origins?,
            public_url: public_url?,
            rates: rates?,
            logging: logging?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(listen: &str, arguments: &[&str]) -> Result<EmbeddedConfig, String> {
        let arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let mut environment = Environment::from_pairs([("ORGO_LISTEN", listen)]);
        EmbeddedConfig::read(&mut environment, &arguments).map_err(|faults| faults.to_string())
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let wrong = [
            ("ORGO_ALLOWED_ORIGINS", "*"),
            ("ORGO_LISTEN", "here"),
            ("ORGO_LOG", "orgo=loud"),
            ("ORGO_LOG_FORMAT", "xml"),
            ("ORGO_PUBLIC_URL", "orgo.local"),
        ];
        let faults =
            EmbeddedConfig::read(&mut Environment::from_pairs(wrong), &[]).err().unwrap().to_string();
        let mut named: Vec<_> = faults.lines().map(|line| line.split(':').next().unwrap()).collect();
        named.sort_unstable();
        assert_eq!(named, wrong.map(|(name, _)| name));
    }

    #[test]
    fn other_addresses_than_loopback_need_an_explicit_argument() {
        for loopback in ["127.0.0.1:8080", "127.1.2.3:1", "[::1]:8080"] {
            assert!(read(loopback, &[]).is_ok(), "{loopback}");
        }
        for exposed in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080"] {
            let faults = read(exposed, &[]).err().unwrap();
            assert!(faults.contains("ORGO_LISTEN") && faults.contains(EXPOSE), "{faults}");
            assert!(read(exposed, &[EXPOSE]).is_ok(), "{exposed}");
        }
        assert!(read("127.0.0.1:8080", &["--expose"]).is_err());
    }
}
