//! Background work of the service: jobs, the sweep of expired rows, rankings, views, the
//! comparison of counters, the relay.

use std::sync::Arc;
use std::time::Duration;

use ephemeral::Stored;
use operations::jobs::{
    ClaimedJob, Mailer, Repair, claim_due_jobs, reconcile_counters, run_job, sweep_expired,
};
use operations::posts::{RANKING_INTERVAL, count_views, rank_posts};
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
/// Interval between looks whether the counters were compared with their rows today.
const LOOK_FOR_RECONCILER: Duration = Duration::from_hours(1);
/// Period within which one process compares the counters with their rows.
const DAY: Duration = Duration::from_hours(24);
/// Interval between counts of the collected views.
const COUNT_VIEWS: Duration = Duration::from_secs(30);
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
    tasks.spawn("views", count_all_views(app.clone(), service.clone(), shutdown.clone()));
    tasks.spawn("jobs", run_jobs(app.clone(), service, mailer, shutdown.clone()));
    tasks.spawn("sweep", sweep(app.clone(), shutdown.clone()));
    tasks.spawn("ranking", rank(app.clone(), shutdown.clone()));
    tasks.spawn("reconciler", reconcile(app, shutdown.clone()));
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

/// Counts the collected views periodically, and after the shutdown signal for the last time.
async fn count_all_views(app: App, service: Service, shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = shutdown.triggered() => {}
            () = tokio::time::sleep(COUNT_VIEWS) => {}
        }
        let is_last = shutdown.is_triggered();
        if let Err(fault) = count_views(&app, service.views()).await {
            tracing::error!(%fault, "views were not counted");
        }
        if is_last {
            return;
        }
    }
}

/// Compares the counters with their rows once a day, in one of the processes.
async fn reconcile(app: App, shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = shutdown.triggered() => return,
            () = tokio::time::sleep(LOOK_FOR_RECONCILER) => {}
        }
        match app.ephemeral.put_new("counters-compared", "", DAY).await {
            Ok(Stored::Existed) => {}
            Ok(Stored::New) => {
                if let Err(fault) = reconcile_counters(&app, Repair::No).await {
                    tracing::error!(%fault, "counters were not compared");
                }
            }
            Err(fault) => tracing::warn!(%fault, "counters are compared later"),
        }
    }
}
