//! Compares the gateway with the event log on a timer of its own, so that a silent database never holds up events.

use std::time::Duration;

use stream::{Cursor, LogState, Positions};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::Gateway;

/// Longest time for one comparison.
const DEADLINE: Duration = Duration::from_secs(5);

/// What the tail has to act on.
#[derive(Debug)]
pub(crate) enum Finding {
    /// The log has events that the gateway should have had by now.
    Behind,
    /// The log began a new epoch.
    Restarted { epoch: Uuid, cursor: Box<Cursor> },
}

/// Creates the channel from the audit to the tail. It holds one finding: a tail that has not acted on the last one is
/// not given another.
pub(crate) fn channel() -> (mpsc::Sender<Finding>, mpsc::Receiver<Finding>) {
    mpsc::channel(1)
}

/// Audits for ever.
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
                // What the log had one interval ago has arrived in the meantime, or never will by itself.
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
        // A full channel: the tail is at work on the last finding.
        if findings.try_send(finding).is_err() {
            tracing::debug!("the tail has not acted on the last finding yet");
        }
    }
}
