use std::fmt::Write;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use crate::directory::{Owner, ServerDirectory};
use crate::process::{Launch, ServerProcess, StopSignal};
use crate::{LocalServicesError, Result, Tools, http, port};

/// Whether nginx limits requests and connections per client address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// The values of production, `conf.d/limits.conf`.
    AsCommitted,
    /// No limits, because on one machine every request comes from one address.
    Off,
}

/// Whether nginx passes the mail page, `/dev`, to the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailPage {
    /// To no client, as in production (`conf.d/dev.conf`).
    Hidden,
    /// To clients on this machine.
    ForLoopback,
}

/// The upstream servers of nginx.
#[derive(Debug)]
pub struct NginxOptions<'a> {
    /// The directory for its files.
    pub directory: &'a Path,
    /// The folder `nginx` of this repository.
    pub configuration: &'a Path,
    /// The loopback port to listen on; a free one if `None`.
    pub port: Option<u16>,
    /// The addresses of all `api-service` processes.
    pub api: &'a [SocketAddr],
    /// The addresses of all `realtime-gateway` processes.
    pub gateways: &'a [SocketAddr],
    /// The limits per address.
    pub limits: Limits,
    /// The mail page.
    pub mail_page: MailPage,
}

/// Passes the mail page to loopback clients of a machine for development.
const MAIL_PAGE_FOR_LOOPBACK: &str = "location ^~ /dev {
    allow 127.0.0.0/8;
    allow ::1;
    deny all;
    include conf.d/proxy_api.conf;
}
";

/// A private nginx on a loopback port, with the configuration of this repository.
#[derive(Debug)]
pub struct Nginx {
    process: ServerProcess,
    port: u16,
}

impl Nginx {
    /// Starts nginx and waits until it accepts connections.
    pub fn start(tools: &Tools, options: &NginxOptions<'_>) -> Result<Self> {
        let directory = ServerDirectory::open(options.directory, Owner::NotRoot)?;
        let port = match options.port {
            Some(port) => port,
            None => port::free_port()?,
        };
        // Checked here, because nginx itself would retry for seconds.
        port::claim(port)?;
        configure(&directory, options, port)?;
        let mut arguments = ["-c", "nginx.conf", "-g", "daemon off;", "-p"].map(Into::into).to_vec();
        arguments.push(directory.path().as_os_str().to_owned());
        let launch = Launch {
            name: "nginx".to_owned(),
            program: tools.nginx.clone(),
            arguments,
            environment: Vec::new(),
            stop_signal: StopSignal::Terminate,
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let process = ServerProcess::start(launch, directory, |_| http::accepts(address))?;
        Ok(Self { process, port })
    }

    /// Returns the URL it listens on, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns the port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns its process number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Returns the file of its access log.
    pub fn access_log(&self) -> PathBuf {
        self.process.directory().join("access.log")
    }

    /// Kills it and its workers at once (`SIGKILL`).
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Stops it and waits until it is gone.
    pub fn stop(mut self) -> Result<()> {
        self.process.stop()
    }
}

/// Copies the committed files and replaces the addresses in them by those of this machine.
fn configure(directory: &ServerDirectory, options: &NginxOptions<'_>, port: u16) -> Result<()> {
    directory.folder("conf.d")?;
    directory.write("nginx.conf", &read(&options.configuration.join("nginx.conf"))?)?;
    let folder = options.configuration.join("conf.d");
    let entries =
        fs::read_dir(&folder).map_err(LocalServicesError::io(format!("read {}", folder.display())))?;
    for entry in entries {
        let entry = entry.map_err(LocalServicesError::io(format!("read {}", folder.display())))?;
        let name = format!("conf.d/{}", entry.file_name().to_string_lossy());
        directory.write(&name, &read(&entry.path())?)?;
    }
    directory.write("conf.d/listen.conf", &listen(port))?;
    if options.mail_page == MailPage::ForLoopback {
        directory.write("conf.d/dev.conf", MAIL_PAGE_FOR_LOOPBACK)?;
    }
    let upstreams =
        upstream("orgo_api", options.api, "keepalive 32;") + &upstream("orgo_gateway", options.gateways, "");
    directory.write("conf.d/upstreams.conf", &upstreams)?;
    if options.limits == Limits::Off {
        directory.write("conf.d/limits.conf", "")?;
    }
    Ok(())
}

/// Listens on both loopback addresses, if the machine has IPv6.
fn listen(port: u16) -> String {
    let ipv4 = format!("listen 127.0.0.1:{port};\n");
    match TcpListener::bind((Ipv6Addr::LOCALHOST, port)) {
        Ok(_free) => format!("{ipv4}listen [::1]:{port};\n"),
        Err(_no_ipv6) => ipv4,
    }
}

fn upstream(name: &str, addresses: &[SocketAddr], last: &str) -> String {
    let servers = addresses.iter().fold(String::new(), |mut text, address| {
        // Writing into a string does not fail.
        write!(text, "server {address} max_fails=1 fail_timeout=1s; ").unwrap_or_default();
        text
    });
    format!("upstream {name} {{ least_conn; {servers}{last} }}\n")
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(LocalServicesError::io(format!("read {}", path.display())))
}
