//! What a service does beside serving: follow-up work, forgetting, relaying.

use std::sync::Arc;
use std::time::Duration;

use operations::jobs::{Mailer, run_due_jobs, sweep_expired};
use platform::shutdown::{Shutdown, Tasks};
use stream::Relay;

use crate::Service;

/// How many pieces of work are done at the same time: a slow mail server must not hold up everything.
const AT_ONCE: usize = 4;
/// How often work left by other instances is looked for; that of our own wakes us.
const LOOK: Duration = Duration::from_secs(1);
/// How long after a fault of the store the next look is taken.
const RECOVER: Duration = Duration::from_secs(2);
/// How often what has expired is forgotten.
const SWEEP: Duration = Duration::from_mins(5);

/// What the workers work with.
pub struct Workers {
    /// The service they belong to.
    pub service: Service,
    /// Who delivers mails.
    pub mailer: Arc<dyn Mailer>,
    /// What brings the log to Redis, where there is Redis.
    pub relay: Option<Relay>,
}

/// Starts the workers; they end after a shutdown is asked for.
pub fn spawn_workers(workers: Workers, tasks: &Tasks, shutdown: &Shutdown) {
    let Workers { service, mailer, relay } = workers;
    for _ in 0..AT_ONCE {
        tasks.spawn("follow-up work", follow_up(service.clone(), Arc::clone(&mailer), shutdown.clone()));
    }
    tasks.spawn("sweep", sweep(service, shutdown.clone()));
    if let Some(relay) = relay {
        let shutdown = shutdown.clone();
        tasks.spawn("relay", async move { relay.run(shutdown.triggered()).await });
    }
}

async fn follow_up(service: Service, mailer: Arc<dyn Mailer>, shutdown: Shutdown) {
    let mut commits = service.app().store.commits();
    while !shutdown.is_triggered() {
        commits.mark_unchanged();
        let wait = match run_due_jobs(service.app(), service.credentials(), &*mailer).await {
            Ok(done) if !done.is_idle() => continue,
            Ok(_idle) => LOOK,
            Err(fault) => {
                tracing::error!(%fault, "follow-up work failed");
                RECOVER
            }
        };
        tokio::select! {
            () = shutdown.triggered() => {}
            _ = commits.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn sweep(service: Service, shutdown: Shutdown) {
    while !shutdown.is_triggered() {
        match sweep_expired(service.app()).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "forgot what had expired"),
            Err(fault) => tracing::error!(%fault, "sweep failed"),
        }
        tokio::select! {
            () = shutdown.triggered() => {}
            () = tokio::time::sleep(SWEEP) => {}
        }
    }
}
