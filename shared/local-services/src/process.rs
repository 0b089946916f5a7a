use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::directory::ServerDirectory;
use crate::{LocalServicesError, Result, spawner};

const PID_FILE: &str = "pid";
const LOG_FILE: &str = "log";
const POLL: Duration = Duration::from_millis(20);
const READY_WITHIN: Duration = Duration::from_mins(1);
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// The signal that stops a server.
#[derive(Debug, Clone, Copy)]
pub(crate) enum StopSignal {
    /// `SIGTERM`: a clean stop of most servers.
    Terminate,
    /// PostgreSQL: end the sessions, write everything, stop.
    Interrupt,
    /// PostgreSQL: stop at once, nothing needs to survive.
    Quit,
}

impl StopSignal {
    fn signal(self) -> Signal {
        match self {
            Self::Terminate => Signal::TERM,
            Self::Interrupt => Signal::INT,
            Self::Quit => Signal::QUIT,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Terminate => "TERM",
            Self::Interrupt => "INT",
            Self::Quit => "QUIT",
        }
    }
}

/// The parameters for starting a server in its directory.
#[derive(Clone)]
pub(crate) struct Launch {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) stop_signal: StopSignal,
}

impl Launch {
    /// Returns the command, to be run in the directory under its account.
    ///
    /// None of our own settings leaks in from the environment of this process.
    fn command(&self, directory: &ServerDirectory) -> Result<Command> {
        let log_path = directory.join(LOG_FILE);
        let what = || format!("write {}", log_path.display());
        let log = File::create(&log_path).map_err(LocalServicesError::io(what()))?;
        let errors = log.try_clone().map_err(LocalServicesError::io(what()))?;
        let mut command = spawner::command(self.program.as_os_str(), self.stop_signal.name());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ORGO_") {
                command.env_remove(name);
            }
        }
        command
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            // A Ctrl-C in the terminal is for us: we stop the children in our own order.
            .process_group(0);
        if let Some(account) = directory.account() {
            command.uid(account.user).gid(account.group);
        }
        Ok(command)
    }

    /// Runs a program that ends by itself.
    pub(crate) fn run(&self, directory: &ServerDirectory, input: Stdio) -> Result<()> {
        let mut command = self.command(directory)?;
        command.stdin(input);
        let status = spawner::spawn(command)
            .and_then(|mut child| child.wait())
            .map_err(LocalServicesError::io(format!("run {}", self.name)))?;
        if status.success() {
            return Ok(());
        }
        Err(failed(&self.name, format!("ended with {status}"), &directory.join(LOG_FILE)))
    }
}

/// A running child process that is stopped when it is dropped.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    name: String,
    child: Child,
    stop_signal: StopSignal,
    directory: ServerDirectory,
}

impl ServerProcess {
    /// Starts a server and waits until the probe says that it is ready.
    pub(crate) fn start(
        launch: Launch,
        directory: ServerDirectory,
        ready: impl FnMut(u32) -> bool,
    ) -> Result<Self> {
        let mut process = Self::spawn(launch, directory)?;
        process.wait_until(ready)?;
        Ok(process)
    }

    /// Starts a server without waiting for it.
    pub(crate) fn spawn(launch: Launch, directory: ServerDirectory) -> Result<Self> {
        let command = launch.command(&directory)?;
        let child =
            spawner::spawn(command).map_err(LocalServicesError::io(format!("start {}", launch.name)))?;
        let process = Self { name: launch.name, child, stop_signal: launch.stop_signal, directory };
        process.directory.write(PID_FILE, &process.id().to_string())?;
        Ok(process)
    }

    /// Waits until the probe says that the server is ready; fails when it ends or takes too long.
    pub(crate) fn wait_until(&mut self, mut ready: impl FnMut(u32) -> bool) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if let Some(status) = self.exit_status() {
                return Err(failed(&self.name, format!("ended with {status}"), &self.log()));
            }
            if ready(self.id()) {
                return Ok(());
            }
            if Instant::now() > deadline {
                let what = format!("was not ready after {} seconds", READY_WITHIN.as_secs());
                return Err(failed(&self.name, what, &self.log()));
            }
            thread::sleep(POLL);
        }
    }

    /// Starts the server anew in the same directory, which stays locked in between. It must not run any more.
    pub(crate) fn start_again(&mut self, launch: &Launch) -> Result<()> {
        self.kill()?;
        let command = launch.command(&self.directory)?;
        self.child =
            spawner::spawn(command).map_err(LocalServicesError::io(format!("start {}", launch.name)))?;
        self.directory.write(PID_FILE, &self.id().to_string()).map(drop)
    }

    /// Sends it a signal, if it runs.
    pub(crate) fn signal(&mut self, signal: Signal) -> Result<()> {
        if self.exit_status().is_some() {
            return Ok(());
        }
        kill_process(Pid::from_child(&self.child), signal)
            .map_err(LocalServicesError::errno(format!("signal {}", self.name)))
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn directory(&self) -> &ServerDirectory {
        &self.directory
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.directory.join(LOG_FILE)
    }

    /// Returns how it ended, if it did.
    pub(crate) fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks it to stop, and returns at once.
    pub(crate) fn ask_to_stop(&mut self) {
        if self.exit_status().is_none() {
            // It may have ended in between: that is what was wanted.
            kill_process(Pid::from_child(&self.child), self.stop_signal.signal()).unwrap_or_default();
        }
    }

    /// Kills it and its children at once (`SIGKILL`), and returns when it is gone.
    pub(crate) fn kill(&mut self) -> Result<()> {
        if self.exit_status().is_none() {
            kill_process_group(Pid::from_child(&self.child), Signal::KILL)
                .map_err(LocalServicesError::errno(format!("kill {}", self.name)))?;
            self.child.wait().map_err(LocalServicesError::io(format!("wait for {}", self.name)))?;
        }
        self.directory.remove(PID_FILE)
    }

    /// Asks it to stop, kills it when it does not, and returns when it is gone.
    pub(crate) fn stop(&mut self) -> Result<()> {
        self.stop_by(self.stop_signal)
    }

    /// Stops it as [`stop`](Self::stop) does, by another signal than its own.
    pub(crate) fn stop_by(&mut self, signal: StopSignal) -> Result<()> {
        // It may have ended in between: that is what was wanted.
        self.signal(signal.signal()).unwrap_or_default();
        let deadline = Instant::now() + STOP_WITHIN;
        while self.exit_status().is_none() && Instant::now() < deadline {
            thread::sleep(POLL);
        }
        self.kill()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // A failure cannot be reported here. The next start in this directory stops what is left.
        self.stop().unwrap_or_default();
    }
}

/// Stops the process that a killed run left in the directory, if there is one.
pub(crate) fn sweep(directory: &ServerDirectory) -> Result<()> {
    let Ok(text) = fs::read_to_string(directory.join(PID_FILE)) else { return Ok(()) };
    let leftover = text.trim().parse().ok().filter(|id| *id > 1).and_then(Pid::from_raw);
    if let Some(pid) = leftover {
        for signal in [Signal::TERM, Signal::INT, Signal::KILL] {
            if !runs_in(pid, directory.path()) {
                break;
            }
            kill_process_group(pid, signal).unwrap_or_default();
            let deadline = Instant::now() + STOP_WITHIN;
            while runs_in(pid, directory.path()) && Instant::now() < deadline {
                thread::sleep(POLL);
            }
        }
    }
    directory.remove(PID_FILE)
}

/// The system may have reused the process id, so the process is ours only if its working directory is ours.
fn runs_in(pid: Pid, directory: &Path) -> bool {
    fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero()))
        .is_ok_and(|folder| folder.starts_with(directory))
}

fn failed(name: &str, what: String, log: &Path) -> LocalServicesError {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.get(lines.len().saturating_sub(20)..).unwrap_or_default();
    LocalServicesError::Failed { program: name.to_owned(), what, log: last.join("\n") }
}
