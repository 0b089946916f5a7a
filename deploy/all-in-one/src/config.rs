use std::net::SocketAddr;
use std::path::PathBuf;

use api_service::RateBudgets;
use clap::Parser;
use edge::settings::{Logging, allowed_origins};
use platform::config::{ConfigFaults, Environment};
use platform::origin::Origin;

/// Runs OrGo in one process with SQLite, to try it out and to develop frontends.
///
/// Prints the URLs of the documentation and of the page with captured mails. Stops on Ctrl-C.
#[derive(Debug, Default, Parser)]
#[command(name = "orgo", version)]
pub(crate) struct Arguments {
    /// Listens on addresses that other machines can reach
    #[arg(long)]
    pub(crate) expose_to_the_network: bool,
}

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
    /// Reads and checks all settings. Returns all faults together.
    pub(crate) fn read(environment: &mut Environment, arguments: &Arguments) -> Result<Self, ConfigFaults> {
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
        if let Ok(listen) = &listen
            && !listen.ip().is_loopback()
            && !arguments.expose_to_the_network
        {
            environment.refuse(
                "ORGO_LISTEN",
                "the embedded mode is for trying OrGo out and listens on loopback only; --expose-to-the-network overrides",
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
    use clap::CommandFactory as _;

    use super::*;

    fn read(listen: &str, expose_to_the_network: bool) -> Result<EmbeddedConfig, String> {
        let arguments = Arguments { expose_to_the_network };
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
        let faults = EmbeddedConfig::read(&mut Environment::from_pairs(wrong), &Arguments::default())
            .err()
            .unwrap()
            .to_string();
        let mut named: Vec<_> = faults.lines().map(|line| line.split(':').next().unwrap()).collect();
        named.sort_unstable();
        assert_eq!(named, wrong.map(|(name, _)| name));
    }

    #[test]
    fn other_addresses_than_loopback_need_an_explicit_argument() {
        for loopback in ["127.0.0.1:8080", "127.1.2.3:1", "[::1]:8080"] {
            assert!(read(loopback, false).is_ok(), "{loopback}");
        }
        for exposed in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080"] {
            let faults = read(exposed, false).err().unwrap();
            assert!(faults.contains("ORGO_LISTEN") && faults.contains("--expose-to-the-network"), "{faults}");
            assert!(read(exposed, true).is_ok(), "{exposed}");
        }
        Arguments::command().debug_assert();
    }
}
