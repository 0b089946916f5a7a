use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::directory::{Owner, ServerDirectory};
use crate::process::{Launch, ServerProcess, StopSignal};
use crate::{Durability, Result, Tools, port, random};

/// The users of production, of which the gateway's exists here too.
const USERS: &str = include_str!("../../../deploy/redis-users.conf");

/// A private Redis server on a loopback port, with its append-only file on.
pub struct Redis {
    process: ServerProcess,
    port: u16,
    password: String,
    gateway_password: String,
}

impl Redis {
    /// Starts the server in the directory and waits until it answers.
    pub fn start(tools: &Tools, directory: &Path, durability: Durability) -> Result<Self> {
        let directory = ServerDirectory::open(directory, Owner::NotRoot)?;
        if durability == Durability::Off {
            directory.remove("appendonlydir")?;
        }
        let port = port::free_port()?;
        let password = random::secret()?;
        let gateway_password = random::secret()?;
        let gateway = USERS.lines().filter(|line| line.starts_with("user orgo_gateway "));
        let gateway: String =
            gateway.map(|line| line.replace("gateway_password", &gateway_password)).collect();
        // The password is not an argument: those are for everybody to see.
        let configuration = format!(
            "bind 127.0.0.1\nport {port}\nrequirepass {password}\ndaemonize no\n\
             appendonly yes\nappendfsync everysec\nsave \"\"\nmaxmemory-policy noeviction\n{gateway}\n"
        );
        directory.write("redis.conf", &configuration)?;
        let launch = Launch {
            name: "redis-server".to_owned(),
            program: tools.redis_server.clone(),
            arguments: vec!["redis.conf".into()],
            environment: Vec::new(),
            stop_signal: StopSignal::Terminate,
        };
        let process = ServerProcess::start(launch, directory, |_| is_ready(port, &password))?;
        Ok(Self { process, port, password, gateway_password })
    }

    /// Returns its URL for the user of `realtime-gateway`, with the password.
    pub fn gateway_url(&self) -> String {
        format!("redis://orgo_gateway:{}@127.0.0.1:{}/", self.gateway_password, self.port)
    }

    /// Returns its URL for the user with all rights, with the password.
    pub fn url(&self) -> String {
        format!("redis://:{}@127.0.0.1:{}/", self.password, self.port)
    }

    /// Returns the port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns its process number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Returns the file its log goes to.
    pub fn log(&self) -> PathBuf {
        self.process.log()
    }

    /// Kills it at once (`SIGKILL`), as a crash would.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Stops it and waits until it is gone.
    pub fn stop(mut self) -> Result<()> {
        self.process.stop()
    }
}

/// Asks for a `PING`: refused while the append-only file is loaded.
fn is_ready(port: u16, password: &str) -> bool {
    let ask = || -> std::io::Result<[u8; 12]> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "AUTH {password}\r\nPING\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer == *b"+OK\r\n+PONG\r\n")
}
