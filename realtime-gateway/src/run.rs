use std::io;
use std::pin::Pin;
use std::sync::Arc;

use platform::listener::GuardedListener;
use platform::serve::serve;
use platform::shutdown::Shutdown;
use store::sessions;

use crate::{Gateway, audit, endpoint, tail};

/// Serves a gateway on a port of its own until `shutdown`, then until its sockets are closed.
///
/// Boxed, like [`run_tasks`]: every crate that awaits an `async fn` compiles it again, with everything that it awaits.
pub fn run(
    listener: GuardedListener,
    gateway: Arc<Gateway>,
    shutdown: Shutdown,
) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send>> {
    Box::pin(serve_and_run_tasks(listener, gateway, shutdown))
}

async fn serve_and_run_tasks(
    listener: GuardedListener,
    gateway: Arc<Gateway>,
    shutdown: Shutdown,
) -> io::Result<()> {
    let stopped = shutdown.clone();
    let drain = gateway.settings.timing.drain;
    let stop = Box::pin(async move { stopped.triggered().await });
    let server = serve(listener, endpoint(Arc::clone(&gateway)), stop, drain);
    let (outcome, ()) = tokio::join!(server, run_tasks(gateway, shutdown));
    outcome
}

/// Runs the background tasks of a gateway: the tail, the audit, the search for ended sessions. At `shutdown` it closes
/// the sockets; the tail runs until the last one is closed. Returns when all are closed.
pub fn run_tasks(gateway: Arc<Gateway>, shutdown: Shutdown) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(run_until_closed(gateway, shutdown))
}

async fn run_until_closed(gateway: Arc<Gateway>, shutdown: Shutdown) {
    let (findings, found) = audit::channel();
    tokio::select! {
        biased;
        () = drain(&gateway, &shutdown) => {}
        () = tail::follow(&gateway, found) => {}
        () = audit::run(&gateway, findings) => {}
        () = close_ended_sessions(&gateway) => {}
    }
}

/// Waits for `shutdown`, then closes all sockets and waits for them.
async fn drain(gateway: &Gateway, shutdown: &Shutdown) {
    shutdown.triggered().await;
    gateway.draining.trigger();
    if let Err(unfinished) = gateway.sockets.finish(gateway.settings.timing.drain).await {
        tracing::warn!(%unfinished, "not every socket could be closed in time");
    }
}

/// Closes the sockets of ended sessions whose event was lost.
async fn close_ended_sessions(gateway: &Gateway) {
    loop {
        tokio::time::sleep(gateway.settings.timing.sessions).await;
        let here = gateway.hub.sessions();
        if here.is_empty() {
            continue;
        }
        match sessions::ended_among(gateway.app.store.reader(), here).await {
            Ok(ended) if ended.is_empty() => {}
            Ok(ended) => {
                tracing::warn!(count = ended.len(), "sessions ended without an event for their sockets");
                gateway.hub.end_sessions(&ended);
            }
            Err(error) => tracing::warn!(%error, "ended sessions cannot be searched for"),
        }
    }
}
