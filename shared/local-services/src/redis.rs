use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::directory::{Owner, ServerDirectory};
use crate::process::{Launch, ServerProcess, StopSignal};
use crate::{Durability, LocalServicesError, Result, Tools, port, random};

/// The users of production, of which the gateway's exists here too.
const USERS: &str = include_str!("../../../deploy/redis-users.conf");

/// A private Redis server on a loopback port, with its append-only file on.
pub struct Redis {
    process: ServerProcess,
    launch: Launch,
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
        let process = ServerProcess::start(launch.clone(), directory, |_| is_ready(port, &password))?;
        Ok(Self { process, launch, port, password, gateway_password })
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

    /// Kills it (`SIGKILL`), as a crash would.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Starts it again on the same port, after it was killed: with what its append-only file holds.
    pub fn start_again(&mut self) -> Result<()> {
        let (port, password) = (self.port, &self.password);
        self.process.start_again(&self.launch)?;
        self.process.wait_until(|_| is_ready(port, password))
    }

    /// Removes everything it holds (`FLUSHALL`).
    pub fn flush(&self) -> Result<()> {
        let flush = || -> std::io::Result<bool> {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            write!(stream, "AUTH {}\r\nFLUSHALL\r\n", self.password)?;
            let mut answer = [0; 10];
            stream.read_exact(&mut answer)?;
            Ok(answer == *b"+OK\r\n+OK\r\n")
        };
        if flush().map_err(LocalServicesError::io("flush Redis"))? {
            return Ok(());
        }
        let what = "refused FLUSHALL".to_owned();
        Err(LocalServicesError::Failed { program: "redis-server".to_owned(), what, log: String::new() })
    }

    /// Stops it and waits until it is gone.
    pub fn stop(mut self) -> Result<()> {
        self.process.stop()
    }
}

/// Returns whether Redis answers `PING`. It refuses commands while it loads the append-only file.
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
