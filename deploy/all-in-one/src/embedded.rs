use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use api_service::{CaptureMailer, Service, ShowsMail, Tuning, Workers, assemble, routes, spawn_workers};
use ephemeral::Ephemeral;
use identity::secrets::load_or_create_secret;
use identity::signing_keys::load_or_create_signing_key;
use platform::clock::SystemClock;
use platform::config::Environment;
use platform::listener::{Guard, GuardedListener};
use platform::shutdown::{Shutdown, Tasks};
use poem::EndpointExt as _;
use realtime_gateway::{Gateway, Limits, Settings, Source, Timing, run_tasks, socket};
use store::{Store, StoreOptions};

use crate::banner;
use crate::config::EmbeddedConfig;

/// How long requests and sockets under way may take once a shutdown is asked for.
const DRAIN: Duration = Duration::from_secs(10);
/// How often the gateway looks for events nobody woke it for. Every commit of this process does.
const POLL: Duration = Duration::from_secs(1);

/// Runs the whole backend in this process until told to stop.
pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let config = EmbeddedConfig::read(&mut Environment::from_process(), &arguments)?;
    platform::telemetry::init(&config.log, config.log_format)?;
    let shutdown = Shutdown::on_signals()?;
    std::fs::create_dir_all(&config.data_directory)?;
    let data_directory = config.data_directory.canonicalize()?;

    let store = open_store(&data_directory).await?;
    let signing_key = load_or_create_signing_key(&data_directory.join("signing-key.pem"))?;
    let secret = load_or_create_secret(&data_directory.join("secret.hex"))?;
    // Bound before anything else is promised: the port is part of the address people are told.
    let listener = GuardedListener::bind(config.listen, Guard::default()).await?;
    let public_url = format!("http://{}", listener.local_addr()?);
    let tuning = Tuning {
        public_url: public_url.clone(),
        allowed_origins: config.allowed_origins,
        trusted_proxies: Vec::new(),
        shows_mail: ShowsMail::Yes,
    };
    let ephemeral = Ephemeral::in_process(Arc::new(SystemClock));
    let service = assemble(store.clone(), ephemeral, signing_key, &secret, tuning);
    let app = service.app().clone();
    stream::open_log(&store, app.clock.now(), app.ids.next_id()).await?;

    let settings = Settings {
        public_url: public_url.clone(),
        source: Source::Outbox { poll: POLL },
        allowed_origins: service.browser_origins(),
        trusted_proxies: Vec::new(),
        limits: Limits::default(),
        timing: Timing::default(),
    };
    let gateway = Gateway::new(app.clone(), &secret, settings);
    let tasks = Tasks::new();
    let mailer = Arc::new(CaptureMailer::new(app));
    spawn_workers(Workers { service: service.clone(), mailer, relay: None }, &tasks, &shutdown);
    tasks.spawn("gateway", run_gateway(Arc::clone(&gateway), shutdown.clone()));

    let endpoint = routes(&service, Some(socket(gateway).map_to_response().boxed()));
    banner::print(&public_url, &data_directory.display().to_string())?;
    let stop = drain(service, shutdown.clone());
    poem::Server::new(listener).run_with_graceful_shutdown(endpoint, stop, Some(DRAIN)).await?;
    shutdown.trigger();
    tasks.finish(DRAIN).await?;
    store.close().await?;
    tracing::info!("stopped");
    Ok(())
}

/// Runs the gateway's tasks. Should they die, the process goes down with them: half a backend helps nobody.
async fn run_gateway(gateway: Arc<Gateway>, shutdown: Shutdown) {
    if let Err(fault) = tokio::spawn(run_tasks(gateway, shutdown.clone())).await {
        tracing::error!(%fault, "the gateway died");
        shutdown.trigger();
    }
}

/// Opens the database, brought to the present schema.
async fn open_store(data_directory: &Path) -> Result<Store, Box<dyn Error>> {
    let url = format!("sqlite://{}?mode=rwc", data_directory.join("orgo.db").display());
    migrations::change(&url, migrations::Change::Up).await?;
    Ok(Store::connect(&url, StoreOptions::default()).await?)
}

/// Says that no new work should come, as soon as a shutdown is asked for.
async fn drain(service: Service, shutdown: Shutdown) {
    shutdown.triggered().await;
    service.drain();
    tracing::info!("stopping");
}
