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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::events::{Audience, Event, Numbered, payload};
    use domain::notifications::UnreadCounts;
    use identity::resume_keys::ResumeKey;
    use testkit::{TestApp, TestDatabase};
    use tokio::sync::Notify;

    use super::*;
    use crate::{Limits, Settings, Source, TAIL_CONNECTIONS, Timing};

    /// Longest time that the test waits.
    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn the_tail_applies_events_until_the_last_socket_is_closed() {
        let test = TestApp::new(TestDatabase::sqlite().await);
        let settings = Settings {
            source: Source::Outbox { poll: Duration::from_millis(50) },
            edge: edge::Settings::new("http://127.0.0.1:8088"),
            limits: Limits::default(),
            timing: Timing::default(),
        };
        let tail_store = test.app.store.with_own_connections(TAIL_CONNECTIONS).await.unwrap();
        let gateway = Gateway::new(test.app.clone(), tail_store, &ResumeKey::derive(&test.secret), settings);
        let (shutdown, socket_closes) = (Shutdown::new(), Arc::new(Notify::new()));
        let tasks = tokio::spawn(run_tasks(Arc::clone(&gateway), shutdown.clone()));
        let closes = Arc::clone(&socket_closes);
        gateway.sockets.spawn("socket", async move { closes.notified().await });
        until(|| gateway.known_epoch().is_some()).await;
        shutdown.trigger();
        gateway.draining.triggered().await;

        let recipient = test.person("first").await.caller().user_id;
        let partition = Audience::User(recipient).partition();
        let before = gateway.hub.last(partition);
        let mut unit = test.app.store.begin(test.now()).await.unwrap();
        let payload = payload::NotificationCounts { unread: UnreadCounts { unseen: 1, unread: 1 } };
        let event = Numbered { recipient, number: 1, at: unit.now(), payload };
        unit.record(Event::NotificationCounts(event));
        unit.commit().await.unwrap();
        until(|| gateway.hub.last(partition) == before + 1).await;

        assert!(!tasks.is_finished());
        socket_closes.notify_one();
        tokio::time::timeout(PATIENCE, tasks).await.unwrap().unwrap();
    }

    async fn until(is_so: impl Fn() -> bool) {
        let so = async {
            while !is_so() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, so).await.expect("a condition to become true");
    }
}
