use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use api_service::{ApiConfig, CaptureMailer, MailRoute, Service, Workers, assemble, routes, spawn_workers};
use ephemeral::Ephemeral;
use operations::jobs::Mailer;
use platform::config::Environment;
use platform::listener::{Guard, GuardedListener};
use platform::shutdown::{Shutdown, Tasks};
use store::{Store, StoreOptions};
use stream::Relay;

/// How long requests under way may take once a shutdown is asked for.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until told to stop.
pub(super) async fn serve() -> Result<(), Box<dyn Error>> {
    let config = ApiConfig::from_environment(&mut Environment::from_process())?;
    platform::telemetry::init(&config.log, config.log_format)?;
    let shutdown = Shutdown::on_signals()?;
    let store = Store::connect(&config.database_url, StoreOptions::default()).await?;
    let ephemeral = Ephemeral::redis(&config.redis_url, "orgo:")?;
    let service = assemble(store.clone(), ephemeral, config.signing_key, &config.secret, config.tuning);
    let app = service.app();
    stream::open_log(&store, app.clock.now(), app.ids.next_id()).await?;
    let mailer: Arc<dyn Mailer> = match config.mail {
        MailRoute::Capture => Arc::new(CaptureMailer::new(app.clone())),
        MailRoute::Smtp(mailer) => Arc::<api_service::SmtpMailer>::from(mailer),
    };
    let holder = app.ids.next_id().to_string();
    let relay = Relay::new(store, &config.redis_url, stream::PREFIX, Arc::clone(&app.clock), holder)?;
    let tasks = Tasks::new();
    let workers = Workers { service: service.clone(), mailer, relay: Some(relay) };
    spawn_workers(workers, &tasks, &shutdown).await?;
    let listener = GuardedListener::bind(config.listen, Guard::default()).await?;
    tracing::info!(address = %listener.local_addr()?, "serving");
    let stop = drain(service.clone(), shutdown.clone());
    poem::Server::new(listener).run_with_graceful_shutdown(routes(&service, None), stop, Some(DRAIN)).await?;
    shutdown.trigger();
    tasks.finish(DRAIN).await?;
    Ok(())
}

/// Says that no new work should come, as soon as a shutdown is asked for.
async fn drain(service: Service, shutdown: Shutdown) {
    shutdown.triggered().await;
    service.drain();
    tracing::info!("stopping");
}
