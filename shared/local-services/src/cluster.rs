use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::links::rerouted;
use crate::{
    Durability, Limits, Links, LocalServicesError, MailPage, Nginx, NginxOptions, Postgres, Program,
    ProgramOptions, Readiness, Redis, Result, Role, Tools, free_port,
};

/// Options of the services mode.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// The directory in which everything is kept.
    pub directory: PathBuf,
    /// The folder with the programs that cargo built.
    pub programs: PathBuf,
    /// The folder `nginx` of this repository.
    pub nginx: PathBuf,
    /// The loopback port of nginx; a free one if `None`.
    pub port: Option<u16>,
    /// Whether written data must survive a crash.
    pub durability: Durability,
    /// The limits of nginx per client address.
    pub limits: Limits,
    /// The number of processes of each program.
    pub replicas: usize,
    /// Environment variables for both programs, besides those that the cluster sets.
    pub environment: Vec<(String, String)>,
}

/// The services mode on this machine: PostgreSQL, Redis, both programs and nginx.
///
/// Dropping it stops everything, nginx first and the databases last.
pub struct Cluster {
    // The order of the fields is the order in which they stop.
    nginx: Nginx,
    gateways: Vec<Program>,
    apis: Vec<Program>,
    redis: Redis,
    postgres: Postgres,
    gateway_addresses: Vec<SocketAddr>,
    keys: PathBuf,
}

impl Cluster {
    /// Starts everything, each part after the parts that it needs.
    pub fn start(tools: &Tools, options: &ClusterOptions) -> Result<Self> {
        Ok(Self::start_linked(tools, options, |_, _| Ok(None))?.0)
    }

    /// Starts everything with a proxy on each connection between our programs and their servers.
    pub fn start_with_links(tools: &Tools, options: &ClusterOptions) -> Result<(Self, Links)> {
        let link = |postgres: &_, redis: &_| Links::start(postgres, redis).map(Some);
        let (cluster, links) = Self::start_linked(tools, options, link)?;
        let links = links.ok_or_else(|| LocalServicesError::Io {
            what: "start the proxies".to_owned(),
            source: std::io::ErrorKind::NotFound.into(),
        })?;
        Ok((cluster, links))
    }

    fn start_linked(
        tools: &Tools,
        options: &ClusterOptions,
        link: impl FnOnce(&Postgres, &Redis) -> Result<Option<Links>>,
    ) -> Result<(Self, Option<Links>)> {
        let port = match options.port {
            Some(port) => port,
            None => free_port()?,
        };
        // Checked first: this is the most likely fault.
        crate::port::claim(port)?;
        // Programs run in directories of their own, where a relative path would lead elsewhere.
        let base = absolute(&options.directory)?;
        let programs = absolute(&options.programs)?;
        let directory = |name: &str| base.join(name);
        let postgres = Postgres::start(tools, &directory("postgres"), options.durability)?;
        let redis = Redis::start(tools, &directory("redis"), options.durability)?;

        let links = link(&postgres, &redis)?;

        let keys = directory("keys");
        let program = |name: &str, executable: &str, arguments: Vec<OsString>| ProgramOptions {
            name: name.to_owned(),
            executable: programs.join(executable),
            arguments,
            environment: Vec::new(),
            directory: directory(name),
        };
        let arguments = vec!["keys".into(), "--directory".into(), keys.clone().into_os_string()];
        Program::run(&program("api-service-keys", "api-service", arguments))?;
        let mut migrations = program("migrations", "migrations", vec!["up".into()]);
        let owner_url = postgres.application_url(Role::Owner);
        migrations.environment = vec![("ORGO_DATABASE_URL".to_owned(), owner_url)];
        Program::run(&migrations)?;

        let shared = shared_environment(port);
        let replicas = |executable: &str, prefix: &str, own: &[(String, String)], ports: &[(u16, u16)]| {
            let mut started = Vec::new();
            for number in 1..=options.replicas {
                let [address, health] =
                    [free_port()?, free_port()?].map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
                let mut replica = program(&format!("{executable}-{number}"), executable, Vec::new());
                replica.environment = [shared.as_slice(), own, options.environment.as_slice()].concat();
                replica.environment = rerouted(&replica.environment, ports);
                replica.environment.push((format!("{prefix}_LISTEN"), address.to_string()));
                replica.environment.push((format!("{prefix}_HEALTH_LISTEN"), health.to_string()));
                started.push(Replica { address, health, program: Program::spawn(&replica)? });
            }
            Ok::<_, LocalServicesError>(started)
        };
        let (api_ports, gateway_ports) = links.as_ref().map(Links::ports).unwrap_or_default();
        let mut own = api_environment(&postgres, &redis, &keys);
        if options.limits == Limits::Off {
            own.extend(without_rate_limits());
        }
        let mut apis = replicas("api-service", "ORGO_API", &own, &api_ports)?;
        let gateway = gateway_environment(&postgres, &redis, &keys);
        let mut gateways = replicas("realtime-gateway", "ORGO_GATEWAY", &gateway, &gateway_ports)?;
        for replica in apis.iter_mut().chain(&mut gateways) {
            // The listener for health checks starts first: the port for clients has to answer as well.
            for address in [replica.health, replica.address] {
                replica.program.wait_until_ready(&Readiness::Answers(address, "/readyz".to_owned()))?;
            }
        }
        let (api_addresses, apis): (Vec<_>, Vec<_>) = apis.into_iter().map(Replica::split).unzip();
        let (gateway_addresses, gateways): (Vec<_>, Vec<_>) =
            gateways.into_iter().map(Replica::split).unzip();
        let nginx = NginxOptions {
            directory: &directory("nginx"),
            configuration: &options.nginx,
            port: Some(port),
            api: &api_addresses,
            gateways: &gateway_addresses,
            limits: options.limits,
            mail_page: MailPage::ForLoopback,
        };
        let nginx = Nginx::start(tools, &nginx)?;
        Ok((Self { nginx, gateways, apis, redis, postgres, gateway_addresses, keys }, links))
    }

    /// Returns the URL for clients, without a slash at the end.
    pub fn url(&self) -> String {
        self.nginx.url()
    }

    /// Returns the database server.
    pub fn postgres(&mut self) -> &mut Postgres {
        &mut self.postgres
    }

    /// Returns the Redis server.
    pub fn redis(&mut self) -> &mut Redis {
        &mut self.redis
    }

    /// Returns nginx.
    pub fn nginx(&mut self) -> &mut Nginx {
        &mut self.nginx
    }

    /// Returns the `api-service` processes.
    pub fn apis(&mut self) -> &mut [Program] {
        &mut self.apis
    }

    /// Returns the `realtime-gateway` processes.
    pub fn gateways(&mut self) -> &mut [Program] {
        &mut self.gateways
    }

    /// Returns where each `realtime-gateway` listens, in the order of [`gateways`](Self::gateways).
    pub fn gateway_addresses(&self) -> &[SocketAddr] {
        &self.gateway_addresses
    }

    /// Returns the folder with the key files of the programs.
    pub fn keys(&self) -> &Path {
        &self.keys
    }

    /// Returns each of our programs that ended without being stopped, with its exit status and its log.
    pub fn ended(&mut self) -> Vec<String> {
        let programs = self.apis.iter_mut().chain(&mut self.gateways);
        programs
            .filter_map(|program| {
                let status = program.exit_status()?;
                Some(format!("{} ended with {status}: see {}", program.name(), program.log().display()))
            })
            .collect()
    }

    /// Stops everything and waits for the end of all processes.
    pub fn stop(mut self) -> Result<()> {
        // All at the same time, because each may take seconds to close its connections.
        for program in self.gateways.iter_mut().chain(&mut self.apis) {
            program.ask_to_stop();
        }
        let Self { nginx, gateways, apis, redis, postgres, .. } = self;
        nginx.stop()?;
        for program in gateways.into_iter().chain(apis) {
            program.stop()?;
        }
        redis.stop()?;
        postgres.stop()
    }
}

/// One process of a service.
struct Replica {
    /// Address on which it serves clients.
    address: SocketAddr,
    /// Address on which it answers health checks.
    health: SocketAddr,
    program: Program,
}

impl Replica {
    fn split(self) -> (SocketAddr, Program) {
        (self.address, self.program)
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(LocalServicesError::io(format!("find {}", path.display())))
}

/// Returns the settings both programs get.
fn shared_environment(port: u16) -> Vec<(String, String)> {
    let settings = [
        ("ORGO_PUBLIC_URL", format!("http://127.0.0.1:{port}")),
        // nginx, which tells them the address of the client.
        ("ORGO_TRUSTED_PROXIES", "127.0.0.1".to_owned()),
    ];
    settings.map(|(name, value)| (name.to_owned(), value)).to_vec()
}

fn api_environment(postgres: &Postgres, redis: &Redis, keys: &Path) -> Vec<(String, String)> {
    let settings = [
        ("ORGO_DATABASE_URL", postgres.application_url(Role::Application)),
        ("ORGO_REDIS_URL", redis.url()),
        ("ORGO_SECRET_FILE", keys.join("secret.hex").display().to_string()),
        ("ORGO_SIGNING_KEY_FILE", keys.join("signing-key.pem").display().to_string()),
        ("ORGO_SMTP_URL", "capture:".to_owned()),
        ("ORGO_MAIL_FROM", "OrGo <no-reply@localhost>".to_owned()),
    ];
    settings.map(|(name, value)| (name.to_owned(), value)).to_vec()
}

/// Returns the settings that make the rate budgets of the API so large that no program on one machine exhausts them.
fn without_rate_limits() -> impl Iterator<Item = (String, String)> {
    let names = ["USER", "WRITE", "REACTION", "ANONYMOUS", "AUTH"];
    names.into_iter().map(|name| (format!("ORGO_RATE_{name}"), "100000000".to_owned()))
}

/// Returns the settings of the gateway: accounts that can make no session, and one derived key.
fn gateway_environment(postgres: &Postgres, redis: &Redis, keys: &Path) -> Vec<(String, String)> {
    let settings = [
        ("ORGO_DATABASE_URL", postgres.application_url(Role::Gateway)),
        ("ORGO_REDIS_URL", redis.gateway_url()),
        ("ORGO_RESUME_KEY_FILE", keys.join("resume.key").display().to_string()),
    ];
    settings.map(|(name, value)| (name.to_owned(), value)).to_vec()
}
