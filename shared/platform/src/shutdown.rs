//! Graceful shutdown: the signal to stop, and the tasks that the process waits for.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The signal to stop. Clones share it. It cannot be reset.
#[derive(Debug, Clone, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// Creates a signal that only [`Self::trigger`] triggers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a signal that SIGINT and SIGTERM also trigger. Must be called inside a Tokio runtime.
    #[cfg(unix)]
    pub fn on_signals() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let shutdown = Self::new();
        let signalled = shutdown.clone();
        tokio::spawn(async move {
            let name = tokio::select! {
                _ = interrupt.recv() => "SIGINT",
                _ = terminate.recv() => "SIGTERM",
            };
            tracing::info!(signal = name, "stopping");
            signalled.trigger();
        });
        Ok(shutdown)
    }

    /// Triggers the signal.
    pub fn trigger(&self) {
        self.0.cancel();
    }

    /// Returns whether the signal was triggered.
    pub fn is_triggered(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until the signal is triggered.
    pub async fn triggered(&self) {
        self.0.cancelled().await;
    }
}

/// Tasks that the process waits for before it ends: loops, and transactions whose caller may disconnect.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    /// The number of running tasks by name.
    running: Arc<Mutex<BTreeMap<&'static str, usize>>>,
}

/// Error: the tasks with these names did not end before the timeout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("still running: {}", .0.join(", "))]
pub struct Unfinished(pub Vec<&'static str>);

impl Tasks {
    /// Creates an empty set of tasks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a task. The name is used in the log. A panic is logged and ends only this task.
    pub fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        let entry = Entry::new(Arc::clone(&self.running), name);
        let task = tokio::spawn(future);
        self.tracker.spawn(async move {
            let _entry = entry;
            if let Err(error) = task.await {
                tracing::error!(task = name, %error, "a task failed");
            }
        });
    }

    /// Waits for all tasks, at most for `timeout`. The tasks named in the error keep running until the process ends.
    pub async fn finish(&self, timeout: Duration) -> Result<(), Unfinished> {
        self.tracker.close();
        match tokio::time::timeout(timeout, self.tracker.wait()).await {
            Ok(()) => Ok(()),
            Err(_elapsed) => Err(Unfinished(lock(&self.running).keys().copied().collect())),
        }
    }
}

/// Counts a task until it is dropped, also if the task panics.
struct Entry {
    running: Arc<Mutex<BTreeMap<&'static str, usize>>>,
    name: &'static str,
}

impl Entry {
    fn new(running: Arc<Mutex<BTreeMap<&'static str, usize>>>, name: &'static str) -> Self {
        *lock(&running).entry(name).or_default() += 1;
        Self { running, name }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut running = lock(&self.running);
        if let Some(count) = running.get_mut(self.name) {
            *count -= 1;
            if *count == 0 {
                running.remove(self.name);
            }
        }
    }
}

fn lock<'a>(
    running: &'a Mutex<BTreeMap<&'static str, usize>>,
) -> std::sync::MutexGuard<'a, BTreeMap<&'static str, usize>> {
    // A poisoned lock is fine: no update of the counts can stop halfway.
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_clone_receives_the_signal() {
        let shutdown = Shutdown::new();
        let clone = shutdown.clone();
        let waiting = tokio::spawn(async move { clone.triggered().await });
        assert!(!shutdown.is_triggered());
        shutdown.trigger();
        waiting.await.unwrap();
        shutdown.triggered().await;
        assert!(shutdown.is_triggered());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn sigterm_gives_the_signal() {
        let shutdown = Shutdown::on_signals().unwrap();
        let kill = format!("kill -TERM {}", std::process::id());
        let status = tokio::task::spawn_blocking(move || {
            std::process::Command::new("sh").args(["-c", &kill]).status()
        });
        assert!(status.await.unwrap().unwrap().success());
        shutdown.triggered().await;
        assert!(shutdown.is_triggered());
    }

    #[tokio::test(start_paused = true)]
    async fn finish_names_the_tasks_that_still_run_and_not_those_that_ended_or_panicked() {
        let (tasks, shutdown) = (Tasks::new(), Shutdown::new());
        tasks.spawn("ends", async {});
        tasks.spawn("panics", async { panic!("as the test wants it") });
        for _ in 0..2 {
            let shutdown = shutdown.clone();
            tasks.spawn("relay", async move { shutdown.triggered().await });
        }
        let unfinished = tasks.finish(Duration::from_secs(10)).await;
        assert_eq!(unfinished, Err(Unfinished(vec!["relay"])));
        shutdown.trigger();
        assert_eq!(tasks.finish(Duration::from_secs(10)).await, Ok(()));
    }
}
