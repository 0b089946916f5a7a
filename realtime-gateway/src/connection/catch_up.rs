use domain::events::Partition;
use store::outbox;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::Gateway;
use crate::hub::{Outlet, Replay, Subscription, topics};
use crate::protocol::{Close, with_position};
use crate::resume::{is_kept, unreadable};

/// Number of events that are read from the outbox at once.
const PORTION_EVENTS: u64 = 64;

/// Returns the next frames that a socket misses in a lagging partition, at most `bytes` unless one frame is larger. If
/// the events are no longer kept, the socket is owed a gap and continues with new events.
pub(super) async fn next_portion(
    gateway: &Gateway,
    outlet: &Outlet,
    partition: Partition,
    after: i64,
    bytes: usize,
) -> Result<Vec<Utf8Bytes>, Close> {
    match gateway.hub.replay(outlet, partition, after, bytes) {
        Replay::Frames { frames, next } => {
            if let Some(next) = next {
                outlet.queue.advance(partition, after, next);
            }
            Ok(frames)
        }
        Replay::InOutbox { subscriptions, up_to } => {
            let _place = gateway.replays.acquire().await;
            // Read before it is checked: what is still kept afterwards was kept while it was read.
            let read = read_portion(gateway, partition, (after, up_to), &subscriptions).await?;
            if !is_kept(gateway, partition, after).await? {
                outlet.queue.owe_gap();
                outlet.queue.advance(partition, after, gateway.hub.last(partition));
                return Ok(Vec::new());
            }
            let Portion { frames, next } = read;
            outlet.queue.advance(partition, after, next);
            Ok(frames)
        }
    }
}

struct Portion {
    frames: Vec<Utf8Bytes>,
    /// All events up to this position were read.
    next: i64,
}

async fn read_portion(
    gateway: &Gateway,
    partition: Partition,
    (after, up_to): (i64, i64),
    subscriptions: &[Subscription],
) -> Result<Portion, Close> {
    let reader = gateway.app.store.reader();
    let topics = topics(subscriptions);
    let events = outbox::read_for(reader, partition, (after, up_to), &topics, PORTION_EVENTS).await;
    let events = events.map_err(|error| unreadable(&error))?;
    let is_last = u64::try_from(events.len()).is_ok_and(|count| count < PORTION_EVENTS);
    let next = events.last().filter(|_| !is_last).map_or(up_to, |event| event.position);
    let is_wanted = |event: &&domain::events::LoggedEvent| {
        subscriptions
            .iter()
            .any(|subscription| event.audience == subscription.topic && event.position > subscription.since)
    };
    let frames = events.iter().filter(is_wanted).filter_map(with_position).collect();
    Ok(Portion { frames, next })
}
