use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::Result;

const POLL: Duration = Duration::from_millis(50);
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Catches Ctrl-C (`SIGINT`), `SIGTERM` and `SIGHUP`, so that everything that was started is also stopped.
pub(crate) struct Interrupt {
    asked: Arc<AtomicBool>,
}

impl Interrupt {
    /// Installs the handlers. From now on the three signals no longer end this process by themselves.
    pub(crate) fn register() -> io::Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP]
        {
            signal_hook::flag::register(signal, Arc::clone(&asked))?;
        }
        Ok(Self { asked })
    }

    fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Waits for a signal, or until `check` returns an error.
    pub(crate) fn wait(&self, mut check: impl FnMut() -> Result<()>) -> Result<()> {
        while !self.is_asked() {
            check()?;
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Runs a command to its end. On a signal, ends it with all its children and returns an error.
    pub(crate) fn run(&self, command: &mut Command) -> Result<ExitStatus> {
        // A process group of its own: Ctrl-C of the terminal reaches only us, and we pass it on to the whole group.
        let mut child = command.process_group(0).spawn()?;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if self.is_asked() {
                end(&mut child)?;
                return Err("interrupted".into());
            }
            thread::sleep(POLL);
        }
    }
}

fn end(child: &mut Child) -> Result<()> {
    let group = Pid::from_child(child);
    kill_process_group(group, Signal::TERM)?;
    let deadline = Instant::now() + STOP_WITHIN;
    while child.try_wait()?.is_none() && Instant::now() < deadline {
        thread::sleep(POLL);
    }
    // Processes that are still in the group ignored the signal, or were left behind by their parent.
    kill_process_group(group, Signal::KILL).unwrap_or_default();
    child.wait()?;
    Ok(())
}
