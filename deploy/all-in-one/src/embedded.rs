use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use api_service::{CaptureMailer, Service, ShowsMail, Tuning, Workers, assemble, routes, spawn_workers};
use ephemeral::Ephemeral;
use platform::clock::SystemClock;
use platform::config::Environment;
use platform::listener::{Guard, GuardedListener};
use platform::origin::Origin;
use platform::shutdown::{Shutdown, Tasks};
use poem::EndpointExt as _;
use realtime_gateway::{Gateway, Limits, Settings, Source, Timing, run_tasks, socket};

use crate::banner;
use crate::config::EmbeddedConfig;
use crate::data_directory::{self, Kept};

/// How long open requests and sockets may take after a shutdown was requested.
const DRAIN: Duration = Duration::from_secs(10);
/// Interval at which the gateway polls the outbox. Commits of this process wake it at once.
const POLL: Duration = Duration::from_secs(1);

/// Runs the whole backend in this process until a signal stops it.
pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let config = EmbeddedConfig::read(&mut Environment::from_process(), &arguments)?;
    platform::telemetry::init(&config.log, config.log_format)?;
    let shutdown = Shutdown::on_signals()?;
    let Kept { directory, store, signing_key, secret } = data_directory::open(&config.data_directory).await?;
    // Bound first, because the port is part of the public URL.
    let listener = GuardedListener::bind(config.listen, Guard::default()).await;
    let listener = listener.map_err(|fault| format!("ORGO_LISTEN: {}: {fault}", config.listen))?;
    let public_url = public_url(config.public_url.as_ref(), listener.local_addr()?);
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
    let beside = Arc::clone(&gateway);
    service.also_ready(move || {
        let gateway = Arc::clone(&beside);
        async move { gateway.check_ready().await }
    });
    let tasks = Tasks::new();
    let mailer = Arc::new(CaptureMailer::new(app));
    spawn_workers(Workers { service: service.clone(), mailer, relay: None }, &tasks, &shutdown);
    tasks.spawn("gateway", run_gateway(Arc::clone(&gateway), shutdown.clone()));

    let endpoint = routes(&service, Some(socket(gateway).map_to_response().boxed()));
    banner::print(&public_url, &directory.display().to_string())?;
    let stop = drain(service, shutdown.clone());
    poem::Server::new(listener).run_with_graceful_shutdown(endpoint, stop, Some(DRAIN)).await?;
    shutdown.trigger();
    tasks.finish(DRAIN).await?;
    store.close().await?;
    tracing::info!("stopped");
    Ok(())
}

/// Runs the gateway's tasks, and shuts the process down if they panic.
async fn run_gateway(gateway: Arc<Gateway>, shutdown: Shutdown) {
    if let Err(fault) = tokio::spawn(run_tasks(gateway, shutdown.clone())).await {
        tracing::error!(%fault, "the gateway died");
        shutdown.trigger();
    }
}

/// Returns the configured public URL, otherwise the URL of the address it listens on, with loopback instead of an
/// unspecified address.
fn public_url(told: Option<&Origin>, listening: SocketAddr) -> String {
    match told {
        Some(origin) => origin.to_string(),
        None if listening.ip().is_unspecified() => format!("http://127.0.0.1:{}", listening.port()),
        None => format!("http://{listening}"),
    }
}

/// Reports the service as not ready as soon as a shutdown is requested.
async fn drain(service: Service, shutdown: Shutdown) {
    shutdown.triggered().await;
    service.drain();
    tracing::info!("stopping");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_address_is_one_that_can_be_reached() {
        let of = |listening: &str| public_url(None, listening.parse().unwrap());
        assert_eq!(of("127.0.0.1:8080"), "http://127.0.0.1:8080");
        assert_eq!(of("[::1]:8080"), "http://[::1]:8080");
        assert_eq!(of("0.0.0.0:8080"), "http://127.0.0.1:8080");
        assert_eq!(of("[::]:8080"), "http://127.0.0.1:8080");
        let told = "https://orgo.example".parse().unwrap();
        assert_eq!(public_url(Some(&told), "0.0.0.0:8080".parse().unwrap()), "https://orgo.example");
    }
}
