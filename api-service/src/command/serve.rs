use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use api_service::{ApiConfig, CaptureMailer, MailRoute, Workers, assemble, routes, spawn_workers};
use edge::health::HealthServer;
use ephemeral::Ephemeral;
use operations::jobs::Mailer;
use platform::config::Environment;
use platform::listener::{Guard, GuardedListener};
use platform::shutdown::{Shutdown, Tasks};
use store::{Store, StoreOptions};
use stream::Relay;

/// Longest time for requests in flight after the signal to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Number of database connections of the relay.
const RELAY_CONNECTIONS: u32 = 2;

/// Serves until the signal to stop.
pub(super) async fn serve() -> Result<(), Box<dyn Error>> {
    let config = ApiConfig::from_environment(&mut Environment::from_process())?;
    platform::telemetry::init(&config.logging.filter, config.logging.format)?;
    let shutdown = Shutdown::on_signals()?;
    let store = Store::connect(&config.stores.database_url, StoreOptions::default()).await?;
    let ephemeral = Ephemeral::redis(&config.stores.redis_url, "orgo:")?;
    let service = assemble(store.clone(), ephemeral, config.signing_key, &config.secret, config.settings);
    let app = service.app();
    stream::open_log(&store, app.clock.now(), app.ids.next_id()).await?;
    let mailer: Arc<dyn Mailer> = match config.mail {
        MailRoute::Capture => Arc::new(CaptureMailer::new(app.clone())),
        MailRoute::Smtp(mailer) => Arc::<api_service::SmtpMailer>::from(mailer),
    };
    let holder = app.ids.next_id().to_string();
    let (clock, ids) = (Arc::clone(&app.clock), Arc::clone(&app.ids));
    let relay_store = store.with_own_connections(RELAY_CONNECTIONS).await?;
    let relay = Relay::new(relay_store, &config.stores.redis_url, stream::PREFIX, clock, ids, holder)?;
    let tasks = Tasks::new();
    let workers = Workers { service: service.clone(), mailer, relay: Some(relay) };
    spawn_workers(workers, &tasks, &shutdown).await?;
    let readiness = service.readiness().clone();
    let health = config.health_listen;
    let _health =
        HealthServer::start("ORGO_API_HEALTH_LISTEN", health, service.edge(), readiness.clone()).await?;
    let listener = GuardedListener::bind(config.listen, Guard::default()).await;
    let listener = listener.map_err(|fault| format!("ORGO_API_LISTEN: {}: {fault}", config.listen))?;
    tracing::info!(address = %listener.local_addr()?, "serving");
    let stop = readiness.drain_on(shutdown.clone());
    platform::serve::serve(listener, routes(&service, None), Box::pin(stop), DRAIN).await?;
    shutdown.trigger();
    tasks.finish(DRAIN).await?;
    Ok(())
}
