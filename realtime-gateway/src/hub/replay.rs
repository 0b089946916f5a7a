use domain::events::{Audience, Partition};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{Hub, Outlet, Subscription};

/// The next part of the events that a socket misses in a lagging partition.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    /// Send these frames. If `next` is given, the partition still lags after that position.
    Frames {
        /// Frames in the order of their positions.
        frames: Vec<Utf8Bytes>,
        /// Position after which events are still missed.
        next: Option<i64>,
    },
    /// The ring starts later: read the events of these subscriptions from the outbox, up to the position.
    InOutbox {
        /// Topics, each with the position after which its events are needed.
        subscriptions: Vec<Subscription>,
        /// Position of the last event that is not in the ring.
        up_to: i64,
    },
}

impl Hub {
    /// Returns the next part of the events that a socket misses after a position: at most `bytes` of frames, but at
    /// least one frame if one is missed. Joining, resuming and overflow of the queue all use this function.
    ///
    /// When the last missed event is returned, the partition stops lagging under the same lock, so that the next event
    /// goes to the queue again.
    pub(crate) fn replay(&self, outlet: &Outlet, partition: Partition, after: i64, bytes: usize) -> Replay {
        let state = self.partition(partition);
        let subscriptions = outlet.subscriptions_in(partition);
        let start = state.ring.start();
        if after < start {
            return Replay::InOutbox { subscriptions, up_to: start };
        }
        let frames_of = |subscription: &Subscription| {
            state.ring.frames_of(subscription.topic, after.max(subscription.since))
        };
        let mut sources: Vec<_> = subscriptions.iter().map(|sub| frames_of(sub).peekable()).collect();
        let (mut frames, mut taken) = (Vec::new(), 0);
        loop {
            let positions = sources.iter_mut().enumerate();
            let positions = positions.filter_map(|(place, source)| Some((source.peek()?.0, place)));
            let Some((position, place)) = positions.min() else { break };
            let Some((_, frame)) = sources.get_mut(place).and_then(Iterator::next) else { break };
            if !frames.is_empty() && taken + frame.len() > bytes {
                // All events before this frame were replayed.
                return Replay::Frames { frames, next: Some(position.saturating_sub(1)) };
            }
            taken += frame.len();
            frames.push(frame.clone());
        }
        outlet.queue.caught_up(partition, after);
        Replay::Frames { frames, next: None }
    }

    /// Returns whether the ring holds every event of a partition after a position.
    pub(crate) fn ring_covers(&self, partition: Partition, after: i64) -> bool {
        after >= self.partition(partition).ring.start()
    }
}

/// Returns the topics of subscriptions.
pub(crate) fn topics(subscriptions: &[Subscription]) -> Vec<Audience> {
    subscriptions.iter().map(|subscription| subscription.topic).collect()
}
