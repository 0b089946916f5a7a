use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use api_service::{CaptureMailer, ShowsMail, Workers, assemble, routes, spawn_workers};
use edge::LoopbackOrigins;
use ephemeral::Ephemeral;
use identity::resume_keys::ResumeKey;
use platform::clock::SystemClock;
use platform::command_line;
use platform::config::Environment;
use platform::listener::{Guard, GuardedListener};
use platform::origin::Origin;
use platform::shutdown::{Shutdown, Tasks};
use realtime_gateway::{Gateway, Limits, Settings, Source, TAIL_CONNECTIONS, Timing, run_tasks, socket};

use crate::banner;
use crate::config::{Arguments, EmbeddedConfig};
use crate::data_directory::{self, Kept};

/// How long requests in flight, and then sockets, may take after the signal to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How often the gateway polls for events. Every commit of this process wakes it as well.
const POLL: Duration = Duration::from_secs(1);

/// Runs the whole backend in this process until the signal to stop.
pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Arguments = command_line::parse(|environment| {
        // Only the descriptions of the settings are of interest.
        EmbeddedConfig::read(environment, &Arguments::default()).ok();
    });
    let config = EmbeddedConfig::read(&mut Environment::from_process(), &arguments)?;
    platform::telemetry::init(&config.logging.filter, config.logging.format)?;
    let shutdown = Shutdown::on_signals()?;
    let Kept { directory, store, signing_key, secret } = data_directory::open(&config.data_directory).await?;
    // Bound first: the port is part of the public URL.
    let listener = GuardedListener::bind(config.listen, Guard::default()).await;
    let listener = listener.map_err(|fault| format!("ORGO_LISTEN: {}: {fault}", config.listen))?;
    let public_url = public_url(config.public_url.as_ref(), listener.local_addr()?);
    // A frontend in development has a port of its own. Only pages on this machine can have a loopback origin here.
    let is_local = config.listen.ip().is_loopback();
    let edge = edge::Settings {
        allowed_origins: config.allowed_origins,
        loopback_origins: if is_local { LoopbackOrigins::All } else { LoopbackOrigins::Listed },
        ..edge::Settings::new(public_url.clone())
    };
    let settings =
        api_service::Settings { edge: edge.clone(), shows_mail: ShowsMail::Yes, rates: config.rates };
    let ephemeral = Ephemeral::in_process(Arc::new(SystemClock));
    let service = assemble(store.clone(), ephemeral, signing_key, &secret, settings);
    let app = service.app().clone();
    stream::open_log(&store, app.clock.now(), app.ids.next_id()).await?;

    let settings = Settings {
        source: Source::Outbox { poll: POLL },
        edge,
        limits: Limits::default(),
        timing: Timing::default(),
    };
    let tail_store = app.store.with_own_connections(TAIL_CONNECTIONS).await?;
    let gateway = Gateway::new(app.clone(), tail_store, &ResumeKey::derive(&secret), settings);
    let beside = Arc::clone(&gateway);
    service.readiness().require(move || {
        let gateway = Arc::clone(&beside);
        async move { gateway.check_ready().await }
    });
    let tasks = Tasks::new();
    let mailer = Arc::new(CaptureMailer::new(app));
    spawn_workers(Workers { service: service.clone(), mailer, relay: None }, &tasks, &shutdown).await?;
    tasks.spawn("gateway", run_gateway(Arc::clone(&gateway), shutdown.clone()));

    let endpoint = routes(&service, Some(socket(gateway)));
    banner::print(&public_url, &directory.display().to_string())?;
    let stop = service.readiness().clone().drain_on(shutdown.clone());
    platform::serve::serve(listener, endpoint, Box::pin(stop), DRAIN).await?;
    shutdown.trigger();
    tasks.finish(DRAIN).await?;
    store.close().await?;
    tracing::info!("stopped");
    Ok(())
}

/// Runs the gateway's tasks. If they fail, the process stops.
async fn run_gateway(gateway: Arc<Gateway>, shutdown: Shutdown) {
    if let Err(fault) = tokio::spawn(run_tasks(gateway, shutdown.clone())).await {
        tracing::error!(%fault, "the gateway died");
        shutdown.trigger();
    }
}

/// Returns the URL clients use: the setting, or the address it listens on. The unspecified address becomes loopback.
fn public_url(told: Option<&Origin>, listening: SocketAddr) -> String {
    match told {
        Some(origin) => origin.to_string(),
        None if listening.ip().is_unspecified() => format!("http://127.0.0.1:{}", listening.port()),
        None => format!("http://{listening}"),
    }
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
