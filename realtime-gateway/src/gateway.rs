use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::{Problem, ProblemCode};
use identity::resume_keys::ResumeKey;
use identity::resume_tokens::ResumeTokens;
use operations::App;
use platform::shutdown::{Shutdown, Tasks};
use uuid::Uuid;

use crate::Settings;
use crate::admission::Admission;
use crate::hub::Hub;
use crate::tail::TailHealth;

/// How long to wait before the next try where a gateway cannot serve.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// One gateway: its sockets, and what they are served from.
pub struct Gateway {
    pub(crate) app: App,
    pub(crate) settings: Settings,
    pub(crate) resume_tokens: ResumeTokens,
    pub(crate) hub: Hub,
    pub(crate) tail_health: TailHealth,
    pub(crate) admission: Admission,
    /// The life of the log; unknown until the log was read for the first time.
    epoch: OnceLock<Uuid>,
    pub(crate) draining: Shutdown,
    pub(crate) sockets: Tasks,
}

impl Gateway {
    /// Makes a gateway. It lets nobody in until [`run_tasks`](crate::run_tasks) has found out where the log stands.
    pub fn new(app: App, resume_key: &ResumeKey, settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            app,
            resume_tokens: ResumeTokens::new(resume_key),
            hub: Hub::new(settings.limits),
            tail_health: TailHealth::new(),
            admission: Admission::new(settings.limits),
            settings,
            epoch: OnceLock::new(),
            draining: Shutdown::new(),
            sockets: Tasks::new(),
        })
    }

    pub(crate) fn open(&self, epoch: Uuid) {
        self.epoch.get_or_init(|| epoch);
    }

    /// Returns the life of the log, once it is known and as long as sockets are let in.
    pub(crate) fn epoch(&self) -> Result<Uuid, Problem> {
        match self.epoch.get() {
            Some(epoch) if !self.draining.is_triggered() => Ok(*epoch),
            _ => Err(Problem::new(ProblemCode::Unavailable).retry_after(RETRY_AFTER)),
        }
    }

    /// Returns how many sockets have been welcomed and are open.
    pub fn open_sockets(&self) -> usize {
        self.hub.count()
    }

    /// Tells whether sockets are let in, events keep coming, and the database answers.
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
