use std::collections::HashMap;
use std::sync::Arc;

use domain::events::{Audience, Partition};
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

/// An event that is delivered to the subscribers of a topic.
pub(super) struct NewFrame {
    pub(super) topic: Audience,
    pub(super) position: i64,
    pub(super) frame: Utf8Bytes,
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

    /// Queues the frames of new events for the subscribers of their topics. Each socket gets all its frames at once, in
    /// the order of their positions.
    pub(super) fn deliver(&self, partition: Partition, new: &[NewFrame]) {
        let mut by_topic: IndexMap<Audience, Vec<&NewFrame>> = IndexMap::new();
        for event in new.iter().filter(|event| self.topics.contains_key(&event.topic)) {
            by_topic.entry(event.topic).or_default().push(event);
        }
        // Sockets with several topics in the partition get the frames of all of them in one order.
        let mut several: IndexMap<ConnectionId, &Outlet> = IndexMap::new();
        for (topic, events) in &by_topic {
            for listener in self.topics.get(topic).into_iter().flat_map(IndexMap::values) {
                if by_topic.len() > 1 && listener.outlet.has_several_topics_in(partition) {
                    several.insert(listener.outlet.id, &listener.outlet);
                } else {
                    let missed = events.iter().filter(|event| event.position > listener.since);
                    listener.outlet.queue.push(partition, missed.map(|event| (event.position, &event.frame)));
                }
            }
        }
        for outlet in several.values() {
            let subscriptions = outlet.subscriptions_in(partition);
            let is_missed = |event: &&NewFrame| {
                let mut wanted = subscriptions.iter();
                wanted.any(|wanted| wanted.topic == event.topic && event.position > wanted.since)
            };
            let missed = new.iter().filter(is_missed);
            outlet.queue.push(partition, missed.map(|event| (event.position, &event.frame)));
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
