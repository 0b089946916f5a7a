use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use rustix::process::Signal;

use crate::directory::{Owner, ServerDirectory};
use crate::process::{Launch, ServerProcess, StopSignal};
use crate::{Result, http};

/// When a program counts as started.
#[derive(Debug, Clone)]
pub enum Readiness {
    /// The address accepts connections.
    Accepts(SocketAddr),
    /// `GET` of the path at the address is answered with 200.
    Answers(SocketAddr, String),
}

impl Readiness {
    fn holds(&self) -> bool {
        match self {
            Self::Accepts(address) => http::accepts(*address),
            Self::Answers(address, path) => http::answers_ok(*address, path),
        }
    }
}

/// The parameters for starting one of our own programs.
#[derive(Debug, Clone)]
pub struct ProgramOptions {
    /// Its name in error texts.
    pub name: String,
    /// The file to run.
    pub executable: PathBuf,
    /// The arguments.
    pub arguments: Vec<OsString>,
    /// All its `ORGO_` variables: none is taken over from this process.
    pub environment: Vec<(String, String)>,
    /// Where its log and its lock go; also its working directory.
    pub directory: PathBuf,
}

impl ProgramOptions {
    fn launch(&self) -> Launch {
        Launch {
            name: self.name.clone(),
            program: self.executable.clone(),
            arguments: self.arguments.clone(),
            environment: self.environment.clone(),
            stop_signal: StopSignal::Terminate,
        }
    }
}

/// One of our own programs, running.
#[derive(Debug)]
pub struct Program {
    process: ServerProcess,
    options: ProgramOptions,
    readiness: Option<Readiness>,
}

impl Program {
    /// Starts the program and waits until it is ready.
    pub fn start(options: &ProgramOptions, readiness: &Readiness) -> Result<Self> {
        let mut program = Self::spawn(options)?;
        program.wait_until_ready(readiness)?;
        Ok(program)
    }

    /// Starts the program without waiting for it.
    pub fn spawn(options: &ProgramOptions) -> Result<Self> {
        let directory = ServerDirectory::open(&options.directory, Owner::Caller)?;
        Ok(Self {
            process: ServerProcess::spawn(options.launch(), directory)?,
            options: options.clone(),
            readiness: None,
        })
    }

    /// Waits until the program is ready; fails when it ends before or takes longer than a minute.
    pub fn wait_until_ready(&mut self, readiness: &Readiness) -> Result<()> {
        self.readiness = Some(readiness.clone());
        self.process.wait_until(|_| readiness.holds())
    }

    /// Runs a program that ends by itself, and fails when it fails.
    pub fn run(options: &ProgramOptions) -> Result<()> {
        let directory = ServerDirectory::open(&options.directory, Owner::Caller)?;
        options.launch().run(&directory, Stdio::null())
    }

    /// Returns the name it was given.
    pub fn name(&self) -> &str {
        self.process.name()
    }

    /// Returns its process number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Returns the file its output goes to.
    pub fn log(&self) -> PathBuf {
        self.process.log()
    }

    /// Returns its working directory.
    pub fn directory(&self) -> &Path {
        self.process.directory().path()
    }

    /// Returns how it ended, if it did.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.process.exit_status()
    }

    /// Asks it to stop (`SIGTERM`), and returns at once.
    pub fn ask_to_stop(&mut self) {
        self.process.ask_to_stop();
    }

    /// Stops every thread of it where it stands (`SIGSTOP`), until [`resume`](Self::resume).
    pub fn pause(&mut self) -> Result<()> {
        self.process.signal(Signal::STOP)
    }

    /// Lets it run on after [`pause`](Self::pause) (`SIGCONT`).
    pub fn resume(&mut self) -> Result<()> {
        self.process.signal(Signal::CONT)
    }

    /// Starts it again as it was started, after it has ended or was killed, and waits until it is ready in the way
    /// it was waited for before.
    pub fn start_again(&mut self) -> Result<()> {
        self.process.start_again(&self.options.launch())?;
        match self.readiness.clone() {
            Some(readiness) => self.wait_until_ready(&readiness),
            None => Ok(()),
        }
    }

    /// Kills it at once (`SIGKILL`), as a crash would, and returns when it is gone.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Stops it and waits until it is gone; it is killed after ten seconds.
    pub fn stop(mut self) -> Result<()> {
        self.process.stop()
    }
}
