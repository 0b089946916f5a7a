use std::collections::HashMap;
use std::sync::Arc;

use domain::events::Audience;
use domain::ids::ConnectionId;
use indexmap::IndexMap;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{Outlet, Ring};

/// A socket that is subscribed to a topic.
pub(super) struct Listener {
    pub(super) outlet: Arc<Outlet>,
    /// Only events after this position are sent.
    pub(super) since: i64,
}

/// State of one partition: its newest events, and the subscribers of each topic.
pub(super) struct PartitionState {
    pub(super) ring: Ring,
    topics: HashMap<Audience, IndexMap<ConnectionId, Listener>>,
}

impl PartitionState {
    pub(super) fn new(ring: Ring) -> Self {
        Self { ring, topics: HashMap::new() }
    }

    pub(super) fn subscribe(&mut self, topic: Audience, outlet: &Arc<Outlet>, since: i64) {
        let listener = Listener { outlet: Arc::clone(outlet), since };
        self.topics.entry(topic).or_default().insert(outlet.id, listener);
    }

    pub(super) fn unsubscribe(&mut self, topic: Audience, outlet: &Outlet) {
        if let Some(listeners) = self.topics.get_mut(&topic) {
            listeners.swap_remove(&outlet.id);
            if listeners.is_empty() {
                self.topics.remove(&topic);
            }
        }
    }

    /// Queues an event's frame for every subscriber of its topic.
    pub(super) fn deliver(&self, topic: Audience, position: i64, frame: &Utf8Bytes) {
        for listener in self.topics.get(&topic).into_iter().flat_map(IndexMap::values) {
            if position > listener.since {
                listener.outlet.queue.push(topic.partition(), position, frame.clone());
            }
        }
    }

    /// Calls a function for every subscriber; for a socket with several topics, several times.
    pub(super) fn for_each_listener(&mut self, mut call: impl FnMut(&mut Listener)) {
        self.topics.values_mut().flat_map(IndexMap::values_mut).for_each(&mut call);
    }

    #[cfg(test)]
    pub(super) fn topics(&self) -> impl Iterator<Item = (Audience, &Listener)> {
        self.topics
            .iter()
            .flat_map(|(topic, listeners)| listeners.values().map(|listener| (*topic, listener)))
    }
}
