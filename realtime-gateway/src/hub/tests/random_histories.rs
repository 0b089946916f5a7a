//! Long random histories, compared with a simple model.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::*;

/// One socket of the model, with the frames that the hub must send to it.
struct Listener {
    outlet: Arc<Outlet>,
    topics: Vec<Audience>,
    expected: Vec<LoggedEvent>,
    sent: Vec<Utf8Bytes>,
}

impl Listener {
    /// Sends some of the waiting frames. Asserts that they are the expected ones, in the order of each partition.
    fn check(&mut self, hub: &Hub, log: &[LoggedEvent]) {
        self.sent.extend(hub.drain(&self.outlet, log));
        for partition in Partition::all() {
            let prefix = format!(r#"{{"p":{},"#, partition.number());
            let sent: Vec<_> = self.sent.iter().filter(|frame| frame.starts_with(&prefix)).cloned().collect();
            let expected = self.expected.iter().filter(|event| event.partition == partition);
            assert_eq!(sent, frames(expected));
        }
    }
}

#[test]
fn long_random_histories_lose_and_repeat_no_event() {
    for seed in 0..40 {
        let mut random = StdRng::seed_from_u64(seed);
        let limits =
            Limits { ring_events: 30, queue_frames: 5, connections_per_user: 3, ..Limits::default() };
        let hub = Hub::new(limits);
        let mut log: Vec<LoggedEvent> = Vec::new();
        let mut listeners: Vec<Listener> = Vec::new();
        for step in 0..600_u32 {
            let person = random.random_range(0..PEOPLE);
            match random.random_range(0..13) {
                0..=5 => {
                    let together: Vec<_> = (0..random.random_range(1..8))
                        .map(|_| if random.random_bool(0.5) { own(person) } else { post_of(person, 1) })
                        .collect();
                    for (event, topic) in hub.publish_together(&together).into_iter().zip(together) {
                        for listener in listeners.iter_mut().filter(|other| other.topics.contains(&topic)) {
                            listener.expected.push(event.clone());
                        }
                        log.push(event);
                    }
                }
                6 | 7 => {
                    let watched = post_of(random.random_range(0..PEOPLE), 1);
                    let topics = vec![own(person), watched];
                    let mut since: Vec<(Partition, i64)> = Vec::new();
                    for topic in &topics {
                        let partition = topic.partition();
                        let last = hub.last(partition);
                        if !since.iter().any(|(known, _)| *known == partition) {
                            let resumes = random.random_bool(0.7);
                            since.push((
                                partition,
                                if resumes { random.random_range(0..=last) } else { last },
                            ));
                        }
                    }
                    let from = |partition| since.iter().find(|(known, _)| *known == partition).unwrap().1;
                    let wanted: Vec<_> =
                        topics.iter().map(|topic| (*topic, from(topic.partition()))).collect();
                    let outlet = hub.join(joining(u128::from(step), person, &wanted), Timestamp(0)).unwrap();
                    let is_missed = |event: &&LoggedEvent| {
                        wanted
                            .iter()
                            .any(|(topic, since)| event.audience == *topic && event.position > *since)
                    };
                    let expected = log.iter().filter(is_missed).cloned().collect();
                    listeners.push(Listener { outlet, topics, expected, sent: Vec::new() });
                }
                8 if !listeners.is_empty() => {
                    let leaving = random.random_range(0..listeners.len());
                    hub.leave(&listeners.swap_remove(leaving).outlet);
                }
                9 if !listeners.is_empty() => {
                    let place = random.random_range(0..listeners.len());
                    let topic = post_of(random.random_range(0..PEOPLE), 2);
                    hub.watch(&listeners[place].outlet, topic).unwrap();
                    if !listeners[place].topics.contains(&topic) {
                        listeners[place].topics.push(topic);
                    }
                    let event = hub.publish(topic);
                    for listener in listeners.iter_mut().filter(|other| other.topics.contains(&topic)) {
                        listener.expected.push(event.clone());
                    }
                    log.push(event);
                }
                10 if !listeners.is_empty() => {
                    let place = random.random_range(0..listeners.len());
                    let listener = &mut listeners[place];
                    // Events of an ended subscription are not replayed, so everything is sent before.
                    if hub.registry.is_open(&listener.outlet) {
                        listener.check(&hub, &log);
                        let topic = post_of(random.random_range(0..PEOPLE), random.random_range(1..3));
                        hub.unwatch(&listener.outlet, |watched| watched == topic);
                        listener.topics.retain(|watched| *watched != topic);
                    }
                }
                _ => listeners.retain_mut(|listener| {
                    if hub.registry.is_open(&listener.outlet) {
                        listener.check(&hub, &log);
                        return true;
                    }
                    hub.leave(&listener.outlet);
                    false
                }),
            }
            if step % 20 == 0 {
                hub.check_invariants();
            }
        }
        assert!(log.len() > 500, "seed {seed}");
    }
}
