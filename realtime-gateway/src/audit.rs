//! Compares the gateway with the event log on a timer of its own, so that a silent database never delays events.

use std::time::Duration;

use stream::{Cursor, LogState, Positions};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::Gateway;

/// Longest time for one comparison.
const DEADLINE: Duration = Duration::from_secs(5);

/// A finding that the tail must act on.
#[derive(Debug)]
pub(crate) enum Finding {
    /// The log has events that the gateway should have had by now.
    Behind,
    /// The log began a new epoch.
    Restarted { epoch: Uuid, cursor: Box<Cursor> },
}

/// Creates the channel from the audit to the tail. It holds one finding: further findings are dropped until the tail
/// has acted on it.
pub(crate) fn channel() -> (mpsc::Sender<Finding>, mpsc::Receiver<Finding>) {
    mpsc::channel(1)
}

/// Compares at intervals. Never returns.
pub(crate) async fn run(gateway: &Gateway, findings: mpsc::Sender<Finding>) {
    let mut heads_before = Positions::default();
    loop {
        sleep(gateway.settings.timing.audit).await;
        let now = gateway.app.clock.now();
        gateway.hub.forget(now.minus(gateway.settings.timing.ring), now);
        let Some(epoch) = gateway.known_epoch() else { continue };
        let cursor = gateway.hub.cursor();
        let compared = stream::compare(&gateway.tail_store, now, gateway.app.ids.next_id(), epoch, &cursor);
        let state = match timeout(DEADLINE, compared).await {
            Ok(Ok(state)) => state,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the event log cannot be read for the audit");
                continue;
            }
            Err(_elapsed) => {
                tracing::warn!("the event log does not answer the audit");
                continue;
            }
        };
        let finding = match state {
            LogState::Continues { heads } => {
                // Events that the outbox had one interval ago have arrived by now, or will not arrive without help.
                let is_behind = heads_before.iter().any(|(part, head)| cursor.positions.get(part) < head);
                heads_before = heads;
                if !is_behind {
                    gateway.tail_health.kept_up(now);
                    continue;
                }
                Finding::Behind
            }
            LogState::Restarted { epoch, heads } => {
                heads_before = heads.positions;
                Finding::Restarted { epoch, cursor: Box::new(heads) }
            }
        };
        // The channel is full: the tail is still acting on the last finding.
        if findings.try_send(finding).is_err() {
            tracing::debug!("the tail has not acted on the last finding yet");
        }
    }
}
