use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::{
    Durability, Limits, LocalServicesError, Nginx, NginxOptions, Postgres, Program, ProgramOptions,
    Readiness, Redis, Result, Role, Tools, free_port,
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
}

impl Cluster {
    /// Starts everything, each part after the parts that it needs.
    pub fn start(tools: &Tools, options: &ClusterOptions) -> Result<Self> {
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

        let shared = shared_environment(&postgres, &redis, &keys, port);
        let replicas = |executable: &str, variable: &str, own: &[(String, String)]| {
            let mut started = Vec::new();
            for number in 1..=options.replicas {
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
                let mut replica = program(&format!("{executable}-{number}"), executable, Vec::new());
                replica.environment = [shared.as_slice(), own, options.environment.as_slice()].concat();
                replica.environment.push((variable.to_owned(), address.to_string()));
                started.push((address, Program::spawn(&replica)?));
            }
            Ok::<_, LocalServicesError>(started)
        };
        let mut apis = replicas("api-service", "ORGO_API_LISTEN", &api_environment(&keys))?;
        let mut gateways = replicas("realtime-gateway", "ORGO_GATEWAY_LISTEN", &[])?;
        for (address, program) in apis.iter_mut().chain(&mut gateways) {
            program.wait_until_ready(&Readiness::Answers(*address, "/readyz".to_owned()))?;
        }
        let (api_addresses, apis): (Vec<_>, Vec<_>) = apis.into_iter().unzip();
        let (gateway_addresses, gateways): (Vec<_>, Vec<_>) = gateways.into_iter().unzip();
        let nginx = NginxOptions {
            directory: &directory("nginx"),
            configuration: &options.nginx,
            port: Some(port),
            api: &api_addresses,
            gateways: &gateway_addresses,
            limits: options.limits,
        };
        let nginx = Nginx::start(tools, &nginx)?;
        Ok(Self { nginx, gateways, apis, redis, postgres })
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

    /// Returns every program that ended unexpectedly, with its exit status and the end of its log.
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
        let Self { nginx, gateways, apis, redis, postgres } = self;
        nginx.stop()?;
        for program in gateways.into_iter().chain(apis) {
            program.stop()?;
        }
        redis.stop()?;
        postgres.stop()
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(LocalServicesError::io(format!("find {}", path.display())))
}

/// Returns the settings of both programs.
fn shared_environment(postgres: &Postgres, redis: &Redis, keys: &Path, port: u16) -> Vec<(String, String)> {
    let settings = [
        ("ORGO_DATABASE_URL", postgres.application_url(Role::Application)),
        ("ORGO_REDIS_URL", redis.url()),
        ("ORGO_PUBLIC_URL", format!("http://127.0.0.1:{port}")),
        ("ORGO_SECRET_FILE", keys.join("secret.hex").display().to_string()),
        // nginx, which sends the address of the client in a header.
        ("ORGO_TRUSTED_PROXIES", "127.0.0.1".to_owned()),
    ];
    settings.map(|(name, value)| (name.to_owned(), value)).to_vec()
}

fn api_environment(keys: &Path) -> Vec<(String, String)> {
    let settings = [
        ("ORGO_SIGNING_KEY_FILE", keys.join("signing-key.pem").display().to_string()),
        ("ORGO_SMTP_URL", "capture:".to_owned()),
        ("ORGO_MAIL_FROM", "OrGo <no-reply@localhost>".to_owned()),
    ];
    settings.map(|(name, value)| (name.to_owned(), value)).to_vec()
}
