use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::events::{Audience, Partition};
use domain::ids::{ConnectionId, SessionId, UserId};

use super::SendQueue;

/// One open socket in the hub.
pub(crate) struct Outlet {
    pub(crate) id: ConnectionId,
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) queue: SendQueue,
    subscriptions: Mutex<Vec<Subscription>>,
}

/// A topic that a socket listens to. A topic is an audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) topic: Audience,
    /// Only events after this position of the topic's partition are sent.
    pub(crate) since: i64,
}

impl Outlet {
    pub(super) fn new(
        id: ConnectionId,
        user: UserId,
        session: SessionId,
        queue: SendQueue,
        subscriptions: Vec<Subscription>,
    ) -> Self {
        Self { id, user, session, queue, subscriptions: Mutex::new(subscriptions) }
    }

    pub(super) fn subscriptions(&self) -> MutexGuard<'_, Vec<Subscription>> {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the subscriptions to topics of one partition.
    pub(super) fn subscriptions_in(&self, partition: Partition) -> Vec<Subscription> {
        let subscriptions = self.subscriptions();
        subscriptions
            .iter()
            .filter(|subscription| subscription.topic.partition() == partition)
            .copied()
            .collect()
    }

    /// Returns the partitions that concern the socket, each once, in ascending order.
    pub(crate) fn partitions(&self) -> Vec<Partition> {
        partitions_of(self.subscriptions().iter().map(|subscription| subscription.topic))
    }

    /// Returns the number of watched posts and people.
    pub(super) fn watched(&self) -> usize {
        // The first subscription is the person's own.
        self.subscriptions().len().saturating_sub(1)
    }
}

/// Returns the partitions of topics, each once, in ascending order.
pub(crate) fn partitions_of(topics: impl Iterator<Item = Audience>) -> Vec<Partition> {
    let mut partitions: Vec<_> = topics.map(Audience::partition).collect();
    partitions.sort_unstable();
    partitions.dedup();
    partitions
}
