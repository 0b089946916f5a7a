use std::collections::HashMap;
use std::collections::hash_map::Entry;
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
    /// Number of topics of this partition to which each socket is subscribed.
    subscribed: HashMap<ConnectionId, usize>,
}

impl PartitionState {
    pub(super) fn new(ring: Ring) -> Self {
        Self { ring, topics: HashMap::new(), subscribed: HashMap::new() }
    }

    pub(super) fn subscribe(&mut self, topic: Audience, outlet: &Arc<Outlet>, since: i64) {
        let listener = Listener { outlet: Arc::clone(outlet), since };
        if self.topics.entry(topic).or_default().insert(outlet.id, listener).is_none() {
            *self.subscribed.entry(outlet.id).or_default() += 1;
        }
    }

    pub(super) fn unsubscribe(&mut self, topic: Audience, outlet: &Outlet) {
        let Some(listeners) = self.topics.get_mut(&topic) else { return };
        if listeners.swap_remove(&outlet.id).is_none() {
            return;
        }
        if listeners.is_empty() {
            self.topics.remove(&topic);
        }
        if let Entry::Occupied(mut subscribed) = self.subscribed.entry(outlet.id) {
            *subscribed.get_mut() -= 1;
            if *subscribed.get() == 0 {
                subscribed.remove();
            }
        }
    }

    fn has_several_topics(&self, socket: ConnectionId) -> bool {
        self.subscribed.get(&socket).is_some_and(|count| *count > 1)
    }

    /// Queues the frames of new events for the subscribers of their topics. Each socket gets all its frames at once, in
    /// the order of their positions.
    pub(super) fn deliver(&self, partition: Partition, new: &[NewFrame]) {
        let mut by_topic: IndexMap<Audience, Vec<&NewFrame>> = IndexMap::new();
        for event in new.iter().filter(|event| self.topics.contains_key(&event.topic)) {
            by_topic.entry(event.topic).or_default().push(event);
        }
        // Frames of sockets with several topics are collected first, so that they go out in one order.
        let mut several: IndexMap<ConnectionId, (&Outlet, Vec<&NewFrame>)> = IndexMap::new();
        for (topic, events) in &by_topic {
            for (id, listener) in self.topics.get(topic).into_iter().flatten() {
                let missed = events.iter().filter(|event| event.position > listener.since);
                if by_topic.len() > 1 && self.has_several_topics(*id) {
                    let (_, frames) = several.entry(*id).or_insert_with(|| (&listener.outlet, Vec::new()));
                    frames.extend(missed);
                } else {
                    listener.outlet.queue.push(partition, missed.map(|event| (event.position, &event.frame)));
                }
            }
        }
        for (outlet, mut frames) in several.into_values() {
            frames.sort_unstable_by_key(|event| event.position);
            outlet.queue.push(partition, frames.iter().map(|event| (event.position, &event.frame)));
        }
    }

    /// Calls a function for every subscriber; for a socket with several topics, several times.
    pub(super) fn for_each_listener(&mut self, mut call: impl FnMut(&mut Listener)) {
        self.topics.values_mut().flat_map(IndexMap::values_mut).for_each(&mut call);
    }

    #[cfg(test)]
    pub(super) fn check_invariants(&self) {
        let mut counted: HashMap<ConnectionId, usize> = HashMap::new();
        for (_, listener) in self.topics() {
            *counted.entry(listener.outlet.id).or_default() += 1;
        }
        assert_eq!(counted, self.subscribed);
    }

    #[cfg(test)]
    pub(super) fn topics(&self) -> impl Iterator<Item = (Audience, &Listener)> {
        self.topics
            .iter()
            .flat_map(|(topic, listeners)| listeners.values().map(|listener| (*topic, listener)))
    }
}
