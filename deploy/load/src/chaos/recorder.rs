use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::history::History;
use crate::positions::Positions;
use crate::{Api, LoadFault, Person, Socket};

/// How long the client waits before it connects again.
const BACKOFF: Duration = Duration::from_millis(250);
/// How long the first socket is tried for.
const FIRST_WITHIN: Duration = Duration::from_secs(15);

/// A client that follows the protocol: it keeps its positions, answers heartbeats, and resumes when its socket ends.
/// What it sees goes into a [`History`].
pub(crate) struct Recorder {
    history: Arc<Mutex<History>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), LoadFault>>,
}

impl Recorder {
    /// Opens a person's socket and records it in the background. `at` is the address of one gateway, or nothing for
    /// the address that the ticket names.
    pub(crate) async fn start(api: &Api, person: &Person, at: Option<String>) -> Result<Self, LoadFault> {
        let history = Arc::new(Mutex::new(History::default()));
        let (stop, stopped) = watch::channel(false);
        let socket = open_first(api, person, at.as_deref()).await?;
        let client = Client {
            api: api.clone(),
            person: person.clone(),
            at,
            epoch: Value::Null,
            positions: Positions::default(),
            history: Arc::clone(&history),
            stopped,
        };
        let task = tokio::spawn(client.run(socket));
        Ok(Self { history, stop, task })
    }

    /// Returns what it has seen so far.
    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until everything promised has arrived, at most this long. Whether it has is found out by the checks.
    pub(crate) async fn wait_for_all(&self, most: Duration) {
        let deadline = Instant::now() + most;
        while self.history().missing() > 0 && Instant::now() < deadline && !self.task.is_finished() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // What comes twice comes a little later.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }

    /// Closes the socket and returns everything that was seen.
    pub(crate) async fn finish(self) -> Result<History, LoadFault> {
        self.stop.send_replace(true);
        self.task.await.map_err(|fault| LoadFault::Unexpected(fault.to_string()))??;
        let history = Arc::into_inner(self.history);
        let history = history.ok_or_else(|| LoadFault::Unexpected("the recorder still runs".into()))?;
        Ok(history.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Opens the first socket; a gateway that a scenario has just disturbed is asked again.
async fn open_first(api: &Api, person: &Person, at: Option<&str>) -> Result<Socket, LoadFault> {
    let started = Instant::now();
    loop {
        match Socket::open_at(api, person, None, at).await {
            Err(_refused) if started.elapsed() < FIRST_WITHIN => tokio::time::sleep(BACKOFF).await,
            opened => return opened,
        }
    }
}

/// Waits until the recorder is to stop.
async fn stop(stopped: &mut watch::Receiver<bool>) {
    // An error means that the recorder is gone, which is a reason to stop as well.
    stopped.wait_for(|stop| *stop).await.map(drop).unwrap_or_default();
}

struct Client {
    api: Api,
    person: Person,
    at: Option<String>,
    epoch: Value,
    positions: Positions,
    history: Arc<Mutex<History>>,
    stopped: watch::Receiver<bool>,
}

impl Client {
    async fn run(mut self, mut socket: Socket) -> Result<(), LoadFault> {
        self.welcomed(&socket.welcome);
        loop {
            let next = tokio::select! {
                next = socket.next() => Some(next),
                () = stop(&mut self.stopped) => None,
            };
            let Some(next) = next else { return socket.close().await };
            match next {
                Ok(Ok(frame)) => self.take(&frame, &mut socket).await?,
                Ok(Err(ended)) => {
                    self.note(|history| history.closed(ended.code));
                    let Some(again) = self.reconnect().await? else { return Ok(()) };
                    socket = again;
                }
                // No frame for as long as a socket may be silent: as a real client, it looks again.
                Err(LoadFault::Late) => {}
                Err(fault) => return Err(fault),
            }
        }
    }

    async fn take(&mut self, frame: &Value, socket: &mut Socket) -> Result<(), LoadFault> {
        let now = Instant::now();
        match frame.get("t").and_then(Value::as_str) {
            Some("ev" | "nt") => {
                self.positions.advance(frame);
                self.note(|history| history.event(frame, now));
            }
            Some("hb") => {
                self.positions.adopt(frame);
                // A socket that is gone says so at the next read.
                socket.send(&json!({ "t": "hb" })).await.unwrap_or_default();
            }
            Some("gap") => {
                self.positions.adopt(frame);
                if let Some(epoch) = frame.get("epoch") {
                    self.epoch = epoch.clone();
                }
                self.note(History::gap);
            }
            _ => {}
        }
        Ok(())
    }

    fn welcomed(&mut self, welcome: &Value) {
        self.epoch = welcome.get("epoch").cloned().unwrap_or_default();
        self.positions.adopt(welcome);
    }

    /// Connects until it succeeds, with the positions of the socket before. Nothing where it is to stop.
    async fn reconnect(&mut self) -> Result<Option<Socket>, LoadFault> {
        loop {
            tokio::select! {
                () = tokio::time::sleep(BACKOFF) => {}
                () = stop(&mut self.stopped) => return Ok(None),
            }
            let resume = json!({ "epoch": self.epoch, "pos": self.positions.to_json() });
            let opened = Socket::open_at(&self.api, &self.person, Some(resume), self.at.as_deref()).await;
            // Refusals and closes are what the scenarios cause; the loop ends with the scenario.
            let Ok(socket) = opened else { continue };
            let is_resumed = socket.welcome.get("resumed") == Some(&json!(true));
            self.welcomed(&socket.welcome);
            self.note(|history| {
                history.reconnected(is_resumed);
                if !is_resumed {
                    history.gap();
                }
            });
            return Ok(Some(socket));
        }
    }

    fn note(&self, what: impl FnOnce(&mut History)) {
        what(&mut self.history.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
