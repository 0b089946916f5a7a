use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::{Problem, ProblemCode};
use identity::resume_keys::ResumeKey;
use identity::resume_tokens::ResumeTokens;
use operations::App;
use platform::shutdown::{Shutdown, Tasks};
use store::Store;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::Settings;
use crate::admission::Admission;
use crate::hub::Hub;
use crate::tail::TailHealth;

/// `Retry-After` of a gateway that cannot serve.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Number of replays from the outbox that run at the same time.
const REPLAYS: usize = 8;
/// Number of connections that a gateway needs for the event log: one for the tail, one for the audit.
pub const TAIL_CONNECTIONS: u32 = 2;

/// One gateway: its sockets and the state that serves them.
pub struct Gateway {
    pub(crate) app: App,
    /// A store with its own connections for the event log, so that a waiting request does not delay events.
    pub(crate) tail_store: Store,
    pub(crate) settings: Settings,
    pub(crate) resume_tokens: ResumeTokens,
    pub(crate) hub: Hub,
    pub(crate) tail_health: TailHealth,
    pub(crate) admission: Admission,
    /// Bounds the replays from the outbox that run at the same time: many sockets may return at once.
    pub(crate) replays: Semaphore,
    /// Epoch of the event log; unknown until the log was read for the first time.
    epoch: RwLock<Option<Uuid>>,
    pub(crate) draining: Shutdown,
    pub(crate) sockets: Tasks,
}

impl Gateway {
    /// Creates a gateway. `tail_store` has connections of its own, for the event log. The gateway accepts no socket
    /// until [`run_tasks`](crate::run_tasks) has read the heads of the event log.
    pub fn new(app: App, tail_store: Store, resume_key: &ResumeKey, settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            tail_store,
            app,
            resume_tokens: ResumeTokens::new(resume_key),
            hub: Hub::new(settings.limits),
            tail_health: TailHealth::new(),
            admission: Admission::new(settings.limits),
            replays: Semaphore::new(REPLAYS),
            settings,
            epoch: RwLock::default(),
            draining: Shutdown::new(),
            sockets: Tasks::new(),
        })
    }

    pub(crate) fn set_epoch(&self, epoch: Uuid) {
        *self.epoch.write().unwrap_or_else(PoisonError::into_inner) = Some(epoch);
    }

    /// Returns the epoch of the event log, if it is known.
    pub(crate) fn known_epoch(&self) -> Option<Uuid> {
        *self.epoch.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the epoch of the event log, if it is known and sockets are accepted.
    pub(crate) fn epoch(&self) -> Result<Uuid, Problem> {
        match self.known_epoch() {
            Some(epoch) if !self.draining.is_triggered() => Ok(epoch),
            _ => Err(Problem::new(ProblemCode::Unavailable).retry_after(RETRY_AFTER)),
        }
    }

    /// Returns the number of sockets that were welcomed and are open.
    pub fn open_sockets(&self) -> usize {
        self.hub.open()
    }

    /// Checks that sockets are accepted, the gateway keeps up with the event log, and the database answers.
    pub async fn check_ready(&self) -> Result<(), Problem> {
        self.epoch()?;
        let lag = self.app.clock.now().since(self.tail_health.kept_up_at());
        if lag > self.settings.timing.lag {
            tracing::warn!(lag_ms = lag.as_millis(), "not ready: behind the log");
            return Err(Problem::new(ProblemCode::Unavailable).retry_after(RETRY_AFTER));
        }
        if let Err(error) = self.app.store.ping().await {
            tracing::warn!(%error, "not ready: the database does not answer");
            return Err(Problem::new(ProblemCode::Unavailable).retry_after(RETRY_AFTER));
        }
        Ok(())
    }
}
