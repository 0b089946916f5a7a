//! Background work of the service: jobs, the sweep of expired rows, rankings, the relay.

use std::sync::Arc;
use std::time::Duration;

use operations::jobs::{ClaimedJob, Mailer, claim_due_jobs, run_job, sweep_expired};
use operations::posts::{RANKING_INTERVAL, rank_posts};
use operations::{App, OperationError};
use platform::shutdown::{Shutdown, Tasks};
use store::ConnectFault;
use stream::Relay;
use tokio::task::JoinSet;

use crate::Service;

/// Number of jobs that run at the same time, so that one slow delivery does not delay all of them.
const WORKERS: usize = 4;
/// Connections of the jobs and the sweep, apart from those of requests.
const CONNECTIONS: u32 = 2;
/// Interval between searches for due jobs of other processes and postponed ones. Jobs of this process wake the claimer.
const LOOK: Duration = Duration::from_secs(1);
/// Pause after a fault of the store.
const RECOVER: Duration = Duration::from_secs(2);
/// Interval between deletions of expired rows.
const SWEEP: Duration = Duration::from_mins(5);

/// Parts of the background work.
pub struct Workers {
    /// The service it belongs to.
    pub service: Service,
    /// Delivers mails.
    pub mailer: Arc<dyn Mailer>,
    /// Copies the outbox to Redis. `None` without Redis.
    pub relay: Option<Relay>,
}

/// Starts the background work on connections of its own. It ends after the shutdown signal.
pub async fn spawn_workers(workers: Workers, tasks: &Tasks, shutdown: &Shutdown) -> Result<(), ConnectFault> {
    let Workers { service, mailer, relay } = workers;
    let store = service.app().store.with_own_connections(CONNECTIONS).await?;
    let app = App { store, ..service.app().clone() };
    tasks.spawn("jobs", run_jobs(app.clone(), service, mailer, shutdown.clone()));
    tasks.spawn("sweep", sweep(app.clone(), shutdown.clone()));
    tasks.spawn("ranking", rank(app, shutdown.clone()));
    if let Some(relay) = relay {
        let shutdown = shutdown.clone();
        tasks.spawn("relay", async move { relay.run(shutdown.triggered()).await });
    }
    Ok(())
}

/// Claims due jobs and hands them to at most [`WORKERS`] tasks.
async fn run_jobs(app: App, service: Service, mailer: Arc<dyn Mailer>, shutdown: Shutdown) {
    let mut enqueued = app.store.jobs();
    let mut running = JoinSet::new();
    while !shutdown.is_triggered() {
        enqueued.mark_unchanged();
        let free = WORKERS.saturating_sub(running.len());
        let mut wait = LOOK;
        match claim(&app, free).await {
            Ok(claimed) => {
                for job in claimed {
                    running.spawn(run_one(app.clone(), service.clone(), Arc::clone(&mailer), job));
                }
            }
            Err(fault) => {
                tracing::error!(%fault, "jobs cannot be claimed");
                wait = RECOVER;
            }
        }
        tokio::select! {
            () = shutdown.triggered() => {}
            _ = enqueued.changed(), if running.len() < WORKERS => {}
            Some(_ended) = running.join_next() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    // Running jobs are finished: the drain of the service has a deadline.
    while running.join_next().await.is_some() {}
}

async fn claim(app: &App, free: usize) -> Result<Vec<ClaimedJob>, OperationError> {
    match u64::try_from(free) {
        Ok(free) if free > 0 => claim_due_jobs(app, free).await,
        _ => Ok(Vec::new()),
    }
}

async fn run_one(app: App, service: Service, mailer: Arc<dyn Mailer>, job: ClaimedJob) {
    if let Err(fault) = run_job(&app, service.credentials(), &*mailer, &job).await {
        tracing::error!(job.id = %job.id, %fault, "the outcome of a job was not stored");
    }
}

async fn sweep(app: App, shutdown: Shutdown) {
    while !shutdown.is_triggered() {
        match sweep_expired(&app).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "expired rows deleted"),
            Err(fault) => tracing::error!(%fault, "sweep failed"),
        }
        tokio::select! {
            () = shutdown.triggered() => {}
            () = tokio::time::sleep(SWEEP) => {}
        }
    }
}

async fn rank(app: App, shutdown: Shutdown) {
    while !shutdown.is_triggered() {
        if let Err(fault) = rank_posts(&app).await {
            tracing::error!(%fault, "popular posts were not ranked");
        }
        tokio::select! {
            () = shutdown.triggered() => {}
            () = tokio::time::sleep(RANKING_INTERVAL) => {}
        }
    }
}
